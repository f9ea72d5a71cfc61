"""The scenarios' manifests: the same under a seed, and wrong in the ways they promise."""

import io
from pathlib import Path
from string import Formatter

import pytest

from components.navigation import PAGES
from services.demo_studio import content
from services.demo_studio.faults import CALLS, KINDS, planned
from services.demo_studio.scenarios import BY_ID, SCENARIOS, Scenario
from services.demo_studio.studio import Progress
from services.domain.findings import Summary
from services.domain.metadata import read_schema
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from services.sandbox.demo import SCHEMA

NAMES = [scenario.id for scenario in SCENARIOS]


def make(name: str, seed: int) -> bytes:
    return content.make(name, seed=seed, size=BY_ID[name].sizes[0])


def check(name: str, seed: int, folder: Path) -> Summary:
    store = ManifestStore(folder, max_bytes=10**9)
    manifest = store.add(content.NAMES[name], io.BytesIO(make(name, seed)))
    return store.check(manifest, CheckOptions(schema=read_schema(SCHEMA))).summary


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_says_all(name: str) -> None:
    assert make(name, 7) == make(name, 7)
    assert make(name, 7) != make(name, 8)


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_vendor_makes_every_mistake(seed: int, tmp_path: Path) -> None:
    assert set(check("vendor-mistakes", seed, tmp_path).counts) == {
        "url-whitespace",
        "url-scheme",
        "url-empty",
        "url-duplicate",
        "title-too-long",
        "entry-type",
        "url-extension",
        "metadata-enum",
        "metadata-value",
        "metadata-datetime",
        "csv-row-width",
    }


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_first_onboarding_holds_four_back(seed: int, tmp_path: Path) -> None:
    summary = check("first-onboarding", seed, tmp_path)
    assert summary.held_entries == 4
    assert summary.valid_entries == BY_ID["first-onboarding"].sizes[0] - 1


def test_values_that_fit_no_schema(tmp_path: Path) -> None:
    counts = check("schema-conflict", 1, tmp_path).counts
    assert counts["metadata-value"]
    assert counts["metadata-undeclared"] == 2 * BY_ID["schema-conflict"].sizes[0]


@pytest.mark.parametrize("name", ["forbidden-cors", "outage", "at-speed"])
def test_the_others_have_nothing_to_find(name: str, tmp_path: Path) -> None:
    assert not check(name, 1, tmp_path).errors


@pytest.mark.parametrize("scenario", SCENARIOS, ids=NAMES)
def test_every_beat_leads_to_a_page_and_its_words_can_be_filled(scenario: Scenario) -> None:
    pages = {page.name for page in PAGES}
    for beat in scenario.beats:
        assert beat.page in pages
        for words in (beat.title, beat.say, beat.see):
            assert "{" not in Progress().fill(words)
            assert {name for _, name, *_ in Formatter().parse(words) if name} <= {
                "entries",
                "ready",
                "held",
                "failed",
                "registered",
            }


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_planned_fault_is_told_in_the_words_it_was_chosen_by(call: str, kind: str) -> None:
    for fault in planned(call, kind, times=3, probability=0.5):
        assert (fault.call_words, fault.words) == (call, kind)
