"""Encord in memory: a faithful gateway without a network, for the engine's tests.

It keeps what the real service keeps (folders, jobs, items by URL, datasets, rows) and decides a
job's outcome from data: a unit fails when one of its URLs is in `broken`. Three seams:

    gateway.script("start_upload", Fault(Unclear("starting the upload"), after=True))
    gateway.rate = 0; gateway.advance(units=3)      # jobs move only by hand
    gateway.calls                                   # what was asked, in order
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import msgspec

from services.domain.metadata import OrganisationSchema
from services.encord_api.errors import InvalidRequest, NotAuthenticated, NotAuthorised, NotFound
from services.encord_api.interface import (
    DataRow,
    Dataset,
    EncordGateway,
    Folder,
    Integration,
    Item,
    JobState,
    JobStatus,
    UnitError,
)

T = TypeVar("T")
Found = TypeVar("Found", Item, DataRow)

PAGE: Final = 1000
_ASKING: Final = "asking Encord in memory"
BUCKET: Final = Integration(id="5b8a4b0e-0d5c-4a1c-9a55-6f4f3c1f5e01", title="demo bucket")

#: Section of the registration JSON to Encord's item type and data row type.
_TYPES: Final = {
    "videos": ("video", "VIDEO"),
    "images": ("image", "IMAGE"),
    "image_groups": ("imageGroup", "IMG_GROUP"),
    "audio": ("audio", "AUDIO"),
    "text": ("plainText", "PLAIN_TEXT"),
    "pdfs": ("pdf", "PDF"),
    "pdf": ("pdf", "PDF"),
    "nifti": ("nifti", "NIFTI"),
    "dicom_series": ("dicomSeries", "DICOM"),
    "scenes": ("scene", "SCENE"),
    "time_series": ("timeseries", "TIMESERIES"),
}
_COMPOSITE: Final = ("imageGroup", "imageSequence", "dicomSeries")
#: A sequence's row is an image group's with a flag (`DataRow.is_image_sequence` of the SDK).
_ROW_TYPES: Final = dict(_TYPES.values()) | {"imageSequence": "IMG_GROUP"}


def without_metadata(found: Found) -> Found:
    """Return what a listing says that was not asked for metadata."""
    return msgspec.structs.replace(found, metadata=None)


@dataclass(frozen=True, slots=True)
class Fault:
    """What the next call of an operation raises, before or after it took effect."""

    error: Exception
    after: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it arrived."""

    operation: str
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    type: str
    urls: tuple[str, ...]
    title: str | None
    metadata: dict[str, Any]


@dataclass(slots=True)
class _Job:
    folder: str
    file_name: str
    trace: str
    skip_duplicates: bool
    pending: deque[_Unit]
    done: int = 0
    cancelled: int = 0
    items: list[str] = field(default_factory=list)
    errors: list[UnitError] = field(default_factory=list)


@dataclass(slots=True)
class _Stored:
    item: Item
    urls: tuple[str, ...]


