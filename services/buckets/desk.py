"""What a page can ask about a bucket: check it, look at its CORS rules, try them, try Encord.

Everything that takes a while runs beside the page and is watched by snapshot; a second click or
tab finds what is under way. Results belong to who asked: connection, identity and bucket.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from services.buckets import clinic
from services.buckets.accounts import NOBODY, SERVER, Accounts
from services.buckets.preflight import Preflight
from services.buckets.refusals import Asked, nobody, refused
from services.buckets.tasks import Snapshot, Tasks
from services.buckets.trial import Pace, Trial
from services.buckets.trial_cleanup import clean_up
from services.cloud_storage.credentials import CredentialProblem
from services.cloud_storage.errors import StorageError
from services.cloud_storage.google import GoogleBuckets
from services.cloud_storage.interface import BucketInfo
from services.domain.bucket_checks import BucketCheck
from services.encord_api.interface import EncordGateway, Integration
from services.ledger.buckets import BucketRecords
from services.ledger.store import Ledger

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A bucket as one person sees it."""

    #: The Encord connection in use; empty without one.
    connection: str
    #: Who asks Google: see `Accounts`.
    account: str
    #: The sandbox's address while it is the connection.
    sandbox: str | None
    bucket: str

    def named(self, work: str) -> str:
        """Name a piece of work on this place."""
        return f"{work} {self.connection} {self.account} {self.bucket}"


class BucketDesk:
    """The questions and commands about buckets. Safe from any thread."""

    def __init__(
        self,
        ledger: Ledger,
        accounts: Accounts,
        gateway: Callable[[str], EncordGateway],
        *,
        pace: Pace | None = None,
    ) -> None:
        """Take the collaborators; `gateway` opens Encord for a connection id."""
        self.records = BucketRecords(ledger)
        self.accounts = accounts
        self._gateway = gateway
        self._pace = pace or Pace()
        self._tasks = Tasks()

    def open(self, place: Place, *, changing: bool = False) -> GoogleBuckets:
        """Return who asks about a bucket.

        Raises:
            CredentialProblem: The identity is not there.
        """
        return self.accounts.open(place.account, sandbox=place.sandbox, changing=changing)

    def who(self, place: Place) -> str:
        """Return who asks: an e-mail address where there is one, else words."""
        held = self.accounts.get(place.account)
        if place.sandbox:
            return "anonymous"
        words = {SERVER: "the server's credentials", NOBODY: "anonymous"}
        return held.email if held else words.get(place.account, place.account)

    def start_check(self, place: Place, *, origins: Sequence[str], sample: int, actor: str) -> None:
        """Check a bucket; the answer is remembered."""

        def ask(editor: GoogleBuckets) -> Iterator[BucketCheck]:
            preflight = Preflight(
                reader=editor,
                who=self.who(place),
                bucket=place.bucket,
                origins=tuple(origins),
                sample=sample,
            )
            found = []
            for check in preflight.run():
                found.append(check)
                yield check
            self.records.note_check(
                found,
                connection=place.connection,
                account=place.account,
                bucket=place.bucket,
                actor=actor,
            )

        self._tasks.start(place.named("check"), lambda: self._asking(place, ask))

    def _asking(
        self, place: Place, ask: Callable[[GoogleBuckets], Iterator[T]]
    ) -> Iterator[T | BucketCheck]:
        """Ask as who is to ask, or say that there is nobody; looking for credentials takes time."""
        try:
            editor = self.open(place)
        except CredentialProblem as problem:
            yield nobody(problem, place.bucket)
            return
        with closing(editor):
            yield from ask(editor)

    def check(self, place: Place) -> Snapshot | None:
        """Return how far a check of this process is."""
        return self._tasks.snapshot(place.named("check"))

    def start_look(self, place: Place) -> None:
        """Read a bucket's CORS rules anew: a `BucketInfo`, or the check that tells why not."""
        asked = Asked(
            code="cors-look",
            title="CORS rules",
            bucket=place.bucket,
            permission="storage.buckets.get",
            who=self.who(place),
            role="roles/storage.legacyBucketReader",
        )

        def ask(editor: GoogleBuckets) -> Iterator[BucketInfo | BucketCheck]:
            try:
                yield editor.bucket(place.bucket)
            except StorageError as error:
                yield refused(error, asked)

        self._tasks.start(place.named("look"), lambda: self._asking(place, ask))

    def look(self, place: Place) -> Snapshot | None:
        """Return the rules that were read last."""
        return self._tasks.snapshot(place.named("look"))

    def apply_cors(
        self, place: Place, document: str, *, metageneration: int, actor: str
    ) -> BucketInfo:
        """Set the rules that were shown; doing it again changes nothing.

        Raises:
            CredentialProblem: The identity is not there.
            StorageError: Google refused; `Changed` when the bucket is another by now.
        """
        with closing(self.open(place, changing=True)) as editor:
            info, changed = clinic.apply(
                editor, place.bucket, document, metageneration=metageneration
            )
        if changed:
            self.records.note_cors(place.bucket, actor=actor)
            self._tasks.drop(place.named("try out"))
        self.start_look(place)
        return info

    def start_try_out(self, place: Place, *, key: str, origins: Sequence[str]) -> None:
        """Ask for an object as pages of these origins do."""

        def ask(editor: GoogleBuckets) -> Iterator[clinic.Tried | BucketCheck]:
            return clinic.try_out(
                editor, bucket=place.bucket, key=key, origins=origins, who=self.who(place)
            )

        self._tasks.start(place.named("try out"), lambda: self._asking(place, ask))

    def tried(self, place: Place) -> Snapshot | None:
        """Return how far the live test is."""
        return self._tasks.snapshot(place.named("try out"))

    def begin_trial(
        self,
        place: Place,
        *,
        integration: Integration,
        key: str,
        strict: bool,
        origin: str,
        nonce: str,
        actor: str,
    ) -> Trial | None:
        """Claim a trial of an integration with one object; None when somebody has it already.

        Args:
            place: The bucket, as one person sees it.
            integration: What is tried.
            key: The object, also as its gs:// address; empty takes the first suitable one.
            strict: Whether the integration is a strict client-only one.
            origin: From where Encord's app opens objects.
            nonce: Names the decision: the same one is the same trial.
            actor: Who asks.

        Raises:
            EngineError: No key for the connection is held here.
        """
        gateway = self._gateway(place.connection)
        trial = self.records.begin_trial(
            nonce=nonce,
            connection=place.connection,
            integration=integration.id,
            title=integration.title,
            bucket=place.bucket,
            actor=actor,
        )
        if trial is None:
            return None
        return Trial(
            id=trial,
            gateway=gateway,
            open_reader=lambda: self.open(place),
            records=self.records,
            bucket=place.bucket,
            key=key.removeprefix(f"gs://{place.bucket}/"),
            integration=integration,
            strict=strict,
            origin=origin,
            pace=self._pace,
        )

    def start_trial(self, trial: Trial) -> None:
        """Take the steps of a trial that was claimed."""
        self._tasks.start(f"trial {trial.id}", trial.run)

    def trial(self, trial: str) -> Snapshot | None:
        """Return how far a trial of this process is."""
        return self._tasks.snapshot(f"trial {trial}")

    def clean_up(self, place: Place, trial: str) -> BucketCheck:
        """Take away what a trial left at Encord; doing it again changes nothing."""
        return clean_up(self._gateway(place.connection), self.records, trial)
