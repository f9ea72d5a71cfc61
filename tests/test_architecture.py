"""Rules of the layout that no linter knows."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from components import focus
from components.navigation import PAGES

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {
    "requirements.txt",
    "app.py",
    "pages",
    "components",
    "services",
    "tests",
    "README.md",
    "pyproject.toml",
    "Makefile",
}
PAGE_FILES = sorted(path for path in (ROOT / "pages").glob("*.py") if path.name != "__init__.py")
#: The components that put a script on a page, and what each is told.
SCRIPTED = {
    ROOT / "components" / "focus.py": ["turn", "SCRIPT", "KEEPING"],
    ROOT / "components" / "going_back.py": ["SCRIPT"],
}
ALLOWED_SCRIPT = {"html", "unsafe_allow_javascript"}
BYPASSING = {"exception", "write_stream", "unsafe_allow_html", *ALLOWED_SCRIPT}
SHOWN = sorted([*PAGE_FILES, *(ROOT / "components").glob("*.py")])
CATCH_ALL_NAMES = {"utils.py", "helpers.py", "common.py", "manager.py", "misc.py"}
LONGEST_PAGE = 80
READMES = (
    ROOT / "README.md",
    ROOT / "services" / "README.md",
    ROOT / "services" / "sandbox" / "README.md",
    ROOT / "tests" / "bench" / "README.md",
)
#: What is read in five minutes, tables and commands included.
MOST_WORDS = 1_500
LINK = re.compile(r'\]\(([^)#]+)[^)]*\)|(?:src|srcset)="([^"]+)"')


#: What programs with threads and polars import before anything else of ours.
FIRST = (
    "services.bootstrap",
    "services.buckets.work_process",
    "services.manifests.command",
    "services.manifests.work_process",
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [Path(name) for name in listed.stdout.split("\0") if name]


@pytest.mark.parametrize("page", PAGE_FILES, ids=named)
def test_a_page_reads_like_a_description(page: Path) -> None:
    source = page.read_text()
    tree = ast.walk(ast.parse(source))
    forbidden = (ast.Try, ast.ClassDef, ast.FunctionDef, ast.For, ast.While)
    assert len(source.splitlines()) <= LONGEST_PAGE
    assert not [type(node).__name__ for node in tree if isinstance(node, forbidden)]


@pytest.mark.parametrize("path", SHOWN, ids=named)
def test_nothing_shown_bypasses_escaping(path: Path) -> None:
    called = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "st"
    }
    keywords = {
        node.arg for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.keyword)
    }
    found = BYPASSING & (called | keywords)
    assert found == (ALLOWED_SCRIPT if path in SCRIPTED else set())


def test_the_scripts_of_ours_are_told_nothing_but_a_number() -> None:
    assert inspect.get_annotations(focus.bring)["turn"] is int
    for path, told in SCRIPTED.items():
        tree = ast.walk(ast.parse(path.read_text()))
        written = [node.value for node in tree if isinstance(node, ast.FormattedValue)]
        assert [ast.unparse(each) for each in written] == told


@pytest.mark.parametrize("path", SHOWN, ids=named)
def test_tables_and_plots_can_be_read_out(path: Path) -> None:
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    drawn = [(node, node.func.attr) for node in calls if isinstance(node.func, ast.Attribute)]
    unnamed = [
        f"line {node.lineno}: {name}"
        for node, name in drawn
        if (name in {"dataframe", "data_editor", "image"} or name.endswith("_chart"))
        and not {"alt", "caption"} & {keyword.arg for keyword in node.keywords}
    ]
    assert not unnamed
    if path.name != "plots.py":  # where each plot gets its table
        assert not [name for _, name in drawn if name.endswith("_chart")]


@pytest.mark.parametrize("path", SHOWN, ids=named)
def test_only_one_module_touches_the_session(path: Path) -> None:
    if path.name != "session.py":
        assert "session_state" not in path.read_text()


@pytest.mark.parametrize("path", SHOWN, ids=named)
def test_parts_and_dialogs_are_made_in_one_place(path: Path) -> None:
    source = path.read_text()
    assert "st.fragment" not in source or path.name == "parts.py"
    assert "st.dialog" not in source or path.name == "dialogs.py"


def test_every_page_is_in_the_navigation() -> None:
    assert {page.stem for page in PAGE_FILES} == {spec.name for spec in PAGES}


def test_the_top_level_is_what_was_agreed() -> None:
    seen = {path.parts[0] for path in tracked()}
    assert {name for name in seen if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize(
    ("client", "importer"),
    [("encord", "services.encord_api"), ("google", "services.cloud_storage")],
)
def test_every_part_of_services_is_bound_to_the_one_importer(client: str, importer: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (bound,) = (
        set(each["source_modules"])
        for each in contracts["contracts"]
        if each.get("forbidden_modules") == [client]
    )
    parts = {path.stem for path in (ROOT / "services").glob("[!_]*") if path.suffix in {".py", ""}}
    assert {f"services.{part}" for part in parts} - bound == {importer}


def test_no_module_is_a_drawer_for_everything() -> None:
    assert not [path for path in tracked() if path.name in CATCH_ALL_NAMES]


@pytest.mark.parametrize("module", FIRST)
def test_polars_is_ready_for_threads(module: str) -> None:
    """Polars finds numpy loaded.

    Otherwise it loads it with its first array, and two threads that come with theirs at the same
    time break it (seen in 2.1: *'module' object does not support item assignment*).
    """
    ask = f"import {module}; from polars import _dependencies as d; print(type(d.numpy).__name__)"
    asked = [sys.executable, "-c", ask]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True, text=True)
    assert said.stdout.strip() == "module"


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(READMES[0].read_text().split()) <= MOST_WORDS


@pytest.mark.parametrize("readme", READMES, ids=named)
def test_what_a_readme_leads_to_is_there(readme: Path) -> None:
    leads = ["".join(found) for found in LINK.findall(readme.read_text())]
    local = [each for each in leads if not each.startswith("http")]
    assert not [each for each in local if not (readme.parent / each).exists()]
