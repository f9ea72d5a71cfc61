"""No callback is given what a field said when the page was drawn: see `components/session.py`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

COMPONENTS = Path(__file__).resolve().parents[2] / "components"
FIELDS = {
    *("checkbox", "data_editor", "multiselect", "number_input", "pills", "radio"),
    *("segmented_control", "selectbox", "slider", "text_area", "text_input", "toggle"),
}
#: What was shown: the callback tells by it that other rows were chosen meanwhile, or asks which of
#: these rows are ticked.
SHOWN = {("unlinking", "chosen"), ("schema_proposal", "shown"), ("schema_proposal", "table")}


def given(source: str) -> Iterator[str]:
    """Yield the names that come from a field and are given to a callback, function by function."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            told = from_fields(function)
            for call in ast.walk(function):
                arguments = [] if not isinstance(call, ast.Call) else call.keywords
                for argument in arguments:
                    if argument.arg in {"args", "kwargs", "on_confirm"}:
                        yield from names(argument.value) & told


def from_fields(function: ast.FunctionDef) -> set[str]:
    """Return the names that a function takes from fields, and from those names."""
    told: set[str] = set()
    while True:
        before = len(told)
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and (asks(node.value) or names(node.value) & told):
                told |= {name for target in node.targets for name in names(target)}
        if len(told) == before:
            return told


def asks(value: ast.AST) -> bool:
    called = (each.func for each in ast.walk(value) if isinstance(each, ast.Call))
    return any(isinstance(each, ast.Attribute) and each.attr in FIELDS for each in called)


def names(value: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(value) if isinstance(each, ast.Name)}


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("*.py")), ids=lambda path: path.stem)
def test_a_callback_asks_the_fields_itself(path: Path) -> None:
    found = {(path.stem, name) for name in given(path.read_text("utf-8"))}
    assert found <= SHOWN


def test_a_value_that_is_given_is_found() -> None:
    drawn = """
def show():
    title = st.text_input("Title")
    choice = Choice(title.strip())
    st.button("Go", on_click=_go, args=(run, choice))
"""
    assert set(given(drawn)) == {"choice"}
