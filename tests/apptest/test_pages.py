"""What each page says in the states a person meets."""

import io
import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import streamlit as st
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from streamlit.testing.v1 import AppTest

from components import focus
from components.navigation import PAGES
from services.bootstrap import Runtime
from services.buckets.reach import NOBODY
from services.domain.bucket_checks import BucketCheck, CheckVerdict
from services.domain.runs import DatasetChoice
from services.engine.connections import Check, _Held
from services.engine.onboarding import retry_nonce
from tests.apptest.conftest import HERE, ROOT, Open, scripts, words
from tests.contract.memory import BUCKET
from tests.unit.engine.stories import registered, told_once
from tests.unit.engine.world import OPTIONS, World

MISSING, FORBIDDEN = "404: no such object", "403: permission denied"
ANSWER = Check(
    ok=True,
    title="Encord answered",
    remedy="",
    reference=None,
    integrations=(),
    schema={},
    milliseconds=12,
    at=datetime(2026, 3, 1, tzinfo=UTC),
)
TITLES = {spec.name: spec.title for spec in PAGES}
CSV = b"ObjectURL,Type,Title\r\ngs://bucket/1.jpg,image,One\r\ngs://bucket/2 2.jpg,image,Two\r\n"


@told_once
def broken_run(world: World) -> str:
    """Make a run of six with three failures of two causes."""
    world.encord.broken.update(
        {"gs://bucket/1.jpg": MISSING, "gs://bucket/2.jpg": MISSING, "gs://bucket/3.jpg": FORBIDDEN}
    )
    return registered(world, 6)


@pytest.mark.parametrize("name", TITLES)
def test_every_page_has_its_title_and_something_to_do_when_empty(
    open_page: Open, name: str
) -> None:
    app = open_page(name)
    assert app.title[0].value == TITLES[name]
    assert app.button or app.file_uploader or app.selectbox


def test_a_fresh_overview_says_what_comes_next(open_page: Open) -> None:
    app = open_page("overview")
    assert "Next: set up the bucket" in words(app)
    assert "Nothing leaves it; no account is needed." in words(app)
    assert [button.label for button in app.button if button.proto.type == "primary"] == [
        "Start the tour"
    ]


def test_the_next_step_leads_to_its_run_in_a_tab_that_has_seen_none(
    open_page: Open, world: World
) -> None:
    run = broken_run(world)
    app = open_page("overview")
    assert app.session_state["onboarding_session"].run is None
    app.button(key="next_step").click().run()
    assert app.query_params["run"] == run
    assert "There is no such run" not in words(app)


def test_a_step_that_is_optional_can_be_opened(open_page: Open) -> None:
    app = open_page("overview")
    app.button(key="steps_3").click().run()
    assert [title.value for title in app.title] == ["Schema"]


def test_a_later_step_says_what_stands_in_its_way(open_page: Open, world: World) -> None:
    run = broken_run(world)
    before = words(open_page("overview"))
    assert "After step 6" in before
    assert "After step 8" in before
    world.onboarding.link(run, DatasetChoice(title="Streets"), nonce="n", actor="me")
    world.settle()
    after = words(open_page("overview"))
    assert "missing or not as asked for" in after
    assert "After step" not in after


def test_a_proven_run_leaves_nothing_to_do(open_page: Open, world: World) -> None:
    run = registered(world)
    world.onboarding.link(run, DatasetChoice(title="Streets"), nonce="n", actor="me")
    world.settle()
    assert "Everything arrived, and it is proven" in words(open_page("overview"))
    assert "All 3 entries matched" in words(open_page("verify", run=run))
    assert "This run's files are linked to `Streets`" in words(open_page("datasets", run=run))


