"""Buckets over the real clients on the sandbox: trials, mending, and who sees what."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.buckets import clinic
from services.buckets.accounts import NOBODY, SERVER, Accounts
from services.buckets.desk import BucketDesk, Place
from services.buckets.trial import Pace
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.errors import Changed
from services.cloud_storage.google import GoogleBuckets, connect
from services.domain.bucket_checks import BucketCheck, CheckVerdict
from services.domain.cors import ORIGINS, mended
from services.encord_api.credentials import load_private_key_file
from services.encord_api.sdk import SdkGateway
from services.encord_api.sdk import connect as connect_encord
from services.ledger import buckets as records
from services.ledger.buckets import TrialState, TrialView
from services.ledger.store import Ledger
from tests.contract.sandbox_process import SandboxProcess

START = "v2 POST storage/folders/{folder}/data-upload-jobs"
LOOK = "v2 GET storage/folders/{folder}/data-upload-jobs/{job}"
LIST = "v2 GET storage/folders/{folder}/items"
SIGN = "v2 GET storage/items/{item}"
OBJECT = "gcs GET /storage/v1/b/{bucket}/o/{name:path}"
OPENED = "gcs GET /media/{bucket}/{name:path}"
CREATE = "v2 POST storage/folders"
DELETE = "v2 DELETE storage/folders/{folder}"
APP = ORIGINS["EU"][0]
Try = Callable[..., TrialView]


@pytest.fixture
def fresh(sandbox: SandboxProcess) -> SandboxProcess:
    sandbox.control("reset")
    return sandbox


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")


@pytest.fixture
def gateway(fresh: SandboxProcess) -> SdkGateway:
    return connect_encord(fresh.url, load_private_key_file(fresh.key_file).key)


class Time:
    """Passes while a trial waits; Encord works on jobs meanwhile, unless it is stuck."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.now = 0.0
        self.stuck = False
        self._sandbox = sandbox

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if not self.stuck:
            self._sandbox.control("jobs/advance", units=None)


@pytest.fixture
def passing(fresh: SandboxProcess) -> Time:
    return Time(fresh)


@pytest.fixture
def desk(passing: Time, ledger: Ledger, gateway: SdkGateway) -> BucketDesk:
    pace = Pace(poll=1, patience=5, sleep=passing.sleep, clock=lambda: passing.now)
    return BucketDesk(ledger, Accounts(), lambda _: gateway, pace=pace)


@pytest.fixture
def place(fresh: SandboxProcess) -> Place:
    return Place(connection="mine", account=NOBODY, sandbox=fresh.url, bucket=fresh.bucket)


@pytest.fixture
def reader(fresh: SandboxProcess) -> Iterator[GoogleBuckets]:
    made = connect(anonymous(), api_endpoint=fresh.url)
    yield made
    made.close()


def start(desk: BucketDesk, place: Place, gateway: SdkGateway, **asked: object) -> None:
    wanted = str(asked.pop("title", "Demo bucket"))
    known = {each.title: each for each in gateway.list_integrations()}
    trial = desk.begin_trial(
        place,
        integration=known[wanted],
        key=str(asked.get("key", "images/street/0001.jpg")),
        strict=bool(asked.get("strict", False)),
        origin=str(asked.get("origin", APP)),
        nonce=str(asked.get("nonce", "click")),
        actor="me",
    )
    if trial:
        desk.start_trial(trial)


@pytest.fixture
def tried(desk: BucketDesk, place: Place, gateway: SdkGateway) -> Try:
    def attempt(**asked: object) -> TrialView:
        start(desk, place, gateway, **asked)
        (trial,) = desk.records.trials(connection="mine", bucket=place.bucket)
        task = desk._tasks._known[f"trial {trial.id}"].future
        assert task is not None
        task.result(60)
        (trial,) = desk.records.trials(connection="mine", bucket=place.bucket)
        return trial

    return attempt


def left(gateway: SdkGateway) -> int:
    """Count what trials left at Encord."""
    return len(list(gateway.find_folders("trial")))


def codes(steps: tuple[BucketCheck, ...]) -> dict[str, CheckVerdict]:
    return {step.code.removeprefix("trial-"): step.verdict for step in steps}


def failing(trial: TrialView) -> BucketCheck:
    return next(step for step in trial.steps if step.verdict is CheckVerdict.FAIL)


