"""The trial of an integration: one object, registered, found, opened as Encord's page would.

It makes a folder of its own at Encord and takes it away again. Each step is noted in the ledger
before the next, so that whatever ends the trial, its folder is known by name.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import orjson

from services.cloud_storage.as_page import open_signed
from services.cloud_storage.credentials import CredentialProblem
from services.cloud_storage.errors import StorageError
from services.cloud_storage.google import GoogleBuckets
from services.cloud_storage.interface import BucketReader, ObjectInfo
from services.domain.browser import conclude
from services.domain.bucket_checks import BucketCheck, Verdict, worst
from services.domain.cors import PageRequest
from services.domain.entries import SHAPES, EntryType
from services.encord_api.errors import EncordError, NotAuthorised, NotFound
from services.encord_api.interface import EncordGateway, Item, JobState, JobStatus
from services.ledger.buckets import BucketRecords, TrialState
from services.manifests.mapping_guess import type_of_url

FOLDER: Final = "Encord Onboarding trial {token}"
DESCRIPTION: Final = "One object, to prove an integration. Safe to delete. (ref {token})"
NOTHING: Final = (
    "None of the first objects has content and a name that tells its type. Name one that does."
)
NEEDS_TEXT: Final = (
    "A strict integration needs the media metadata of its files in the manifest; a text file's is "
    "known without opening it. Name one, e.g. folder/readme.txt."
)
USER_ROLE: Final = (
    "The role Admin on this integration. Encord knows the key and refused the registration: with "
    "the role User an integration can be seen, not used to register files. Ask its admin to make "
    "you Admin of it, under Integrations, or to register the files."
)
#: Steps that say something on success: registered, item, opened.
_PROVING: Final = 3
_LOOKED_AT: Final = 200
_TIMEOUT: Final = (5.0, 20.0)
_FOUND_SECONDS: Final = 30.0


class Step(StrEnum):
    """What a trial does, in order."""

    OBJECT = "object"
    FOLDER = "folder"
    REGISTER = "register"
    ITEM = "item"
    OPEN = "open"
    CLEAN_UP = "clean-up"


TITLES: Final = {
    Step.OBJECT: "Choose an object",
    Step.FOLDER: "Make a folder",
    Step.REGISTER: "Register",
    Step.ITEM: "Item appears",
    Step.OPEN: "Signed URL opens",
    Step.CLEAN_UP: "Clean up",
}


class _EndedError(Exception):
    """A step came out otherwise than the next one needs."""

    def __init__(self, check: BucketCheck) -> None:
        super().__init__(check.code)
        self.check = check


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a trial waits."""

    #: Seconds between looks at a job.
    poll: float = 2.0
    #: Seconds until a job that has not ended is given up.
    patience: float = 180.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One trial, claimed in the ledger."""

    id: str
    gateway: EncordGateway
    #: Opens who reads the bucket; raises `CredentialProblem`.
    open_reader: Callable[[], GoogleBuckets]
    records: BucketRecords
    bucket: str
    #: The object; empty takes the first suitable one.
    key: str
    integration: str
    integration_title: str
    strict: bool
    #: From where Encord's app opens objects.
    origin: str
    pace: Pace

    def run(self) -> Iterator[BucketCheck]:
        """Take the steps, yield how each came out, and clean up in every case."""
        found: list[BucketCheck] = []
        try:
            for check in self._steps():
                found.append(check)
                yield check
        except _EndedError as ended:
            found.append(ended.check)
            yield ended.check
        finally:
            proven = len(found) == _PROVING and worst(found) is Verdict.PASS
            found.append(clean_up(self.gateway, self.records, self.id))
            state = TrialState.PROVEN if proven else TrialState.FAILED
            self.records.end_trial(self.id, state, found)
        yield found[-1]

    def _steps(self) -> Iterator[BucketCheck]:
        subject = self._object()
        folder = self._make_folder()
        self.records.note_folder(self.id, folder)
        job = self._register(folder, subject)
        yield self._wait(folder, job, subject)
        item = self._find(folder, subject)
        yield _passed(Step.ITEM, "The folder's items", f"Listed as {item.name}")
        yield self._open(item)

    def _object(self) -> ObjectInfo:
        """Choose the object; under a strict integration one whose metadata needs no opening."""
        try:
            with closing(self.open_reader()) as reader:
                found = self._choose(reader)
        except CredentialProblem as problem:
            raise self._ended(Step.OBJECT, str(problem)) from None
        except StorageError as error:
            raise self._ended(Step.OBJECT, str(error), error.raw) from None
        if found is None:
            raise self._ended(Step.OBJECT, NEEDS_TEXT if self.strict else NOTHING)
        return found

    def _choose(self, reader: BucketReader) -> ObjectInfo | None:
        if self.key:
            return reader.object(self.bucket, self.key)
        pages = reader.list_objects(self.bucket, limit=_LOOKED_AT)
        suiting = (each for page in pages for each in page if each.size and self._suits(each))
        return next(suiting, None)

    def _suits(self, found: ObjectInfo) -> bool:
        kind = type_of_url(found.name)
        if kind is None or kind.is_composite:
            return False
        return kind is EntryType.TEXT if self.strict else True

    def _make_folder(self) -> str:
        token = self.id[:12]
        try:
            made = self.gateway.create_folder(
                FOLDER.format(token=token), DESCRIPTION.format(token=token)
            )
        except EncordError as error:
            raise self._ended(Step.FOLDER, str(error), error.raw) from None
        return made.uuid

    def _register(self, folder: str, subject: ObjectInfo) -> str:
        document = orjson.dumps(_document(self.bucket, subject, strict=self.strict))
        with tempfile.TemporaryDirectory(prefix="trial-") as place:
            path = Path(place) / "trial.json"
            path.write_bytes(document)
            try:
                return self.gateway.start_upload(folder, self.integration, path, trace=self.id)
            except NotAuthorised as error:
                raise self._ended(Step.REGISTER, USER_ROLE, error.raw) from None
            except EncordError as error:
                raise self._ended(Step.REGISTER, str(error), error.raw) from None

    def _wait(self, folder: str, job: str, subject: ObjectInfo) -> BucketCheck:
        """Look at the job until it has ended or patience has."""
        until = self.pace.clock() + self.pace.patience
        status = self._look(folder, job)
        while status.state is JobState.PENDING and self.pace.clock() < until:
            self.pace.sleep(self.pace.poll)
            status = self._look(folder, job)
        if status.state is JobState.PENDING:
            raise self._ended(Step.REGISTER, "An answer; the job still runs.")
        if status.units_error or status.errors or not status.units_done:
            raise self._ended(Step.REGISTER, _cure(status), _said(status))
        url = f"gs://{self.bucket}/{subject.name}"
        asked = f"Register {url} through {self.integration_title}"
        return _passed(Step.REGISTER, asked, "Encord read it and registered it")

    def _look(self, folder: str, job: str) -> JobStatus:
        try:
            return self.gateway.job_status(folder, job)
        except EncordError as error:
            raise self._ended(Step.REGISTER, str(error), error.raw) from None

    def _find(self, folder: str, subject: ObjectInfo) -> Item:
        wanted = f"gs://{self.bucket}/{subject.name}"
        until = self.pace.clock() + _FOUND_SECONDS
        try:
            while True:
                items = [each for page in self.gateway.list_items(folder) for each in page]
                if found := next((each for each in items if each.url == wanted), None):
                    return found
                if self.pace.clock() >= until:
                    break
                self.pace.sleep(self.pace.poll)
        except EncordError as error:
            raise self._ended(Step.ITEM, str(error), error.raw) from None
        raise self._ended(Step.ITEM, "The item; it is not listed in its folder.")

    def _open(self, item: Item) -> BucketCheck:
        """Open Encord's signed address as its page does; the address is nowhere repeated."""
        request = PageRequest(origin=self.origin)
        asked = f"Encord's signed address of the object, as a page of {self.origin}"
        try:
            url = self.gateway.signed_url(item.uuid)
            opened = conclude(open_signed(url, request, timeout=_TIMEOUT), request)
        except (EncordError, StorageError) as error:
            raise self._ended(Step.OPEN, str(error)) from None
        if not opened.allowed:
            needed = "CORS rules for this origin; see the CORS section."
            raise self._ended(Step.OPEN, needed, opened.why, asked=asked)
        return _passed(Step.OPEN, asked, f"{opened.status}, and the page may see it")

    def _ended(self, step: Step, needed: str, got: str = "", *, asked: str = "") -> _EndedError:
        return _EndedError(
            BucketCheck(
                code=f"trial-{step}",
                title=TITLES[step],
                verdict=Verdict.FAIL,
                asked=asked or f"Through {self.integration_title}, of gs://{self.bucket}",
                got=got or "It went no further",
                needed=needed,
            )
        )


