"""Numbers, times and untrusted text in words; states in one vocabulary."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import manifest_truth, receipt_since, run_progress, status, text
from services.domain import bucket_checks, verification
from services.domain.estimate import Estimate
from services.domain.findings import Severity
from services.domain.outcomes import Outcome
from services.domain.runs import AttemptState, RunState
from services.domain.verification import Verdict
from services.ledger.buckets import TrialState
from services.ledger.views import Counts, RunView

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RUN = RunView(
    id="r",
    name="Run",
    state=RunState.PROCESSING,
    problem=None,
    problem_detail="",
    manifest="m",
    manifest_name="m.csv",
    connection="c",
    connection_label="Sandbox",
    folder_uuid=None,
    folder_name="Folder",
    integration="i",
    integration_title="Bucket",
    dataset_uuid=None,
    dataset_title=None,
    counts=Counts(entries=12_880, registered=8_103, failed=37),
    still_failed=37,
    chunks=2,
    chunks_done=1,
    paused=False,
    progress_at=NOW,
    adopted_job=None,
    held=0,
    parent=None,
    created_by="me",
    created_at=NOW - timedelta(minutes=6),
    updated_at=NOW,
    heard_at=NOW,
    receipt=None,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (5, "5 seconds ago"),
        (95, "2 minutes ago"),
        (3_000, "50 minutes ago"),
        (7_200, "2 hours ago"),
        (172_800, "2 days ago"),
    ],
)
def test_how_long_ago(seconds: int, words: str) -> None:
    assert text.ago(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(1, "1 entry"), (2, "2 entries"), (8_120, "8,120 entries")],
)
def test_a_number_and_its_noun(value: int, words: str) -> None:
    assert text.count(value, "entry") == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_536, "1.5 kB"),
        (5 * 10**6, "5 MB"),
        (3_240_000_000, "3.2 GB"),
        (7 * 10**12, "7,000 GB"),
    ],
)
def test_a_size(value: int, words: str) -> None:
    assert text.size(value) == words


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"1": "Streets", "2": "Yards"}, ["Streets", "Yards"]),
        (
            {"0123456789": "Streets", "1123456789": "Streets", "2": "Yards"},
            ["Streets (01234567)", "Streets (11234567)", "Yards"],
        ),
        (
            {"bucket-eu": "Files", "bucket-eu-2": "Files"},
            ["Files (bucket-eu)", "Files (bucket-eu-2)"],
        ),
        (
            {"11111111-a": "Streets", "22222222-b": "Streets", "c": "Streets (11111111)"},
            ["Streets (11111111-a)", "Streets (22222222)", "Streets (11111111) (c)"],
        ),
    ],
)
def test_options_of_one_name_are_told_apart(words: dict[str, str], named: list[str]) -> None:
    assert list(text.told_apart(words).values()) == named
    assert list(text.told_apart(words)) == list(words)


@given(st.text(max_size=60))
def test_untrusted_text_is_one_code_span(value: str) -> None:
    marked = text.code(value)
    fence = marked[: len(marked) - len(marked.lstrip("`"))]
    assert fence
    assert marked.endswith(fence)
    inside = marked[len(fence) : -len(fence)]
    assert fence not in inside
    assert not set(inside) & {"\n", "\r"}
    assert inside.strip(" ") == value.replace("\r", " ").replace("\n", " ").strip(" ")


@pytest.mark.parametrize(
    ("looks", "states"),
    [
        (status.RUN_STATES, RunState),
        (status.OUTCOMES, Outcome),
        (status.SEVERITIES, Severity),
        (status.CHECKS, bucket_checks.CheckVerdict),
        (status.TRIALS, TrialState),
        (status.UPLOADS, AttemptState),
        (status.VERDICTS, verification.Verdict),
        (status.STAGES, verification.Stage),
        (status.STEPS, status.StepState),
    ],
)
def test_every_state_has_a_word_an_icon_and_a_color(
    looks: Mapping[str, status.Status], states: type[StrEnum]
) -> None:
    assert set(looks) == set(states)
    assert len({look.word for look in looks.values()}) == len(looks)
    for look in looks.values():
        assert look.word
        assert look.icon.startswith(":material/")


def test_runs_can_be_filtered_by_every_word_they_are_shown_with() -> None:
    assert set(status.RUN_FILTERS) == set(status.RUN_LOOKS)
    assert {"Stalled", "Complete with failures"} < set(status.RUN_FILTERS)


def test_done_is_not_success() -> None:
    done = replace(RUN, state=RunState.COMPLETE)
    assert status.of_run(done).word == "Complete with failures"
    assert status.of_run(done, Counts(entries=1, registered=1)).word == "Complete"


def test_standing_still_is_a_state_of_its_own() -> None:
    still = replace(RUN, progress_at=NOW - timedelta(hours=3))
    assert status.of_run(still, now=NOW).word == "Stalled"
    assert not status.is_silent(still, now=NOW)
    assert status.of_run(replace(still, paused=True), now=NOW).word == "Processing"
    assert status.of_run(RUN, now=NOW).word == "Processing"


def test_no_answer_is_no_news() -> None:
    silent = replace(RUN, heard_at=NOW - timedelta(hours=1), updated_at=NOW - timedelta(hours=1))
    assert status.is_silent(silent, now=NOW)
    assert status.of_run(silent, now=NOW).word == "Processing"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (None, "8,140 of 12,880 entries, 37 failed"),
        (Estimate(180, 180), "8,140 of 12,880 entries, 37 failed, about 3 minutes left"),
        (Estimate(45, 180), "8,140 of 12,880 entries, 37 failed, 45 seconds to 3 minutes left"),
    ],
)
def test_progress_in_words(left: Estimate | None, words: str) -> None:
    assert run_progress.sentence(RUN, left) == words


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        (Verdict.MATCHED, Verdict.MISSING, "2 entries gone or changed"),
        (Verdict.MISSING, Verdict.MATCHED, "2 entries right by now"),
        (Verdict.MISSING, Verdict.WRONG_TYPE, "2 entries wrong in another way"),
    ],
)
def test_what_is_wrong_in_another_way_has_changed(then: str, now: str, words: str) -> None:
    since = {"at": NOW.isoformat(), "changes": [{"then": then, "now": now, "entries": 2}]}
    said = receipt_since.sentence(NOW + timedelta(days=30), since)
    assert said == f"**After 30 days: {words}**"


def test_what_may_fail_is_not_said_to_be_no_entry() -> None:
    assert manifest_truth.headline(1) == "1 entry would fail at Encord"
    assert manifest_truth.headline(0) == "Some entries may fail at Encord"