def test_the_overview_speaks_of_the_connection_in_use(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    run = registered(world)
    said = words(open_page("overview", run=run))
    assert "3 entries submitted" in said
    assert "All 3 entries arrived" in said
    real = replace(HERE, id="real", kind="server", label="Encord EU")
    app = open_page("run", run=run)
    runtime.connections._held.clear()
    runtime.connections._held[real.id] = _Held(real, world.encord, cast("Any", None))
    app.switch_page(str(ROOT / "pages" / "overview.py")).run()
    said = words(app)
    assert "Encord EU" in said
    assert "3 entries submitted" not in said
    assert "All 3 entries arrived" not in said


def test_the_overview_counts_the_keys_that_encord_told_last(
    open_page: Open, world: World, runtime: Runtime
) -> None:
    runtime.connections.check(HERE.id)
    assert "Only for custom metadata" in words(open_page("overview"))
    world.encord.schema = {"km": {"ty": "variant", "hint": "number"}}
    runtime.schemas.refresh(HERE.id, patience=30.0, fresh=0.0)
    assert "1 key in the schema" in words(open_page("overview"))


def test_an_upload_is_checked_and_its_mistake_explained(open_page: Open, world: World) -> None:
    app = open_page("manifest")
    app.file_uploader[0].upload("vendor.csv", CSV)
    app.run()
    fingerprint = world.manifests.recent()[0].fingerprint
    world.manifests.check(fingerprint, OPTIONS)
    said = words(open_page("manifest", manifest=fingerprint))
    assert "1 entry ready, 1 to fix" in said
    assert "White space in the URL" in said
    assert "Line 3, `objectUrl`: `gs://bucket/2 2.jpg`" in said


@pytest.mark.parametrize("server", [500, 1])
def test_no_file_is_sent_that_would_be_refused(
    open_page: Open, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, server: int
) -> None:
    monkeypatch.setattr(st, "get_option", lambda _name: server)
    field = open_page("manifest").get("file_uploader")[0]
    taken = field.proto.max_upload_size_mb * 2**20
    assert taken == min(runtime.settings.max_upload_bytes, server * 2**20)


def test_failures_are_told_by_cause_with_their_urls(open_page: Open, world: World) -> None:
    said = words(open_page("run", run=broken_run(world)))
    assert "3 entries in 2 groups, by cause" in said
    assert "The object is not in the bucket" in said
    assert "`gs://bucket/1.jpg`" in said
    assert f"Encord: `{FORBIDDEN}`" in said
    assert "Failed: 3" in said


def test_each_retry_is_shown_as_a_script_of_its_own(open_page: Open, world: World) -> None:
    run = broken_run(world)
    whole = f"python -m services retry {run}"
    assert {whole, f"{whole} --cause=object-missing"} <= scripts(open_page("run", run=run))
    found = scripts(open_page("run", run=run, run_find="2.jpg"))
    assert f"{whole} --find=2.jpg" in found
    nonce = retry_nonce(0, search="2.jpg")
    assert any("search='2.jpg'" in each and f"nonce='{nonce}'" in each for each in found)


def test_retry_sends_only_what_failed_for_that_cause(open_page: Open, world: World) -> None:
    run = broken_run(world)
    world.encord.broken.clear()
    app = open_page("run", run=run)
    app.button(key="failures_object-missing_retry_button").click().run()
    retries = world.ledger.retries(run)
    assert [retry.counts.entries for retry in retries] == [2]
    world.settle()
    assert "1 entry in 1 group, by cause" in words(open_page("run", run=run))


def test_a_retry_that_failed_again_is_retried_from_its_own_page(
    open_page: Open, world: World
) -> None:
    run = broken_run(world)
    retry = world.onboarding.retry(run, nonce="one", cause="object-missing", actor="me")
    world.settle()
    app = open_page("run", run=retry)
    key = "failures_object-missing_retry_button"
    app.button(key=key).click().run()
    world.settle()
    open_page("run", run=world.ledger.retries(run)[-1].id).button(key=key).click().run()
    assert [made.counts.entries for made in world.ledger.retries(run)] == [2, 2, 2]


def test_a_retry_asked_for_on_an_old_page_says_so(open_page: Open, world: World) -> None:
    run = broken_run(world)
    old = open_page("run", run=run)
    world.encord.broken.clear()
    world.onboarding.retry(run, nonce="elsewhere", actor="somebody else")
    old.button(key="failures_all_button").click().run()
    assert "Nothing to retry" in words(old)
    assert len(world.ledger.retries(run)) == 1


def test_a_running_run_says_that_leaving_is_safe(open_page: Open, world: World) -> None:
    run = world.submit(world.images(3))
    said = words(open_page("run", run=run))
    assert "Waiting for the worker to begin." in said
    assert "you can close it" in said


def test_a_run_without_its_key_says_what_to_do(open_page: Open, world: World) -> None:
    run = world.submit(world.images(3))
    world.connected = False
    world.settle()
    app = open_page("run", run=run)
    assert "Connect again with the same key, then resume. Nothing is lost." in words(app)
    world.connected = True
    assert f"python -m services resume {run}" in scripts(app)
    app.button(key="attention_resume").click().run()
    world.settle()
    assert "Registered: 3" in words(open_page("run", run=run))


def test_adopting_without_a_manifest_says_what_is_missing(open_page: Open) -> None:
    app = open_page("runs")
    app.button(key="adopt").click().run()
    app.button(key="adopt_yes").click().run()
    assert not app.exception
    notices = app.session_state["onboarding_session"].notices
    assert notices["adopt"].title == "Something is missing"


def test_an_adoption_is_shown_as_a_script_once_it_is_decided(open_page: Open, world: World) -> None:
    world.images(3)
    job, folder = f"{'1' * 8}-1111-1111-1111-{'1' * 12}", "the-folder"
    app = open_page("runs")
    app.session_state["adopt_folder"] = folder
    app.session_state["adopt_job"] = job
    app.button(key="adopt").click().run()
    (command,) = [each for each in scripts(app) if " adopt " in each]
    assert command.endswith(
        f"python -m services adopt manifest.json --job={job} --folder-uuid={folder} "
        f"--integration-id={BUCKET.id} --connection sandbox --no-schema"
    )


def test_a_rescue_is_shown_as_a_script_once_the_folder_is_named(open_page: Open) -> None:
    app = open_page("runs")
    app.session_state["rescue_folder"] = "-folder"
    app.button(key="rescue").click().run()
    assert "python -m services rescue --folder-uuid=-folder --connection sandbox" in scripts(app)
    assert [each for each in scripts(app) if "runtime.onboarding.rescue(" in each]


@told_once
def half_done(world: World) -> str:
    """Make a run of ten that lost its key once six were registered; one before proves the way."""
    world.submit(world.manifest({"images": [{"objectUrl": "gs://other/1.jpg"}]}), nonce="proof")
    world.settle()
    run = world.submit(world.images(10), chunk=6)
    while not world.view(run).counts.arrived:
        world.step()
        world.clock.seconds += 1
        world.encord.advance()
    world.connected = False
    world.settle()
    counts = world.view(run).counts
    assert (counts.registered, counts.pending) == (6, 4)
    return run


def test_entries_of_a_stopped_run_wait_and_are_not_lost(open_page: Open, world: World) -> None:
    run = half_done(world)
    app = open_page("run", run=run, run_view="Report")
    assert "4 waiting" in words(app)
    assert "The report is there once the run has ended." in words(app)
    assert not app.get("download_button")
    assert "4 entries still waiting" in words(open_page("overview", run=run))
    app = open_page("datasets", run=run)
    assert "4 entries still waiting" in words(app)
    assert "did not arrive" not in words(app)
    assert "link the rest" not in words(app)
    button = app.button(key="link")
    assert (button.label, button.disabled) == ("Link 6 entries", True)
    assert "Resume or cancel it first." in button.help


def test_a_run_is_paused_and_goes_on(open_page: Open, world: World) -> None:
    run = world.submit(world.images(3))
    app = open_page("run", run=run)
    assert {f"python -m services {each} {run}" for each in ("pause", "cancel")} <= scripts(app)
    app.button(key="pause_run").click().run()
    assert world.ledger.run(run).paused  # type: ignore[union-attr] # it was just submitted
    assert {f"python -m services {each} {run}" for each in ("resume", "cancel")} <= scripts(app)
    assert f"python -m services pause {run}" not in scripts(app)
    app.button(key="resume_run").click().run()
    world.settle()
    assert "Registered: 3" in words(open_page("run", run=run))


def test_submit_says_what_will_happen_and_does_it_once(open_page: Open, world: World) -> None:
    manifest = world.images(3)
    app = open_page("submit", manifest=manifest)
    assert "Submit 3 of 3 entries to the new folder `manifest` through `demo bucket`." in words(app)
    app.button(key="submit").click().run()
    assert world.ledger.runs().total == 1
    again = open_page("submit", manifest=manifest)
    assert "This manifest was submitted before" in words(again)
    assert again.button(key="submit").disabled


def test_submit_says_what_was_chosen_behind_the_fold(open_page: Open, world: World) -> None:
    app = open_page("submit", manifest=world.images(3))
    app.checkbox(key="skip_duplicates").uncheck().run()
    assert ", registering again what is already there." in words(app)
    app.checkbox(key="upsert_metadata").check().run()
    assert "updating the metadata of files that are already there." in words(app)


def test_a_confirmed_repetition_is_a_run_of_its_own(open_page: Open, world: World) -> None:
    manifest = world.images(3)
    open_page("submit", manifest=manifest).button(key="submit").click().run()
    again = open_page("submit", manifest=manifest)
    again.checkbox(key="submit_again_1").check().run()
    again.button(key="submit").click().run()
    assert world.ledger.runs().total == 2


def test_two_tabs_on_one_review_are_one_submission(open_page: Open, world: World) -> None:
    manifest = world.images(3)
    tabs = [open_page("submit", manifest=manifest) for _ in range(2)]
    for tab in tabs:
        tab.button(key="submit").click().run()
    assert world.ledger.runs().total == 1


def test_what_was_shown_is_submitted_whatever_the_bytes_are_called_meanwhile(
    open_page: Open, world: World
) -> None:
    manifest = world.images(3)
    app = open_page("submit", manifest=manifest)
    source = world.manifests.folder(manifest) / "source"
    world.manifests.add("manifest.csv", io.BytesIO(source.read_bytes()))
    app.button(key="submit").click().run()
    (run,) = world.ledger.runs().rows
    assert run.manifest_name == "manifest.json"
    world.settle()
    assert "Registered: 3" in words(open_page("run", run=run.id))


def test_a_submission_without_its_check_says_what_to_do(open_page: Open, world: World) -> None:
    manifest = world.images(3)
    app = open_page("submit", manifest=manifest)
    for summary in world.manifests.folder(manifest).glob("*/summary.json"):
        shutil.rmtree(summary.parent)
    app.button(key="submit").click().run()
    assert not app.exception
    assert "Nothing was submitted" in words(app)
    assert world.ledger.runs().total == 0


def test_a_folder_is_looked_up_by_its_uuid(open_page: Open, world: World) -> None:
    folder = world.encord.create_folder("Shared", "")
    app = open_page("submit", manifest=world.images(3))
    app.radio(key="folder_way").set_value("An existing folder").run()
    assert app.button(key="submit").disabled
    app.text_input(key="folder_uuid").set_value(folder.uuid).run()
    assert "to the folder `Shared`" in words(app)
    app.text_input(key="folder_uuid").set_value("00000000-0000-0000-0000-000000000000").run()
    assert "Encord has nothing of that id for this account" in words(app)
    assert app.button(key="submit").disabled


def test_entries_with_errors_must_be_held_back_or_fixed(open_page: Open, world: World) -> None:
    manifest = world.manifest({"images": [{"objectUrl": "gs://b/1.jpg"}, {"objectUrl": ""}]})
    app = open_page("submit", manifest=manifest)
    assert "hold back 1." in words(app)
    app.toggle(key="hold_back").set_value(False).run()
    assert "Fix the entries with errors, or hold them back." in words(app)
    assert app.button(key="submit").disabled


def connected(open_page: Open, key: str) -> AppTest:
    """Paste a key for Encord EU and connect."""
    app = open_page("connect")
    app.radio(key="place").set_value("Encord EU").run()
    app.radio(key="key_by").set_value("Paste the key").run()
    app.text_area[0].set_value(key).run()
    app.button(key="connect").click().run()
    return app


def test_a_key_that_cannot_be_used_is_explained_and_not_kept(open_page: Open) -> None:
    app = open_page("connect")
    app.radio(key="place").set_value("Encord EU").run()
    app.radio(key="key_by").set_value("Paste the key").run()
    secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA-canary"
    app.text_area[0].set_value(secret).run()
    app.button(key="connect").click().run()
    assert "This key cannot be used" in words(app)
    assert "canary" not in words(app)
    assert "canary" not in repr(app.session_state)


def test_a_key_that_encord_refuses_takes_the_focus_once_a_check(
    open_page: Open, world: World
) -> None:
    world.encord.key_accepted = False
    app = open_page("connect")
    assert "Encord does not know this key" in words(app)
    (first,) = turns(app)
    assert turns(app.run()) == [first]
    assert turns(app.button(key="connected_check").click().run()) not in ([], [first])
    world.encord.key_accepted = True
    assert not turns(app.button(key="connected_check").click().run())


def turns(app: AppTest) -> list[str]:
    """Return what brings the focus to an alert, each with its turn."""
    drawn = [str(each.proto.body) for each in app.get("html")]
    return [each for each in drawn if focus.SCRIPT in each]


def test_a_key_connects_this_session_until_it_is_forgotten(
    open_page: Open, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.connections, "check", lambda _id: ANSWER)
    monkeypatch.setattr(runtime.connections, "last_check", lambda _id: ANSWER)
    app = connected(open_page, private_key())
    assert "Working with Encord EU" in words(app)
    assert "Working with Sandbox" in words(open_page("connect"))
    assert "PRIVATE KEY" not in repr(app.session_state)
    app.radio(key="place").set_value("Sandbox").run()
    app.button(key="use_sandbox").click().run()
    assert "Working with Sandbox" in words(app)
    (made,) = (each.id for each, _ in runtime.connections.everything() if each.kind == "session")
    app.button(key=f"switch_{made}").click().run()
    app.button(key="connected_forget").click().run()
    assert "Working with Sandbox" in words(app)
    assert runtime.connections.get(made) is None


def test_a_key_that_was_forgotten_elsewhere_is_not_replaced_in_silence(
    open_page: Open, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.connections, "check", lambda _id: ANSWER)
    monkeypatch.setattr(runtime.connections, "last_check", lambda _id: ANSWER)
    app = connected(open_page, private_key())
    (made,) = (each.id for each, _ in runtime.connections.everything() if each.kind == "session")
    (giver,) = runtime.connections._held[made].givers
    runtime.connections.forget(made, by=giver)
    app.run()
    assert "The key of this connection was forgotten" in words(app)
    assert "Working with" not in words(app)


def test_the_servers_key_given_on_connect_stays_everybodys(
    open_page: Open, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.connections, "check", lambda _id: ANSWER)
    monkeypatch.setattr(runtime.connections, "last_check", lambda _id: ANSWER)
    key = private_key()
    runtime.connections.add_server("https://api.encord.com", path=None, text=key, passphrase=None)
    app = connected(open_page, key)
    assert "Working with Encord EU" in words(app)
    assert "Forget this key" not in [button.label for button in app.button]
    assert "Working with Encord EU" in words(open_page("connect"))


def private_key() -> str:
    made = Ed25519PrivateKey.generate()
    written = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return written.decode()


def test_the_connection_says_who_answered(open_page: Open) -> None:
    said = words(open_page("connect"))
    assert "Encord answered" in said
    assert HERE.account in said


def test_runs_are_found_by_name_and_state(open_page: Open, world: World) -> None:
    broken_run(world)
    app = open_page("runs")
    assert list(app.dataframe[0].value["Run"]) == ["Run"]
    app.text_input(key="runs_find").set_value("no such name").run()
    assert "Nothing matches" in words(app)
    app.button(key="runs_clear").click().run()
    assert list(app.dataframe[0].value["Run"]) == ["Run"]
    assert app.text_input(key="runs_find").value == ""


def test_runs_are_filtered_by_the_words_they_are_shown_with(open_page: Open, world: World) -> None:
    broken_run(world)
    app = open_page("runs")
    assert list(app.dataframe[0].value["Status"]) == [["Complete with failures"]]
    field = app.selectbox(key="runs_state")
    assert field.label == "Status"
    field.set_value("Complete").run()
    assert "Nothing matches" in words(app)
    app.selectbox(key="runs_state").set_value("Complete with failures").run()
    assert list(app.dataframe[0].value["Run"]) == ["Run"]


@told_once
def verified_twice(world: World) -> str:
    run = world.submit(world.images(2), dataset="Streets")
    world.settle()
    world.onboarding.verify(run, actor="tester")
    world.settle()
    return run


@pytest.fixture
def proven(world: World, runtime: Runtime) -> str:
    """A run whose dataset was verified twice, and a bucket that was checked."""
    run = verified_twice(world)
    passed = BucketCheck(code="exists", title="Exists", verdict=CheckVerdict.PASS, asked="", got="")
    runtime.buckets.records.note_check(
        [passed], connection=HERE.id, account=NOBODY, bucket="yard", actor="me"
    )
    return run


@pytest.mark.parametrize(
    ("page", "query", "said"),
    [
        ("overview", {}, "Checked 20"),
        ("run", {"run_view": "Progress"}, "Submitted 20"),
        ("datasets", {"datasets_view": "All datasets"}, "Read 20"),
        ("verify", {}, "Submitted 20"),
        ("verify", {"tell": "An earlier receipt"}, "Verified 20"),
        ("verify", {"tell": "A manifest"}, "Added 20"),
        ("passport", {}, "Read 20"),
        ("connect", {}, ""),
        ("bucket", {"bucket_view": "Check"}, "Last checked 20"),
    ],
)
def test_a_time_is_told_as_a_moment_and_as_a_while_ago(
    open_page: Open, proven: str, page: str, query: dict[str, str], said: str
) -> None:
    app = open_page(page, run=proven, bucket="yard", object="gs://bucket/1.jpg", **query)
    if "tell" in query:
        app.radio(key="tell").set_value(query["tell"]).run()
    told = words(app)
    assert said in told
    assert not re.findall(r"UTC(?! \((?:\d+ \w+ ago|just now)\))", told)
    assert not re.findall(r"(?<!UTC \()\b(?:\d+ \w+ ago|just now)", told)


def test_lines_are_told_apart_without_their_colors(open_page: Open, world: World) -> None:
    run = broken_run(world)
    app = open_page("run", run=run, run_view="Progress")
    specs = [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]
    (lines,) = [spec["encoding"] for spec in specs if spec["mark"]["type"] == "line"]
    color, stroke = lines["color"], lines["strokeDash"]
    assert stroke["field"] == color["field"]
    assert stroke["legend"] == color["legend"], "one legend shows both"
    assert stroke["scale"]["domain"] == color["scale"]["domain"] == ["Settled", "Failed"]
    one, other = stroke["scale"]["range"]
    assert one != other


def test_without_a_sandbox_there_is_nothing_to_demonstrate(open_page: Open) -> None:
    said = words(open_page("demo"))
    assert "There is no sandbox" in said