def clean_up(gateway: EncordGateway, records: BucketRecords, trial: str) -> BucketCheck:
    """Delete what a trial left at Encord; asking again for what is gone changes nothing."""
    name = FOLDER.format(token=trial[:12])
    asked = f"Delete the folder {name} and its item"
    try:
        for folder in _folders(gateway, records, trial, name):
            _delete(gateway, folder, name)
    except EncordError as error:
        return BucketCheck(
            code=f"trial-{Step.CLEAN_UP}",
            title=TITLES[Step.CLEAN_UP],
            verdict=Verdict.WARN,
            asked=asked,
            got=str(error),
            needed=f"Delete the folder {name} in Encord, or clean up again.",
        )
    records.note_clean(trial)
    return _passed(Step.CLEAN_UP, asked, "Gone")


def _folders(
    gateway: EncordGateway, records: BucketRecords, trial: str, name: str
) -> Iterator[str]:
    """Return the trial's folder; looked for by name where its id was never heard of."""
    known = records.folder_of(trial)
    if known:
        yield known
        return
    yield from [each.uuid for each in gateway.find_folders(name) if each.name == name]


def _delete(gateway: EncordGateway, folder: str, name: str) -> None:
    try:
        items = [each.uuid for page in gateway.list_items(folder) for each in page]
        if items:
            gateway.delete_items(folder, items)
        gateway.delete_folder(folder)
    except (NotFound, NotAuthorised):
        # Encord refuses what is gone like what is not ours; gone is what it does not list.
        if any(each.uuid == folder for each in gateway.find_folders(name)):
            raise


def _document(bucket: str, subject: ObjectInfo, *, strict: bool) -> dict[str, object]:
    kind = type_of_url(subject.name) or EntryType.IMAGE
    entry: dict[str, object] = {"objectUrl": f"gs://{bucket}/{subject.name}"}
    media = SHAPES[kind].media
    if strict and media and kind is EntryType.TEXT:
        entry[media] = {
            "file_size": subject.size,
            "mime_type": subject.content_type or "text/plain",
        }
    return {kind.section: [entry], "skip_duplicate_urls": True}


def _said(status: JobStatus) -> str:
    return "; ".join([*(each.message for each in status.unit_errors), *status.errors])


def _cure(status: JobStatus) -> str:
    denied = any(word in _said(status).lower() for word in ("denied", "403", "permission"))
    if denied:
        return (
            "Read access for Encord: grant the service account shown in the integration the role "
            "Storage Object Viewer on the bucket, and check the bucket's name in the integration."
        )
    return "What Encord names above; then another trial."


def _passed(step: Step, asked: str, got: str) -> BucketCheck:
    return BucketCheck(
        code=f"trial-{step}", title=TITLES[step], verdict=Verdict.PASS, asked=asked, got=got
    )
