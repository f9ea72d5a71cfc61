"""The trial of an integration: one object, registered, found, opened as Encord's page would.

It makes a folder of its own at Encord and takes it away again. Each step is noted in the ledger
before the next, so that whatever ends the trial, its folder is known by name.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import orjson

from services.buckets.refusals import is_answer
from services.buckets.trial_cleanup import clean_up
from services.buckets.trial_steps import FOLDER, TITLES, Step, passed
from services.cloud_storage.as_page import open_signed
from services.cloud_storage.credentials import CredentialProblem
from services.cloud_storage.errors import StorageError
from services.cloud_storage.google import GoogleBuckets
from services.cloud_storage.interface import BucketReader, ObjectInfo
from services.domain.browser import CorsAnswer, conclude
from services.domain.bucket_checks import BucketCheck, CheckVerdict, worst
from services.domain.cors import PageRequest
from services.domain.entries import SHAPES, EntryType
from services.encord_api.errors import (
    EncordError,
    NotAuthorised,
    RateLimited,
    classify,
)
from services.encord_api.interface import EncordGateway, Integration, Item, JobState, JobStatus
from services.ledger.buckets import BucketRecords, TrialState
from services.manifests.mapping_guess import type_of_url

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
_NO_FURTHER: Final = "It went no further"
_AGAIN: Final = "Another trial: no answer decided this one."
#: Answers that decide nothing about who asked: took too long, too many, and from 500 on trouble.
_PASSING: Final = (408, 429)
_TROUBLE: Final = 500

T = TypeVar("T")


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
    #: Seconds until a step that has no answer is given up.
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
    integration: Integration
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
            state = _state(found)
            # One that Encord was asked for without an answer may appear in a while.
            late = any(
                check.code == f"trial-{Step.FOLDER}" and check.verdict is CheckVerdict.NOT_CHECKED
                for check in found
            )
            found.append(clean_up(self.gateway, self.records, self.id, may_come=late))
            self.records.end_trial(self.id, state, found)
        yield found[-1]

    def _steps(self) -> Iterator[BucketCheck]:
        subject = self._object()
        folder = self._make_folder()
        self.records.note_folder(self.id, folder)
        job = self._register(folder, subject)
        yield self._wait(folder, job, subject)
        item = self._find(folder, subject)
        yield passed(Step.ITEM, "The folder's items", f"Listed as {item.name}")
        yield self._open(item)

    def _object(self) -> ObjectInfo:
        """Choose the object; under a strict integration one whose metadata needs no opening."""
        try:
            with closing(self.open_reader()) as reader:
                found = self._choose(reader)
        except CredentialProblem as problem:
            raise self._undecided(Step.OBJECT, _NO_FURTHER, needed=str(problem)) from None
        except StorageError as error:
            raise self._refused(Step.OBJECT, error) from None
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
            raise self._refused(Step.FOLDER, error) from None
        return made.uuid

    def _register(self, folder: str, subject: ObjectInfo) -> str:
        document = orjson.dumps(_document(self.bucket, subject, strict=self.strict))
        with tempfile.TemporaryDirectory(prefix="trial-") as place:
            path = Path(place) / "trial.json"
            path.write_bytes(document)
            try:
                return self.gateway.start_upload(folder, self.integration.id, path, trace=self.id)
            except NotAuthorised as error:
                raise self._ended(Step.REGISTER, USER_ROLE, error.raw) from None
            except EncordError as error:
                raise self._refused(Step.REGISTER, error) from None

    def _wait(self, folder: str, job: str, subject: ObjectInfo) -> BucketCheck:
        """Look at the job until it has ended; one that has not is cancelled."""
        with ExitStack() as unended:
            # Clean-up deletes the folder, and a job must not go on into one that is gone.
            unended.callback(self._cancel, folder, job)
            status = self._patiently(
                Step.REGISTER,
                lambda: self.gateway.job_status(folder, job),
                lambda found: found.state is not JobState.PENDING,
            )
            if status.state is JobState.PENDING:
                raise self._undecided(Step.REGISTER, "The job still runs.")
            unended.pop_all()
        if status.units_error or status.errors or not status.units_done:
            raise self._ended(Step.REGISTER, _cure(status), _said(status))
        url = f"gs://{self.bucket}/{subject.name}"
        asked = f"Register {url} through {self.integration.title}"
        return passed(Step.REGISTER, asked, "Encord read it and registered it")

    def _cancel(self, folder: str, job: str) -> None:
        with suppress(EncordError):
            self.gateway.cancel_job(folder, job)

    def _find(self, folder: str, subject: ObjectInfo) -> Item:
        wanted = f"gs://{self.bucket}/{subject.name}"

        def look() -> Item | None:
            items = (each for page in self.gateway.list_items(folder) for each in page)
            return next((each for each in items if each.url == wanted), None)

        found = self._patiently(Step.ITEM, look, bool)
        if found is None:
            raise self._ended(Step.ITEM, "The item; it is not listed in its folder.")
        return found

    def _open(self, item: Item) -> BucketCheck:
        """Open Encord's signed address as its page does; the address is nowhere repeated."""
        request = PageRequest(origin=self.origin)
        asked = f"Encord's signed address of the object, as a page of {self.origin}"

        def look() -> CorsAnswer:
            return open_signed(self.gateway.signed_url(item.uuid), request, timeout=_TIMEOUT)

        answer = self._patiently(Step.OPEN, look, _decides)
        opened = conclude(answer, request)
        if not _decides(answer):
            raise self._undecided(Step.OPEN, opened.why, asked=asked)
        if not opened.allowed:
            needed = "CORS rules for this origin; see the CORS section."
            raise self._ended(Step.OPEN, needed, opened.why, asked=asked)
        return passed(Step.OPEN, asked, f"{opened.status}, and the page may see it")

    def _patiently(self, step: Step, look: Callable[[], T], settled: Callable[[T], bool]) -> T:
        """Look until the answer settles it or patience ends, through trouble that passes.

        Returns:
            The last answer; it may settle nothing.
        """
        self.records.note_alive(self.id)
        until = self.pace.clock() + self.pace.patience
        while True:
            pause = self.pace.poll
            try:
                found = look()
                if settled(found) or self.pace.clock() >= until:
                    return found
            except (EncordError, StorageError) as error:
                if _is_final(error) or self.pace.clock() >= until:
                    raise self._refused(step, error) from None
                pause = max(pause, getattr(error, "retry_after", None) or 0)
            self.pace.sleep(min(pause, until - self.pace.clock()))

    def _refused(self, step: Step, error: EncordError | StorageError) -> _EndedError:
        """Return the end that an error is, or that it leaves open."""
        if _is_final(error):
            return self._ended(step, str(error), error.raw)
        return self._undecided(step, f"{error} {error.raw}".rstrip())

    def _ended(self, step: Step, needed: str, got: str = "", *, asked: str = "") -> _EndedError:
        """Return the end by an answer that refuses."""
        return _EndedError(self._check(step, CheckVerdict.FAIL, asked, got or _NO_FURTHER, needed))

    def _undecided(
        self, step: Step, got: str, *, asked: str = "", needed: str = _AGAIN
    ) -> _EndedError:
        """Return the end without an answer that decides."""
        return _EndedError(self._check(step, CheckVerdict.NOT_CHECKED, asked, got, needed))

    def _check(
        self, step: Step, verdict: CheckVerdict, asked: str, got: str, needed: str
    ) -> BucketCheck:
        return BucketCheck(
            code=f"trial-{step}",
            title=TITLES[step],
            verdict=verdict,
            asked=asked or f"Through {self.integration.title}, of gs://{self.bucket}",
            got=got,
            needed=needed,
        )


def _state(found: Sequence[BucketCheck]) -> TrialState:
    """Tell what the steps before clean-up prove."""
    verdict = worst(found)
    if verdict is CheckVerdict.PASS and len(found) == _PROVING:
        return TrialState.PROVEN
    return TrialState.FAILED if verdict is CheckVerdict.FAIL else TrialState.UNKNOWN


def _is_final(error: EncordError | StorageError) -> bool:
    """Tell whether an error is an answer, other than trouble that passes."""
    if isinstance(error, StorageError):
        return is_answer(error)
    return classify(error) == "rejected" and not isinstance(error, RateLimited)


def _decides(answer: CorsAnswer) -> bool:
    """Tell whether a bucket's answers say anything about who asked."""
    answers = [each for each in (answer.preflight, answer.response) if each]
    return not any(each.status >= _TROUBLE or each.status in _PASSING for each in answers)


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
