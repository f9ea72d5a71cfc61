"""What the app asks of Encord, and the values that come back.

Every method is one request unless its docstring says otherwise, never sleeps, never retries, and
raises only the errors of `services.encord_api.errors`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import msgspec

from services.domain.metadata import OrganisationSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """Encord's stored access to a bucket. The SDK reveals no more than this."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A storage folder. Names are not unique: the UUID is its identity."""

    uuid: str
    name: str
    description: str
    created_at: datetime


class JobState(StrEnum):
    """Encord's own word for an upload job. DONE is not success: see the unit counts."""

    PENDING = "PENDING"
    DONE = "DONE"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitError:
    """What Encord said about one entry it could not register."""

    urls: tuple[str, ...]
    message: str
    #: To quote to Encord's support.
    subtask_uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """One look at an upload job."""

    state: JobState
    units_pending: int
    units_done: int
    units_error: int
    units_cancelled: int
    #: Items newly registered by this job; skipped duplicates are not among them.
    item_uuids: tuple[str, ...]
    unit_errors: tuple[UnitError, ...]
    #: Errors about the job as a whole.
    errors: tuple[str, ...]


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A storage item of a folder. A struct, as there may be half a million of them."""

    uuid: str
    #: Encord's item type, e.g. `image`, `imageGroup`, `plainText`.
    type: str
    name: str
    #: None for groups and series: their frames carry the URLs.
    url: str | None
    created_at: datetime
    is_placeholder: bool = False
    is_tombstone: bool = False
    #: As stored; None unless it was asked for.
    metadata: Mapping[str, Any] | None = None
    #: In bytes; None when Encord does not say.
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset, without its rows."""

    uuid: str
    title: str
    description: str
    created_at: datetime | None = None


class DataRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of a dataset. A struct, as there may be half a million of them."""

    uuid: str
    title: str
    #: Encord's data type, e.g. `IMAGE`, `IMG_GROUP`.
    type: str
    #: The object URL; None or a derived link for groups and series.
    file_link: str | None
    #: The storage item behind the row.
    item_uuid: str | None
    #: As stored; None unless it was asked for.
    metadata: Mapping[str, Any] | None = None
    #: In bytes; None when Encord does not say.
    size: int | None = None


class EncordGateway(Protocol):
    """One connection's view of Encord."""

    def ping(self) -> None:
        """Ask something harmless; raise when the key or the address is not accepted."""
        ...

    def list_integrations(self) -> list[Integration]:
        """List the integrations this user may see, by title."""
        ...

    def create_folder(self, name: str, description: str) -> Folder:
        """Create a top-level folder. Not idempotent: the caller records its intent first."""
        ...

    def get_folder(self, uuid: str) -> Folder:
        """Return one folder."""
        ...

    def find_folders(self, search: str) -> Iterator[Folder]:
        """Search folders by name; inexact, several requests (one a page)."""
        ...

    def start_upload(self, folder: str, integration: str, document: Path, *, trace: str) -> str:
        """Start one upload job and return its id. Never sent twice by this call.

        Args:
            folder: Folder UUID.
            integration: Integration id.
            document: A registration JSON file written by us; its name travels with the job.
            trace: The attempt token, sent as the request's trace id.
        """
        ...

    def job_status(self, folder: str, job: str) -> JobStatus:
        """Look at an upload job once, without waiting."""
        ...

    def cancel_job(self, folder: str, job: str) -> int:
        """Cancel what is still pending and return how many units that was."""
        ...

    def list_items(
        self,
        folder: str,
        *,
        newest_first: bool = False,
        metadata: bool = False,
        in_dataset: bool | None = None,
    ) -> Iterator[list[Item]]:
        """List a folder's items in pages of up to 1,000, one request a page.

        Args:
            folder: Folder UUID; folders inside it are not looked into.
            newest_first: Order by creation.
            metadata: Whether the items carry their metadata.
            in_dataset: Only items that are in some dataset, or (False) in none.
        """
        ...

    def frame_urls(self, item: str) -> tuple[str, ...]:
        """Return the object URLs of a group's or series' frames, in frame order.

        One request, and one a page of frames.
        """
        ...

    def signed_url(self, item: str) -> str:
        """Return an address that opens an item's object for a while: a secret, not to be shown."""
        ...

    def delete_items(self, folder: str, items: Sequence[str]) -> None:
        """Delete items of a folder at Encord; their objects stay in the bucket."""
        ...

    def delete_folder(self, uuid: str) -> None:
        """Delete an empty folder."""
        ...

    def get_item(self, uuid: str) -> Item:
        """Return one item with its metadata."""
        ...

    def datasets_of(self, item: str) -> list[Dataset]:
        """Return the datasets an item is in, those this user may see (two requests)."""
        ...

    def create_dataset(self, title: str, description: str) -> str:
        """Create a dataset without a mirrored folder and return its UUID. Not idempotent."""
        ...

    def list_datasets(self, title: str | None = None) -> list[Dataset]:
        """List the datasets this user may see, those with exactly this title if one is given."""
        ...

    def get_dataset(self, uuid: str) -> Dataset:
        """Return one dataset, without its rows."""
        ...

    def link_items(self, dataset: str, items: Sequence[str]) -> None:
        """Link items to a dataset; those already linked are skipped by Encord."""
        ...

    def unlink_rows(self, dataset: str, rows: Sequence[str]) -> None:
        """Take rows out of a dataset; their items stay. Rows that are gone do not matter."""
        ...

    def list_rows(self, dataset: str, *, metadata: bool = False) -> list[DataRow]:
        """List all rows of a dataset (one request, however many rows)."""
        ...

    def metadata_schema(self) -> OrganisationSchema:
        """Return the organization's whole metadata schema; types nobody knows are UNREADABLE."""
        ...

    def save_metadata_schema(self, answer: Mapping[str, object]) -> None:
        """Replace the organization's whole metadata schema; the last writer wins.

        Args:
            answer: Every key with Encord's own type object, deleted ones and those that nobody
                here can read included.
        """
        ...
