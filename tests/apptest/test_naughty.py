"""Whatever is typed into whatever field is shown as it is: never Markdown, never a broken page."""

import functools
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from services.domain.runs import DatasetChoice
from tests.apptest.conftest import Open
from tests.apptest.test_pages import CSV, broken_run
from tests.unit.engine.world import OPTIONS, World

ROOT = Path(__file__).resolve().parents[2]
CORPORA = Path(os.environ.get("INGEST_CORPORA", ROOT.parent / "shared/data/corpora"))
#: Stands at the begin of what is typed, so that it is found wherever it is shown.
MARK = "zqx7"
MARKUP = (
    f"{MARK} ![beacon](https://evil.example/b.png) [click](javascript:alert(1)) <img src=x "
    "onerror=alert(1)> **bold** :red[red] $x^2$ :material/home: ``` code ``` ` tick"
)
#: What Streamlit reads as Markdown of an element, whatever the element is.
SINKS = ("body", "label", "help", "title", "tooltip", "caption")
#: Elements whose body is shown as it is.
PLAIN = {"text", "code"}
_CODE = re.compile(r"(?<!`)(`+)(?!`)(?:.*?[^`])??\1(?!`)", re.DOTALL)
#: Page, address and what is chosen there: where fields are. `{...}` is filled in.
STATES: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
    ("bucket", {}, {"encord_pages": "Own"}),
    ("connect", {"place": "Own domain"}, {}),
    ("manifest", {}, {"source": "A bucket"}),
    ("manifest", {"manifest": "{manifest}", "manifest_view": "Findings"}, {}),
    ("manifest", {"manifest": "{manifest}", "manifest_view": "Edit"}, {}),
    ("manifest", {"manifest": "{manifest}", "manifest_view": "Entries"}, {}),
    ("submit", {"manifest": "{manifest}"}, {}),
    ("runs", {}, {}),
    ("run", {"run": "{run}", "run_view": "Entries"}, {}),
    ("datasets", {"run": "{run}", "datasets_view": "A whole run"}, {}),
    ("datasets", {"run": "{run}"}, {"dataset_way": "An existing dataset"}),
    ("datasets", {"run": "{run}", "datasets_view": "From a folder"}, {}),
    ("datasets", {"run": "{run}", "datasets_view": "All datasets"}, {}),
    ("datasets", {"run": "{run}", "datasets_view": "All folders"}, {}),
    ("verify", {"run": "{run}"}, {}),
    ("verify", {"run": "{proven}"}, {}),
    ("passport", {}, {}),
    ("reference", {}, {}),
)
#: Modules with fields that need more than that, and what types there instead.
ELSEWHERE = {
    "adopt.py": "a dialog: test_runs",
    "dataset_split.py": "entries that were counted: test_proof",
    "rescue.py": "a dialog: test_runs",
    "schema_plan.py": "a dialog: test_schema_studio",
    "unlinking.py": "a dialog: test_proof",
    "schema_design.py": "options of an enum: test_schema_studio",
    "mapping.py": "a CSV without a URL column: test_mending",
    "bucket_browse.py": "a bucket that was listed: test_bucket_building",
    "bucket_build.py": "a bucket that was listed: test_bucket_building",
    "bucket_listing.py": "a bucket that answers: test_bucket_building",
    "bucket_recipe.py": "a bucket that was listed: test_bucket_building",
    "bucket_cors.py": "a bucket that answers: test_bucket",
    "bucket_trial.py": "a bucket that answers: test_bucket",
}
SEEN: set[str] = set()


@pytest.fixture(scope="module")
def corpus() -> str:
    """All strings of the corpus in one, so that one drawing of a page meets them all."""
    found = CORPORA / "blns" / "blns.json"
    if not found.exists():
        pytest.skip(f"the corpora are not at {CORPORA}")
    strings: list[str] = json.loads(found.read_text(encoding="utf-8"))
    return " ".join(re.sub(r"[\ud800-\udfff]", "", each) for each in strings)


@pytest.fixture
def where(world: World) -> dict[str, str]:
    """The ids that addresses name."""
    run = broken_run(world)
    manifest = world.manifests.add("vendor.csv", io.BytesIO(CSV))
    world.manifests.check(manifest, OPTIONS)
    proven = world.submit(world.images(3), nonce="proven")
    world.settle()
    world.onboarding.link(proven, DatasetChoice(title="Streets"), nonce="n", actor="me")
    world.settle()
    return {"run": run, "manifest": manifest, "proven": proven}


@pytest.fixture(autouse=True)
def _who_draws_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember which modules draw a field."""
    for name in ("text_input", "text_area"):
        monkeypatch.setattr(st, name, _noting(getattr(st, name)))


def _noting(draw: Any) -> Any:
    @functools.wraps(draw)
    def noted(*args: Any, **how: Any) -> Any:
        SEEN.add(Path(sys._getframe(1).f_code.co_filename).name)
        return draw(*args, **how)

    return noted


def elements(app: AppTest) -> Iterator[Any]:
    """Yield everything on a page, the sidebar included."""
    waiting: list[Any] = list(app._tree.children.values())
    while waiting:
        node = waiting.pop()
        waiting += getattr(node, "children", {}).values()
        yield node


def obeyed(app: AppTest) -> list[str]:
    """Return what is read as Markdown and holds what was typed, outside of code."""
    found = []
    for element in elements(app):
        kind, proto = getattr(element, "type", ""), getattr(element, "proto", None)
        for name in SINKS:
            said = getattr(proto, name, None)
            if isinstance(said, str) and not (name == "body" and kind in PLAIN):
                bare = _CODE.sub("", said)
                found += [f"{kind}.{name}: {bare[:200]}"] if MARK in bare else []
    return found


def opened(open_page: Open, page: str, query: dict[str, str], chosen: dict[str, str]) -> AppTest:
    app = open_page(page, **query)
    for begin, option in chosen.items():
        next(each for each in app.radio if str(each.key).startswith(begin)).set_value(option)
        app.run()
    return app


def fields_of(app: AppTest) -> list[Any]:
    return [*app.text_input, *app.text_area]


def test_every_field_takes_anything_and_obeys_nothing(
    open_page: Open, where: dict[str, str], corpus: str
) -> None:
    for page, asked, chosen in STATES:
        query = {name: value.format(**where) for name, value in asked.items()}
        first = opened(open_page, page, query, chosen)
        labels = [field.label for field in fields_of(first)]
        assert labels, page
        for place, label in enumerate(labels):
            app = opened(open_page, page, query, chosen) if place else first
            fields_of(app)[place].set_value(f"{MARKUP} {corpus}")
            app.run()
            assert not app.exception, (page, label)
            assert not obeyed(app), (page, label)
    assert_nothing_is_forgotten()


def assert_nothing_is_forgotten() -> None:
    """Every module that draws a field was met, or is met where the list says."""
    drawing = {
        path.name
        for path in (ROOT / "components").glob("*.py")
        if re.search(r"st\.text_(?:input|area)\(", path.read_text())
    }
    assert not ELSEWHERE.keys() - drawing
    assert drawing - ELSEWHERE.keys() - SEEN == set()