def test_one_object_proves_an_integration_and_leaves_nothing(
    tried: Try, desk: BucketDesk, fresh: SandboxProcess, gateway: SdkGateway, tmp_path: Path
) -> None:
    trial = tried()
    assert codes(trial.steps) == dict.fromkeys(
        ("register", "item", "open", "clean-up"), CheckVerdict.PASS
    )
    assert (trial.state, trial.clean) == (TrialState.PROVEN, True)
    (proof,) = desk.records.proofs("mine")
    assert proof.bucket == fresh.bucket
    assert desk.records.proofs("somebody else") == []
    assert left(gateway) == 0
    for kept in tmp_path.glob("ledger.sqlite3*"):
        assert b"signature=" not in kept.read_bytes()


def test_a_refusal_for_the_role_user_says_exactly_that(
    tried: Try, desk: BucketDesk, fresh: SandboxProcess, gateway: SdkGateway
) -> None:
    fresh.control("faults", operation=START, kind="status", status=403, times=1)
    trial = tried()
    assert trial.state is TrialState.FAILED
    assert "with the role User an integration can be seen, not used" in failing(trial).needed
    assert "make you Admin of it" in failing(trial).needed
    assert desk.records.proofs("mine") == []
    assert left(gateway) == 0


@pytest.mark.parametrize("operation", [LOOK, LIST, SIGN, OPENED])
@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"kind": "reset-before"}])
def test_trouble_that_passes_ends_no_trial(
    tried: Try, fresh: SandboxProcess, operation: str, fault: dict[str, object]
) -> None:
    fresh.control("faults", operation=operation, **({"kind": "status", "times": 2} | fault))
    assert tried().state is TrialState.PROVEN


@pytest.mark.parametrize(
    ("operation", "status", "step"),
    [
        (OBJECT, 503, "object"),
        (CREATE, 503, "folder"),
        (START, 503, "register"),
        (START, 429, "register"),
        (LOOK, 503, "register"),
        (LIST, 503, "item"),
        (SIGN, 503, "open"),
        (OPENED, 503, "open"),
        (OPENED, 429, "open"),
    ],
)
def test_without_an_answer_nothing_is_decided(
    tried: Try, desk: BucketDesk, fresh: SandboxProcess, operation: str, status: int, step: str
) -> None:
    times = {"times": 6} if operation == LIST else {}
    fresh.control("faults", operation=operation, kind="status", status=status, **times)
    trial = tried()
    assert trial.state is TrialState.UNKNOWN
    assert codes(trial.steps)[step] is CheckVerdict.NOT_CHECKED
    assert CheckVerdict.FAIL not in codes(trial.steps).values()
    assert next(each.needed for each in trial.steps if each.needed).startswith("Another trial")
    assert desk.records.proofs("mine") == []


def test_a_folder_that_may_still_come_is_not_called_gone(
    tried: Try, desk: BucketDesk, place: Place, fresh: SandboxProcess
) -> None:
    fresh.control("faults", operation=CREATE, kind="status", status=503)
    trial = tried()
    assert codes(trial.steps)["clean-up"] is CheckVerdict.WARN
    assert not trial.clean
    assert desk.clean_up(place, trial.id).verdict is CheckVerdict.PASS


def test_encords_hint_when_to_come_back_is_kept(
    tried: Try, passing: Time, fresh: SandboxProcess
) -> None:
    fresh.control("faults", operation=LOOK, kind="status", status=429, retry_after=3, times=1)
    assert tried().state is TrialState.PROVEN
    assert passing.now == 3


def test_a_job_that_outlasts_patience_is_cancelled_before_its_folder_goes(
    tried: Try, passing: Time, fresh: SandboxProcess, gateway: SdkGateway
) -> None:
    passing.stuck = True
    fresh.control("faults", operation=DELETE, kind="status", status=503, times=1)
    trial = tried()
    assert trial.state is TrialState.UNKNOWN
    assert codes(trial.steps)["register"] is CheckVerdict.NOT_CHECKED
    assert "still runs" in trial.steps[0].got
    (kept,) = gateway.find_folders("trial")
    fresh.control("jobs/advance", units=None)
    assert list(gateway.list_items(kept.uuid)) == []


def test_an_object_encord_may_not_read_needs_the_viewer_role(tried: Try) -> None:
    trial = tried(key="restricted/0001.jpg")
    assert trial.state is TrialState.FAILED
    assert "Storage Object Viewer" in failing(trial).needed
    assert trial.clean


def test_an_object_that_is_not_there_is_found_before_encord_is_asked(
    tried: Try, gateway: SdkGateway, fresh: SandboxProcess
) -> None:
    trial = tried(key="nothing.jpg")
    assert failing(trial).code == "trial-object"
    assert left(gateway) == 0


def test_a_strict_integration_is_tried_with_a_text_and_its_metadata(tried: Try) -> None:
    trial = tried(title="Demo bucket (strict)", strict=True, key="text/0001.txt")
    assert trial.state is TrialState.PROVEN