class MemoryGateway(EncordGateway):
    """See the module. `key_accepted = False` makes every call fail as a revoked key does."""

    def __init__(
        self,
        *,
        integrations: Sequence[Integration] = (BUCKET,),
        broken: Mapping[str, str] | None = None,
        rate: int | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Start empty.

        Args:
            integrations: What `list_integrations` knows.
            broken: URL to Encord's message for a unit that names it; change it to mend a cause.
            rate: Units a job gets through before each look; None finishes it at the first one,
                0 leaves all progress to `advance`.
            clock: Sets the creation times.
        """
        self.broken: MutableMapping[str, str] = dict(broken or {})
        self.rate = rate
        self.key_accepted = True
        self.calls: list[Call] = []
        self.schema: dict[str, Any] = {}
        #: What it makes of the next schema that is saved, if not what it was given.
        self.schema_kept: dict[str, Any] | None = None
        self._integrations = {entry.id: entry for entry in integrations}
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)
        self._faults: dict[str, deque[Fault]] = {}
        self._folders: dict[str, Folder] = {}
        self._stored: dict[str, list[_Stored]] = {}
        self._by_uuid: dict[str, _Stored] = {}
        self._known: dict[str, set[str]] = {}
        self._jobs: dict[str, _Job] = {}
        self._datasets: dict[str, Dataset] = {}
        self._rows: dict[str, dict[str, list[DataRow]]] = {}

    # Seams of the tests

    def script(self, operation: str, *faults: Fault) -> None:
        """Queue faults for the next calls of an operation, one each."""
        self._faults.setdefault(operation, deque()).extend(faults)

    def advance(self, units: int | None = None) -> None:
        """Let every job get through `units` more of its units; all of them when None."""
        for job in self._jobs.values():
            self._work(job, units)

    def count(self, operation: str) -> int:
        """Return how often an operation was asked for."""
        return Counter(call.operation for call in self.calls)[operation]

    def job_of(self, trace: str) -> str | None:
        """Return the job that an attempt token started, which no real client can ask for."""
        return next((uuid for uuid, job in self._jobs.items() if job.trace == trace), None)

    # The gateway

    def ping(self) -> None:
        self._ask("ping", lambda: None)

    def list_integrations(self) -> list[Integration]:
        return self._ask(
            "list_integrations",
            lambda: sorted(self._integrations.values(), key=lambda entry: entry.title),
        )

    def create_folder(self, name: str, description: str) -> Folder:
        def make() -> Folder:
            folder = Folder(
                uuid=str(uuid4()), name=name, description=description, created_at=self._now()
            )
            self._folders[folder.uuid] = folder
            self._stored[folder.uuid] = []
            self._known[folder.uuid] = set()
            return folder

        return self._ask("create_folder", make, name, description)

    def get_folder(self, uuid: str) -> Folder:
        return self._ask("get_folder", lambda: self._folder(uuid), uuid)

    def find_folders(self, search: str) -> Iterator[Folder]:
        wanted = search.casefold()
        found = self._ask("find_folders", lambda: list(self._folders.values()), search)
        yield from (folder for folder in found if wanted in folder.name.casefold())

    def start_upload(self, folder: str, integration: str, document: Path, *, trace: str) -> str:
        return self._ask(
            "start_upload",
            lambda: self._start(folder, integration, document, trace),
            folder,
            integration,
            document.name,
            trace,
        )

    def job_status(self, folder: str, job: str) -> JobStatus:
        return self._ask("job_status", lambda: self._look(folder, job), folder, job)

    def cancel_job(self, folder: str, job: str) -> int:
        def cancel() -> int:
            found = self._job(folder, job)
            count = len(found.pending)
            found.cancelled += count
            found.pending.clear()
            return count

        return self._ask("cancel_job", cancel, folder, job)

    def list_items(
        self,
        folder: str,
        *,
        newest_first: bool = False,
        metadata: bool = False,
        in_dataset: bool | None = None,
    ) -> Iterator[list[Item]]:
        at, more = 0, True
        while more:
            page, more = self._ask("list_items", partial(self._page, folder, at, newest_first), at)
            linked = {item for rows in self._rows.values() for item in rows}
            chosen = [i for i in page if in_dataset is None or (i.uuid in linked) is in_dataset]
            if chosen:
                yield chosen if metadata else [without_metadata(item) for item in chosen]
            at += PAGE

    def get_item(self, uuid: str) -> Item:
        return self._ask("get_item", lambda: self._item(uuid).item, uuid)

    def datasets_of(self, item: str) -> list[Dataset]:
        def using() -> list[Dataset]:
            self._item(item)
            used = [uuid for uuid, rows in self._rows.items() if item in rows]
            return [replace(self._datasets[u], description="", created_at=None) for u in used]

        return self._ask("datasets_of", using, item)

    def frame_urls(self, item: str) -> tuple[str, ...]:
        def frames() -> tuple[str, ...]:
            stored = self._item(item)
            return stored.urls if stored.item.type in _COMPOSITE else ()

        return self._ask("frame_urls", frames, item)

    def signed_url(self, item: str) -> str:
        found = self._ask("signed_url", lambda: self._item(item), item)
        return f"https://signed.invalid/{found.item.uuid}"

    def delete_items(self, folder: str, items: Sequence[str]) -> None:
        def delete() -> None:
            self._folder(folder)
            gone = set(items)
            kept = [each for each in self._stored[folder] if each.item.uuid not in gone]
            self._stored[folder] = kept
            for uuid in gone:
                self._by_uuid.pop(uuid, None)

        self._ask("delete_items", delete, folder, tuple(items))

    def delete_folder(self, uuid: str) -> None:
        def delete() -> None:
            self._folder(uuid)
            del self._folders[uuid]

        self._ask("delete_folder", delete, uuid)

    def create_dataset(self, title: str, description: str) -> str:
        def make() -> str:
            uuid = str(uuid4())
            self._rows[uuid] = {}
            self._datasets[uuid] = Dataset(
                uuid=uuid, title=title, description=description, created_at=self._now()
            )
            return uuid

        return self._ask("create_dataset", make, title, description)

    def list_datasets(self, title: str | None = None) -> list[Dataset]:
        found = self._ask("list_datasets", lambda: list(self._datasets.values()), title)
        return [dataset for dataset in found if title is None or dataset.title == title]

    def get_dataset(self, uuid: str) -> Dataset:
        found = self._ask("get_dataset", lambda: self._dataset(uuid), uuid)
        return replace(found, created_at=None)

    def link_items(self, dataset: str, items: Sequence[str]) -> None:
        def link() -> None:
            self._dataset(dataset)
            for stored in [self._item(uuid) for uuid in items]:
                self._rows[dataset].setdefault(stored.item.uuid, [_row(stored)])

        self._ask("link_items", link, dataset, tuple(items))

    def unlink_rows(self, dataset: str, rows: Sequence[str]) -> None:
        def unlink() -> None:
            self._dataset(dataset)
            for item, known in list(self._rows[dataset].items()):
                left = [row for row in known if row.uuid not in set(rows)]
                self._rows[dataset][item] = left
                if not left:
                    del self._rows[dataset][item]

        self._ask("unlink_rows", unlink, dataset, tuple(rows))

    def list_rows(self, dataset: str, *, metadata: bool = False) -> list[DataRow]:
        def rows() -> list[DataRow]:
            self._dataset(dataset)
            found = [row for rows in self._rows[dataset].values() for row in rows]
            return found if metadata else [without_metadata(row) for row in found]

        return self._ask("list_rows", rows, dataset)

    def metadata_schema(self) -> OrganisationSchema:
        return self._ask("metadata_schema", lambda: OrganisationSchema.of(self.schema))

    def save_metadata_schema(self, answer: Mapping[str, object]) -> None:
        def save() -> None:
            self.schema = dict(answer) if self.schema_kept is None else self.schema_kept

        self._ask("save_metadata_schema", save, answer)

    # Inside

    def _ask(self, operation: str, act: Callable[[], T], *arguments: object) -> T:
        self.calls.append(Call(operation, arguments))
        queue = self._faults.get(operation)
        fault = queue.popleft() if queue else None
        if fault and not fault.after:
            raise fault.error
        if not self.key_accepted:
            raise NotAuthenticated(operation)
        answer = act()
        if fault:
            raise fault.error
        return answer

    def _now(self) -> datetime:
        """Return the clock's time, but never twice the same, so that order is creation order."""
        self._last = max(self._clock(), self._last + timedelta(microseconds=1))
        return self._last

    def _folder(self, uuid: str) -> Folder:
        """Look a folder up: Encord forbids one that is not there, as the SDK's docstring says."""
        try:
            return _found(self._folders, uuid)
        except NotFound as error:
            raise NotAuthorised(error.operation) from None

    def _dataset(self, uuid: str) -> Dataset:
        return _found(self._datasets, uuid)

    def _job(self, folder: str, job: str) -> _Job:
        self._folder(folder)
        found = _found(self._jobs, job)
        if found.folder != folder:
            raise NotFound(_ASKING)
        return found

    def _item(self, uuid: str) -> _Stored:
        return _found(self._by_uuid, uuid)

    def _page(self, folder: str, at: int, newest_first: bool) -> tuple[list[Item], bool]:  # noqa: FBT001
        self._folder(folder)
        stored = self._stored[folder]
        ordered = stored[::-1] if newest_first else stored
        return [entry.item for entry in ordered[at : at + PAGE]], len(ordered) > at + PAGE

    def _start(self, folder: str, integration: str, document: Path, trace: str) -> str:
        self._folder(folder)
        _found(self._integrations, integration)
        try:
            content = json.loads(document.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InvalidRequest(_ASKING) from None
        uuid = str(uuid4())
        self._jobs[uuid] = _Job(
            folder=folder,
            file_name=document.name,
            trace=trace,
            skip_duplicates=content.get("skip_duplicate_urls", False),
            pending=deque(_units(content)),
        )
        return uuid

    def _look(self, folder: str, uuid: str) -> JobStatus:
        job = self._job(folder, uuid)
        self._work(job, self.rate)
        done = JobState.CANCELLED if job.cancelled else JobState.DONE
        return JobStatus(
            state=JobState.PENDING if job.pending else done,
            units_pending=len(job.pending),
            units_done=job.done,
            units_error=len(job.errors),
            units_cancelled=job.cancelled,
            item_uuids=tuple(job.items),
            unit_errors=tuple(job.errors),
            errors=(),
        )

    def _work(self, job: _Job, units: int | None) -> None:
        for _ in range(len(job.pending) if units is None else min(units, len(job.pending))):
            self._register(job, job.pending.popleft())

    def _register(self, job: _Job, unit: _Unit) -> None:
        why = next((self.broken[url] for url in unit.urls if url in self.broken), None)
        if why is not None:
            job.errors.append(UnitError(urls=unit.urls, message=why, subtask_uuid=str(uuid4())))
            return
        job.done += 1
        # Encord documents the skip for URLs; a group is another unit even over the same frames.
        single, known = unit.type not in _COMPOSITE, self._known[job.folder]
        if job.skip_duplicates and single and unit.urls[0] in known:
            return
        item = Item(
            uuid=str(uuid4()),
            type=unit.type,
            name=unit.title or unit.urls[0].partition("://")[2].partition("/")[2],
            url=unit.urls[0] if single else None,
            created_at=self._now(),
            metadata=unit.metadata,
        )
        stored = self._by_uuid[item.uuid] = _Stored(item, unit.urls)
        self._stored[job.folder].append(stored)
        job.items.append(item.uuid)
        if single:
            known.add(unit.urls[0])


def _found(things: Mapping[str, T], uuid: str) -> T:
    """Look up as Encord does: a malformed identifier is refused before it is looked for."""
    try:
        UUID(uuid)
    except ValueError:
        raise InvalidRequest(_ASKING) from None
    if uuid not in things:
        raise NotFound(_ASKING)
    return things[uuid]


def _units(content: Mapping[str, Any]) -> Iterator[_Unit]:
    for section, (kind, _) in _TYPES.items():
        for entry in content.get(section, ()):
            sequence = kind == "imageGroup" and entry.get("createVideo")
            yield _Unit(
                type="imageSequence" if sequence else kind,
                urls=_urls(entry),
                title=entry.get("title"),
                metadata=entry.get("clientMetadata", {}),
            )


def _urls(entry: Mapping[str, Any]) -> tuple[str, ...]:
    if "objectUrl" in entry:
        return (entry["objectUrl"],)
    numbered = [key for key in entry if key.startswith("objectUrl_")]
    numbered.sort(key=lambda key: int(key.removeprefix("objectUrl_")))
    if numbered:
        return tuple(entry[key] for key in numbered)
    return (json.dumps(entry.get("scene")),)


def _row(stored: _Stored) -> DataRow:
    return DataRow(
        uuid=str(uuid4()),
        title=stored.item.name,
        type=_ROW_TYPES[stored.item.type],
        file_link=stored.item.url,
        item_uuid=stored.item.uuid,
        metadata=stored.item.metadata,
    )
