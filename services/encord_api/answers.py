"""The SDK's objects read into our values."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import encord.orm.storage as orm
import orjson
from encord.common.time_parser import parse_datetime
from encord.dataset import Dataset as SdkDataset
from encord.orm.base_dto import BaseDTO
from encord.orm.dataset import DatasetInfo
from encord.storage import StorageFolder
from pydantic import BaseModel, Field, RootModel, field_validator

from services.encord_api.interface import (
    DataRow,
    Dataset,
    Folder,
    Item,
    JobState,
    JobStatus,
    UnitError,
)


class RawSchema(RootModel[dict[str, Any]]):
    """The metadata schema unread: the SDK's model refuses all of it for one unknown type."""


class AnsweredItem(BaseDTO):
    """What we read of a storage item.

    The SDK's own model refuses a whole page for one item of a type it does not know yet, and
    reading its thirty fields takes longer.
    """

    uuid: UUID
    parent: str
    item_type: str
    name: str
    created_at: datetime
    url: str | None = None
    is_placeholder: bool = False
    is_tombstone: bool = False
    client_metadata: str | None = None
    file_size: int | None = None

    @field_validator("created_at", mode="before")
    @classmethod
    def parse_datetime(  # type: ignore[override] # the base's is not annotated
        cls, value: object
    ) -> object:
        """Read a time as the SDK does, the usual way first.

        By its name it takes the place of a validator that the base calls for every field of every
        item, which takes longer than all the rest of a listing.
        """
        if not isinstance(value, str):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return parse_datetime(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


class _Registered(BaseModel):
    """What we read of an item that a job registered; the rest as said of `AnsweredItem`."""

    item_uuid: UUID = Field(alias="itemUuid")


class AnsweredJob(orm.UploadLongPollingState):
    """The state of an upload job, which names 10,000 items at its end."""

    items_with_names: list[_Registered]  # type: ignore[assignment] # a part of the SDK's


def folder_of(found: StorageFolder) -> Folder:
    """Read a folder."""
    raw = found._orm_folder  # noqa: SLF001 - the SDK does not show when it was made
    return Folder(
        uuid=str(raw.uuid),
        name=raw.name,
        description=raw.description,
        created_at=raw.created_at,
    )


def item_of(raw: AnsweredItem, *, metadata: bool = False) -> Item:
    """Read a storage item, with its metadata if that was asked for."""
    return Item(
        uuid=str(raw.uuid),
        type=raw.item_type,
        name=raw.name,
        url=raw.url or None,
        created_at=raw.created_at,
        is_placeholder=raw.is_placeholder,
        is_tombstone=raw.is_tombstone,
        metadata=_metadata(raw.client_metadata) if metadata else None,
        size=raw.file_size,
    )


def listed_dataset_of(found: DatasetInfo) -> Dataset:
    """Read a dataset of a list, which says when it was made."""
    return Dataset(
        uuid=str(found.dataset_hash),
        title=found.title,
        description=_text(found.description),
        created_at=found.created_at,
    )


def dataset_of(found: SdkDataset) -> Dataset:
    """Read a dataset that was asked for by itself."""
    return Dataset(
        uuid=str(found.dataset_hash),
        title=found.title,
        description=_text(found.description),
    )


class AnsweredRow:
    """A row as the SDK's querier builds it from Encord's answer, one of all in one answer.

    The SDK's own row keeps nineteen values and two parsed times; reading one takes twice as long.
    This one keeps ours and empties the answer's object, so that memory falls while rows are read.
    """

    __slots__ = ("row",)

    def __init__(self, found: dict[str, Any]) -> None:
        """Read one object of the answer.

        Raises:
            KeyError, TypeError: It is not a row.
        """
        self.row = DataRow(
            uuid=found["data_hash"],
            title=found["data_title"],
            type=found["data_type"],
            file_link=found["file_link"] or None,
            item_uuid=found.get("backing_item_uuid") or None,
            metadata=found.get("client_metadata"),
            size=found.get("file_size"),
        )
        found.clear()


def job_status_of(state: AnsweredJob) -> JobStatus:
    """Read the state of an upload job."""
    return JobStatus(
        state=JobState(state.status.value),
        units_pending=state.units_pending_count,
        units_done=state.units_done_count,
        units_error=state.units_error_count,
        units_cancelled=state.units_cancelled_count,
        item_uuids=tuple(str(item.item_uuid) for item in state.items_with_names),
        unit_errors=tuple(
            UnitError(
                urls=tuple(unit.object_urls),
                message=unit.error,
                subtask_uuid=str(unit.subtask_uuid),
            )
            for unit in state.unit_errors
        ),
        errors=tuple(state.errors),
    )


def _metadata(text: str | None) -> dict[str, Any]:
    """Read metadata, for which an empty text stands when there is none."""
    found = orjson.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _text(value: str | None) -> str:
    """Take null for empty, whatever the SDK's annotation promises."""
    return value or ""