def test_a_strict_integration_taken_for_a_common_one_is_told_by_encord(tried: Try) -> None:
    trial = tried(title="Demo bucket (strict)")
    assert trial.state is TrialState.FAILED
    assert "metadata" in failing(trial).got.lower()


def test_a_page_without_a_cors_rule_cannot_open_the_object(tried: Try) -> None:
    trial = tried(origin="https://app.example.com")
    assert codes(trial.steps) == {
        "register": CheckVerdict.PASS,
        "item": CheckVerdict.PASS,
        "open": CheckVerdict.FAIL,
        "clean-up": CheckVerdict.PASS,
    }
    assert "CORS rules for this origin" in failing(trial).needed


def test_a_folder_whose_answer_was_lost_is_found_by_name_and_taken_away(
    tried: Try, fresh: SandboxProcess, gateway: SdkGateway
) -> None:
    fresh.control("faults", operation=CREATE, kind="reset-after", times=1)
    trial = tried()
    assert (trial.state, trial.clean) == (TrialState.UNKNOWN, True)
    assert left(gateway) == 0


def test_what_could_not_be_taken_away_is_said_and_taken_away_later(
    tried: Try, desk: BucketDesk, place: Place, fresh: SandboxProcess, gateway: SdkGateway
) -> None:
    fresh.control("faults", operation=DELETE, kind="status", status=503, times=1)
    trial = tried()
    assert (trial.state, trial.clean) == (TrialState.PROVEN, False)
    assert left(gateway) == 1
    for _ in range(2):
        assert desk.clean_up(place, trial.id).verdict is CheckVerdict.PASS
    assert left(gateway) == 0


def test_a_second_click_and_a_second_tab_start_nothing(
    desk: BucketDesk, place: Place, gateway: SdkGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = {
        "connection": "mine",
        "integration": "any",
        "title": "Any",
        "bucket": place.bucket,
        "actor": "me",
    }
    first = desk.records.begin_trial(nonce="click", **claim)
    assert first
    assert desk.records.begin_trial(nonce="click", **claim) is None
    assert desk.records.begin_trial(nonce="other tab", **claim) is None
    monkeypatch.setattr(records, "SILENT_AFTER", timedelta(0))
    (silent,) = desk.records.trials(connection="mine", bucket=place.bucket)
    assert silent.state is TrialState.INTERRUPTED
    assert desk.records.begin_trial(nonce="later", **claim) not in {None, first}


def test_rules_are_applied_once_and_never_over_somebody_elses(
    reader: GoogleBuckets, fresh: SandboxProcess
) -> None:
    before = reader.bucket(fresh.bucket)
    rules = mended(before.cors_document, ORIGINS["US"])
    at = before.metageneration
    _, changed = clinic.apply(reader, fresh.bucket, rules, metageneration=at)
    info, again = clinic.apply(reader, fresh.bucket, rules, metageneration=at)
    assert (changed, again) == (True, False)
    assert info.metageneration == at + 1
    with pytest.raises(Changed):
        clinic.apply(reader, fresh.bucket, "[]", metageneration=at)
    assert reader.bucket(fresh.bucket).cors_document == rules


def test_a_live_test_tells_what_came_back(reader: GoogleBuckets, fresh: SandboxProcess) -> None:
    origins = (APP, "https://app.example.com")
    found = list(
        clinic.try_out(reader, bucket=fresh.bucket, key="", origins=origins, who="anonymous")
    )
    opened = [each.opened.allowed for each in found if isinstance(each, clinic.Tried)]
    assert opened == [True, True, False, False]
    (check,) = clinic.try_out(
        reader, bucket="encord-no-such-bucket", key="", origins=origins, who="anonymous"
    )
    assert isinstance(check, BucketCheck)
    assert check.got.startswith("404")


def test_an_answer_belongs_to_who_asked(desk: BucketDesk, place: Place) -> None:
    desk.start_check(place, origins=ORIGINS["EU"], sample=2, actor="me")
    task = desk._tasks._known[place.named("check")].future
    assert task is not None
    task.result(60)
    snapshot = desk.check(place)
    assert snapshot is not None
    assert len(snapshot.results) == 12
    other = Place(connection="mine", account="another", sandbox=place.sandbox, bucket=place.bucket)
    stranger = Place(
        connection="theirs", account=NOBODY, sandbox=place.sandbox, bucket=place.bucket
    )
    assert desk.check(other) is None
    assert desk.check(stranger) is None
    assert [each.bucket for each in desk.records.checked("mine", [NOBODY])] == [place.bucket]
    assert desk.records.checked("mine", ["another", SERVER]) == []
    assert desk.records.checked("theirs", [NOBODY]) == []
