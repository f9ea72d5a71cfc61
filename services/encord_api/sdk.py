"""Encord through its real SDK: one request a call, nothing repeated, every error ours."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial, wraps
from itertools import islice
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar, cast

import encord.orm.storage as orm
from encord.orm.dataset import (
    DataLinkDuplicatesBehavior,
    DataRows,
    DatasetAccessSettings,
    DatasetLinkItems,
    StorageLocation,
)

from services.domain.metadata import OrganisationSchema
from services.encord_api.answers import (
    AnsweredItem,
    AnsweredJob,
    AnsweredRow,
    RawSchema,
    dataset_of,
    folder_of,
    item_of,
    job_status_of,
    listed_dataset_of,
)
from services.encord_api.credentials import PrivateKey
from services.encord_api.domains import check_domain
from services.encord_api.errors import InvalidRequest, NotFound, Unclear, translate
from services.encord_api.identifiers import uuid_of, uuid_text
from services.encord_api.interface import (
    DataRow,
    Dataset,
    EncordGateway,
    Folder,
    Integration,
    Item,
    JobStatus,
)
from services.encord_api.wire import Wire

#: The most Encord allows; a page of items is about 1 MB.
PAGE: Final = 1000
#: A chunk of 10,000 entries may take the server a while to accept, and a dataset's rows to answer.
LONG_TIMEOUT: Final = 180.0

_SCHEMA: Final = "organisation/client-metadata-schema-v2"
#: `list_data_rows` without a filter, as the SDK sends it.
_EVERY_ROW: Final[dict[str, object]] = dict.fromkeys(
    ["title_eq", "title_like", "created_before", "created_after", "data_types", "data_hashes"]
)
#: Items that have frames.
_FRAMED: Final = frozenset({"imageGroup", "imageSequence", "dicomSeries", "group"})
_READING_DOCUMENT: Final = "reading the document to send"
_SIGNING: Final = "asking for a signed address"
_LISTING: Final = "listing the folder's items"
_READING_FRAMES: Final = "reading the frames of an item"

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Method = Callable[Concatenate["SdkGateway", _P], _T]


def _asking(operation: str) -> Callable[[_Method[_P, _T]], _Method[_P, _T]]:
    """Turn whatever a method raises into our error, said with `operation`.

    Ours is raised after the handler: the SDK's exception, whose frames hold signed headers, does
    not even travel along as its context.
    """

    def decorate(method: _Method[_P, _T]) -> _Method[_P, _T]:
        @wraps(method)
        def ask(self: "SdkGateway", /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
            try:
                return method(self, *args, **kwargs)
            except Exception as exc:  # noqa: BLE001 - the SDK lets any class escape
                error = translate(exc, operation=operation)
            raise error from None

        return ask

    return decorate


def _listing(
    operation: str,
) -> Callable[[_Method[_P, Iterator[_T]]], _Method[_P, Iterator[_T]]]:
    """Do as `_asking` for a method whose requests are made while its result is read."""

    def decorate(method: _Method[_P, Iterator[_T]]) -> _Method[_P, Iterator[_T]]:
        @wraps(method)
        def ask(self: "SdkGateway", /, *args: _P.args, **kwargs: _P.kwargs) -> Iterator[_T]:
            try:
                yield from method(self, *args, **kwargs)
            except Exception as exc:  # noqa: BLE001 - the SDK lets any class escape
                error = translate(exc, operation=operation)
            else:
                return
            raise error from None

        return ask

    return decorate


class _FramePage(orm.GetChildItemsParams):
    """What the SDK asks frames with, and the page, as its other listings name it."""

    page_token: str | None = None


class SdkGateway(EncordGateway):
    """One key's view of one Encord server. Holds no connection; safe to share between threads."""

    def __init__(
        self,
        domain: str,
        key: PrivateKey,
        *,
        connect_timeout: float,
        read_timeout: float,
        long_timeout: float,
    ) -> None:
        self._wire = Wire(domain, key, connect_timeout=connect_timeout, read_timeout=read_timeout)
        self._patient_wire = partial(
            Wire, domain, key, connect_timeout=connect_timeout, read_timeout=long_timeout
        )

    @_asking("checking the connection")
    def ping(self) -> None:
        """See the interface. Lists the organization's groups, which every member may."""
        for _ in self._wire.client.list_groups():
            return

    @_asking("listing the integrations")
    def list_integrations(self) -> list[Integration]:
        """See the interface."""
        found = self._wire.client.get_cloud_integrations()
        return sorted((Integration(id=i.id, title=i.title) for i in found), key=lambda i: i.title)

    @_asking("creating the folder")
    def create_folder(self, name: str, description: str) -> Folder:
        """See the interface."""
        return folder_of(self._wire.client.create_storage_folder(name, description))

    @_asking("reading the folder")
    def get_folder(self, uuid: str) -> Folder:
        """See the interface."""
        return folder_of(self._wire.client.get_storage_folder(uuid_of(uuid)))

    @_listing("searching folders")
    def find_folders(self, search: str) -> Iterator[Folder]:
        """See the interface."""
        found = self._wire.client.find_storage_folders(search=search, page_size=PAGE)
        return map(folder_of, found)

    @_asking("starting the upload")
    def start_upload(self, folder: str, integration: str, document: Path, *, trace: str) -> str:
        """See the interface.

        Raises:
            InvalidRequest: Also when the document cannot be read; nothing was sent then.
        """
        wire = self._patient_wire(trace=trace)
        target, source = wire.folder(uuid_of(folder)), str(uuid_of(integration))
        try:
            job = target.add_private_data_to_folder_start(source, document, ignore_errors=True)
        except (OSError, ValueError):
            if wire.used:
                raise
        else:
            return str(job)
        raise InvalidRequest(_READING_DOCUMENT)

    @_asking("looking at the upload")
    def job_status(self, folder: str, job: str) -> JobStatus:
        """See the interface.

        Asked directly: the SDK's own method sleeps 10 s and repeats when the network fails.
        """
        state = self._wire.api.get(
            f"storage/folders/{uuid_of(folder)}/data-upload-jobs/{uuid_of(job)}",
            params=orm.GetUploadJobParams(timeout_seconds=0),
            result_type=AnsweredJob,
        )
        return job_status_of(state)

    @_asking("cancelling the upload")
    def cancel_job(self, folder: str, job: str) -> int:
        """See the interface."""
        target = self._wire.folder(uuid_of(folder))
        return target.add_data_to_folder_job_cancel(uuid_of(job)).units_cancelled_count

    @_listing(_LISTING)
    def list_items(
        self,
        folder: str,
        *,
        newest_first: bool = False,
        metadata: bool = False,
        in_dataset: bool | None = None,
    ) -> Iterator[list[Item]]:
        """See the interface. Asked directly, see `AnsweredItem`.

        Raises:
            Unclear: Also when pages repeat; what the folder holds is not known then.
        """
        params = orm.ListItemsParams(
            search=None,
            is_in_dataset=in_dataset,
            item_types=[],
            order=orm.FoldersSortBy.CREATED_AT,
            desc=newest_first,
            page_token=None,
            page_size=PAGE,
            sign_urls=False,
            include_client_metadata=metadata,
        )
        path = f"storage/folders/{uuid_of(folder)}/items"
        found = _once(self._wire.api.get_paged_iterator(path, params, AnsweredItem), _LISTING)
        return _pages(map(partial(item_of, metadata=metadata), found))

    @_asking("reading the item")
    def get_item(self, uuid: str) -> Item:
        """See the interface."""
        return item_of(self._item(uuid), metadata=True)

    def _item(self, uuid: str) -> AnsweredItem:
        path, params = f"storage/items/{uuid_of(uuid)}", orm.GetItemParams(sign_url=False)
        return self._wire.api.get(path, params=params, result_type=AnsweredItem)

    @_asking("reading where the item is used")
    def datasets_of(self, item: str) -> list[Dataset]:
        """See the interface."""
        summary = self._wire.client.get_storage_item(uuid_of(item)).get_summary()
        return [
            Dataset(uuid=str(used.dataset_hash), title=used.title, description="")
            for used in summary.accessible_datasets
        ]

    @_asking(_READING_FRAMES)
    def frame_urls(self, item: str) -> tuple[str, ...]:
        """See the interface.

        Asked directly: the SDK's own method reads the first page only, and frames that lack some
        would pass for another group.

        Raises:
            Unclear: Also when pages repeat; which frames there are is not known then.
        """
        found = self._item(item)
        if found.item_type not in _FRAMED:
            return ()
        path = f"storage/folders/{uuid_of(found.parent)}/items/{found.uuid}/child-items"
        frames = self._wire.api.get_paged_iterator(path, _FramePage(), AnsweredItem)
        return tuple(frame.url for frame in _once(frames, _READING_FRAMES) if frame.url)

    @_asking("asking for a signed address")
    def signed_url(self, item: str) -> str:
        """See the interface."""
        found = self._wire.client.get_storage_item(uuid_of(item), sign_url=True).get_signed_url()
        if not found:
            raise NotFound(_SIGNING)
        return found

    @_asking("deleting items")
    def delete_items(self, folder: str, items: Sequence[str]) -> None:
        """See the interface."""
        uuids = [uuid_of(item) for item in items]
        self._wire.folder(uuid_of(folder)).delete_storage_items(uuids)

    @_asking("deleting the folder")
    def delete_folder(self, uuid: str) -> None:
        """See the interface."""
        self._wire.folder(uuid_of(uuid)).delete()

    @_asking("creating the dataset")
    def create_dataset(self, title: str, description: str) -> str:
        """See the interface. The SDK does not transmit the storage type it insists on."""
        made = self._wire.client.create_dataset(
            title, StorageLocation.GCP, description, create_backing_folder=False
        )
        return str(made.dataset_hash)

    @_asking("listing the datasets")
    def list_datasets(self, title: str | None = None) -> list[Dataset]:
        """See the interface."""
        found = self._wire.client.get_datasets(title_eq=title)
        return [listed_dataset_of(entry["dataset"]) for entry in found]

    @_asking("reading the dataset")
    def get_dataset(self, uuid: str) -> Dataset:
        """See the interface."""
        return dataset_of(self._wire.client.get_dataset(uuid_of(uuid), include_data_rows=False))

    @_asking("linking items to the dataset")
    def link_items(self, dataset: str, items: Sequence[str]) -> None:
        """See the interface. Asked directly: the SDK's own method reads every row of the answer."""
        querier = self._wire.rows(uuid_of(dataset))
        querier.basic_setter(
            DatasetLinkItems,
            uid=querier.resource_id,
            payload={
                "item_uuids": [uuid_text(item) for item in items],
                "duplicates_behavior": DataLinkDuplicatesBehavior.SKIP.value,
            },
        )

    @_asking("taking rows out of the dataset")
    def unlink_rows(self, dataset: str, rows: Sequence[str]) -> None:
        """See the interface."""
        self._wire.dataset(uuid_of(dataset)).delete_data([str(uuid_of(row)) for row in rows])

    @_asking("listing the dataset's rows")
    def list_rows(self, dataset: str, *, metadata: bool = False) -> list[DataRow]:
        """See the interface."""
        settings = DatasetAccessSettings(fetch_client_metadata=metadata)
        payload = _EVERY_ROW | {"dataset_access_settings": asdict(settings)}
        querier = self._patient_wire().rows(uuid_of(dataset))
        found = querier.get_multiple(AnsweredRow, payload=payload, query_type=DataRows)
        return [each.row for each in found]

    @_asking("reading the metadata schema")
    def metadata_schema(self) -> OrganisationSchema:
        """See the interface."""
        found = self._wire.api.get(
            _SCHEMA,
            params=None,
            result_type=RawSchema,  # type: ignore[type-var] # its annotation forgets BaseModel
            allow_none=True,
        )
        schema = cast("RawSchema | None", found)
        return OrganisationSchema.of({} if schema is None else schema.root)

    @_asking("saving the metadata schema")
    def save_metadata_schema(self, answer: Mapping[str, object]) -> None:
        """See the interface."""
        self._wire.api.post(
            _SCHEMA,
            params=None,
            payload=RawSchema(dict(answer)),  # type: ignore[arg-type] # as above
            result_type=None,
            allow_retries=False,
        )


def connect(
    domain: str,
    key: PrivateKey,
    *,
    connect_timeout: float = 10,
    read_timeout: float = 60,
    long_timeout: float = LONG_TIMEOUT,
) -> SdkGateway:
    """Return the gateway of one key. Asks nothing: a wrong key is found by the first call.

    Args:
        domain: Encord's address; of a loopback address only the sandbox's. Text that a person
            typed has passed `check_domain` without loopback before.
        key: The key to sign with.
        connect_timeout: Seconds to wait for a connection.
        read_timeout: Seconds to wait for each piece of an answer, not for all of it.
        long_timeout: The same for starting an upload and for all rows of a dataset.

    Raises:
        DomainProblem: The key may not be used with this address.
    """
    return SdkGateway(
        check_domain(domain, allow_loopback=True),
        key,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        long_timeout=long_timeout,
    )


def _once(found: Iterable[AnsweredItem], operation: str) -> Iterator[AnsweredItem]:
    """Pass on until the first comes again: a server that does not heed the page never ends."""
    first = None
    for each in found:
        if each.uuid == first:
            raise Unclear(operation, raw="pages repeat")
        first = first or each.uuid
        yield each


def _pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    source = iter(items)
    while page := list(islice(source, PAGE)):
        yield page
