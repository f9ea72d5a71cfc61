"""Schemas as files, and a draft carried over to what somebody else made meanwhile."""

from typing import Any

import pytest
from hypothesis import given

from services.domain.metadata import OrganisationSchema, SchemaProblem
from services.domain.schema.draft import DraftKey, draft_of
from services.domain.schema.exchange import read, taken_into, to_json, to_yaml
from services.domain.schema.plan import plan
from services.domain.schema.rebase import rebased
from tests.unit.domain.test_schema_plan import ANSWERS


@pytest.mark.parametrize(("write", "name"), [(to_json, "s.json"), (to_yaml, "s.yaml")])
@given(answer=ANSWERS)
def test_a_schema_that_goes_out_and_comes_in_changes_nothing(
    write: Any, name: str, answer: dict[str, Any]
) -> None:
    readable = {
        key: kind
        for key, kind in answer.items()
        if kind["ty"] not in {"tombstone", "user", "from the future"}
    }
    base = OrganisationSchema.of(readable)
    found = read(write(base.declared), name)
    assert plan(base, taken_into(draft_of(base), found)).steps == ()


def test_files_are_in_one_order() -> None:
    one, other = (
        OrganisationSchema.of({key: {"ty": "geospatial"} for key in keys}).declared
        for keys in ("ab", "ba")
    )
    assert to_yaml(one) == to_yaml(other) == "a: geospatial\nb: geospatial\n"


def test_keys_of_a_file_are_added_and_none_is_taken_away() -> None:
    base = OrganisationSchema.of({"kept": {"ty": "enum", "values": ["a"]}})
    draft = taken_into(draft_of(base), read("kept: {type: enum, options: [b]}\nnew: uuid", "s.yml"))
    made = plan(base, draft)
    assert [(step.change.value, step.key) for step in made.steps] == [
        ("add", "new"),
        ("add options", "kept"),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[1]", "s.json"),
        ("{", "s.json"),
        ("a: [", "s.yaml"),
        ("a: &x number\nb: *x", "s.yaml"),
        ("a: colour", "s.yaml"),
        ("[a]: number", "s.yaml"),
        ("? [a]\n: number", "s.yaml"),
        ("text", "s.yaml"),
        ("!!python/object/apply:os.system [ls]", "s.yaml"),
    ],
)
def test_a_file_that_is_no_schema_says_so(text: str, name: str) -> None:
    with pytest.raises(SchemaProblem):
        read(text, name)


def test_a_file_that_is_not_json_says_where() -> None:
    with pytest.raises(SchemaProblem, match=r"^The file is not JSON \(line 3, column 1\)\.$"):
        read('{\n  "site": "text",\n}', "s.json")
    with pytest.raises(SchemaProblem, match=r"^The file is not JSON\.$"):
        read("[" * 100_000, "s.json")
    with pytest.raises(SchemaProblem, match=r"^The file is not JSON\.$"):
        read(f'{{"site": {"1" * 5_000}}}', "s.json")
    with pytest.raises(SchemaProblem, match="A schema is a JSON object"):
        read("[1]", "s.json")


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [
        ('{"k": "number", "k": "text"}', "s.json", "k"),
        ("k: number\nk: text\n", "s.yaml", "k"),
        ("k: {type: enum, type: text}", "s.yaml", "type"),
    ],
)
def test_a_key_that_stands_twice_in_a_file_is_told(text: str, name: str, key: str) -> None:
    with pytest.raises(SchemaProblem, match=f"^Key '{key}' stands there twice"):
        read(text, name)


def test_words_of_yaml_are_the_texts_that_they_are() -> None:
    text = "1: number\nyes: text\nk: {type: enum, options: [yes, 007, 1:30]}\n"
    found = read(f"{text}e: {{ty: embedding, size: 3}}\n", "s.yaml")
    assert list(found) == ["1", "yes", "k", "e"]
    assert (found["k"].options, found["e"].size) == (("yes", "007", "1:30"), 3)


def test_a_draft_goes_over_to_what_is_there_now() -> None:
    base = OrganisationSchema.of(
        {
            "n": {"ty": "variant", "hint": "text"},
            "e": {"ty": "enum", "values": ["a"]},
            "x": {"ty": "geospatial"},
        }
    )
    draft = (
        DraftKey(key="n", type="number"),
        DraftKey(key="e", type="enum", options=("a", "mine")),
        DraftKey(key="new", type="uuid"),
    )
    theirs = OrganisationSchema.of(
        {
            "n": {"ty": "variant", "hint": "uuid"},
            "e": {"ty": "enum", "values": ["a", "theirs"]},
            "x": {"ty": "geospatial"},
            "y": {"ty": "geospatial"},
        }
    )
    made = plan(theirs, rebased(draft, base, theirs))
    assert made.target == {
        "n": {"ty": "variant", "hint": "number"},
        "e": {"ty": "enum", "values": ["a", "mine", "theirs"]},
        "x": {"ty": "tombstone", "deleted_ty": {"ty": "geospatial"}},
        "y": {"ty": "geospatial"},
        "new": {"ty": "variant", "hint": "uuid"},
    }
