"""Who asks Google, as one session chooses it and another never sees it."""

from dataclasses import replace
from typing import Any, cast

import pytest
from streamlit.testing.v1 import AppTest

from components import bucket_cors
from services.bootstrap import Runtime
from services.cloud_storage.errors import (
    Changed,
    NotAuthorised,
    StorageError,
    TimedOut,
    Unavailable,
    Unreachable,
)
from services.domain.bucket_checks import BucketCheck, CheckVerdict
from services.engine.connections import _Held
from services.ledger.buckets import TrialState
from tests.apptest.conftest import HERE, Open, scripts, words
from tests.contract.memory import BUCKET as INTEGRATION
from tests.unit.canaries import Canary, found_in, make_canaries
from tests.unit.engine.world import World

EMAIL = "yard@example.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def google() -> Canary:
    return make_canaries()["google"]


@pytest.fixture(autouse=True)
def encord(runtime: Runtime, world: World) -> None:
    """Connect to something that is not the sandbox, so that Google's own buckets are meant."""
    away = replace(HERE, kind="server")
    runtime.connections._held[HERE.id] = _Held(away, world.encord, cast("Any", None))


def give(app: AppTest, text: bytes) -> None:
    app.radio(key="bucket_access").set_value("A service account's key file").run()
    app.file_uploader[0].upload("key.json", text)
    app.button(key="bucket_access_file_use").click().run()
    assert not app.exception


def offered(app: AppTest) -> list[str]:
    return list(app.radio(key="bucket_access").options)


def test_a_key_is_this_sessions_own_and_is_nowhere_shown(open_page: Open, google: Canary) -> None:
    mine = open_page("bucket", bucket="yard")
    give(mine, google.text.encode())
    assert EMAIL in offered(mine)
    assert "Read by a service account of yours" in words(mine)
    assert found_in(f"{words(mine)} {mine.session_state}", google) is None
    theirs = open_page("bucket", bucket="yard")
    assert EMAIL not in offered(theirs)
    assert "Read by this server's own credentials" in words(theirs)
    mine.button(key="bucket_access_forget").click().run()
    assert EMAIL not in offered(mine)


def test_what_is_no_service_account_is_said_and_not_held(open_page: Open) -> None:
    app = open_page("bucket", bucket="yard")
    give(app, b'{"type": "external_account", "token_url": "http://127.0.0.1:1/"}')
    assert "Only a service account's key is accepted here" in words(app)
    assert len(offered(app)) == 3


def test_least_privilege_is_stated(open_page: Open) -> None:
    assert "Only applying CORS rules from here needs storage.buckets.update" in words(
        open_page("bucket", bucket="yard")
    )


def test_the_check_is_shown_as_a_script_for_the_chosen_origins(open_page: Open) -> None:
    app = open_page("bucket", bucket="yard")
    words_for = "python -m services check-bucket yard --sample 5 --origin="
    eu, us = ("https://app.encord.com", "https://app.us.encord.com")
    assert [each for each in scripts(app) if each.startswith(f"{words_for}{eu} ")]
    app.radio(key="encord_pages").set_value("US").run()
    assert [each for each in scripts(app) if each.startswith(f"{words_for}{us} ")]
    assert not [each for each in scripts(app) if f"--origin={eu}" in each]
    app.radio(key="encord_pages").set_value("Own").run()
    judged = [each for each in scripts(app) if "check-bucket" in each]
    assert [each for each in judged if "--no-origin" in each] == judged
    assert judged


def test_a_trial_is_shown_as_a_script_of_what_the_form_says(open_page: Open) -> None:
    app = open_page("bucket", bucket="yard", bucket_view="Integration")
    app.text_input(key="trial_object").set_value("a b.txt").run()
    app.checkbox(key="trial_strict").check().run()
    (script,) = [each for each in scripts(app) if "prove-integration" in each]
    assert script.endswith(
        f"python -m services prove-integration yard --integration-id={INTEGRATION.id} "
        "--origin=https://app.encord.com '--object=a b.txt' --strict --connection encord"
    )


def test_a_name_no_bucket_can_have_is_said(open_page: Open) -> None:
    app = open_page("bucket")
    app.text_input(key="bucket_name").set_value("Not A Bucket").run()
    assert "This is not a bucket's name" in words(app)


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (Unavailable, "It is not known whether the rules were applied"),
        (TimedOut, "It is not known whether the rules were applied"),
        (Unreachable, "It is not known whether the rules were applied"),
        (NotAuthorised, "Nothing was applied"),
        (Changed, "Nothing was applied: somebody changed the bucket"),
    ],
)
def test_what_became_of_rules_is_only_said_when_it_is_known(
    error: type[StorageError], title: str
) -> None:
    assert bucket_cors._refusal(error("setting CORS rules", "yard")).title == title


def test_a_trial_that_nothing_decided_is_neither_proven_nor_not_proven(
    open_page: Open, runtime: Runtime
) -> None:
    records = runtime.buckets.records
    trial = records.begin_trial(
        nonce="click",
        connection=HERE.id,
        integration="any",
        title="Any",
        bucket="yard",
        actor="me",
    )
    assert trial
    step = BucketCheck(
        code="trial-register",
        title="Register",
        verdict=CheckVerdict.NOT_CHECKED,
        asked="Through Any, of gs://yard",
        got="The job still runs.",
        needed="Another trial",
    )
    records.end_trial(trial, TrialState.UNKNOWN, [step])
    said = words(open_page("bucket", bucket="yard", bucket_view="Integration"))
    assert "Not known" in said
    assert "No answer decided it. What is needed is below." in said
    assert "The job still runs." in said
    assert "Not proven" not in said


def test_a_listing_of_other_folders_is_watched_and_its_failure_told(
    open_page: Open, runtime: Runtime, world: World
) -> None:
    runtime.connections._held[HERE.id] = _Held(HERE, world.encord, cast("Any", None))
    app = open_page("bucket", bucket="yard", bucket_view="Browse")
    assert "Nothing is known of this bucket yet" in words(app)
    (folders,) = [each for each in app.text_area if each.label == "Folders to list, one a line"]
    folders.set_value("night/")
    app.button(key="browse_start").click().run()
    (child,) = runtime.catalog.jobs._children.values()
    child.wait(timeout=60)
    app.run()
    app.run()
    assert "The listing stopped" in words(app)
    (folders,) = [each for each in app.text_area if each.label == "Folders to list, one a line"]
    assert folders.value == "night/"
