"""Drafts, lint, plans and drift: what a person wants becomes Encord's schema, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.metadata import OrganisationSchema
from services.domain.schema.draft import DraftKey, KeyState, draft_of, split_options
from services.domain.schema.drift import drift
from services.domain.schema.lint import lint
from services.domain.schema.plan import (
    Change,
    DraftRefusedError,
    between,
    plan,
    restoring,
    same,
    written,
)

BASE: dict[str, Any] = {
    "team.count": {"ty": "variant", "hint": "number"},
    "team.weather": {"ty": "enum", "values": ["rain", "sun"]},
    "team.clip": {"ty": "embedding", "size": 512, "api": None},
    "team.old": {"ty": "number", "format": "F64"},
    "team.odd": {"ty": "tuple", "of": ["a"]},
    "team.gone": {"ty": "tombstone", "deleted_ty": {"ty": "variant", "hint": "text"}},
    "team.never": {"ty": "tombstone", "deleted_ty": None},
}


def schema(answer: dict[str, Any] | None = None) -> OrganisationSchema:
    return OrganisationSchema.of(BASE if answer is None else answer)


def edited(*rows: DraftKey, without: tuple[str, ...] = ()) -> tuple[DraftKey, ...]:
    changed = {row.key for row in rows} | set(without)
    kept = [row for row in draft_of(schema()) if row.key not in changed]
    return (*kept, *rows)


def steps(*rows: DraftKey, without: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    made = plan(schema(), edited(*rows, without=without))
    return [(step.change.value, step.key) for step in made.steps]


def key(name: str, kind: str = "varchar", **more: Any) -> DraftKey:
    return DraftKey(key=name, type=kind, **more)


def test_a_draft_that_changes_nothing_plans_nothing() -> None:
    made = plan(schema(), draft_of(schema()))
    assert made.steps == ()
    assert made.target == BASE


@pytest.mark.parametrize(
    ("row", "change"),
    [
        (key("team.site"), "add"),
        (key("team.site", "string"), "add"),
        (key("Keyframes"), "add"),
        (key("team.box", "embedding", size="4,096"), "add"),
        (key("team.count", "text"), "change type"),
        (key("team.weather", "enum", options=("rain", "sun", "snow")), "add options"),
        (key("team.count", "number", state=KeyState.DELETED), "delete"),
        (key("team.odd", "unreadable", state=KeyState.DELETED_FOREVER), "delete for ever"),
        (key("team.gone", "text"), "restore"),
    ],
)
def test_one_change_is_one_step(row: DraftKey, change: str) -> None:
    assert steps(row) == [(change, row.key)]


def test_a_row_that_is_removed_deletes_its_key() -> None:
    assert steps(without=("team.clip",)) == [("delete", "team.clip")]


def test_a_restored_key_may_change_its_type() -> None:
    assert steps(key("team.gone", "number")) == [
        ("restore", "team.gone"),
        ("change type", "team.gone"),
    ]


def test_what_destroys_comes_last_and_is_named() -> None:
    made = plan(schema(), edited(key("team.a"), key("team.count", "text"), without=("team.clip",)))
    assert [step.change for step in made.steps] == [Change.ADD, Change.RETYPE, Change.DELETE]
    assert [step.key for step in made.destructive] == ["team.count", "team.clip"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (key(" "), "key-empty"),
        (key("été"), "key-charset"),
        (key("$site"), "key-charset"),
        (key("- _"), "key-charset"),
        (key("k.e y-frames"), "key-reserved"),
        (key("team.site "), "key-blank"),
        (key("team.site", "string"), "type-alias"),
        (key("team.site", ""), "type-unknown"),
        (key("team.site", "numbr"), "type-unknown"),
        (key("team.site", "enum"), "option-none"),
        (key("team.site", "enum", options=tuple(map(str, range(256)))), "option-limit"),
        (key("team.site", "enum", options=("a", "a")), "option-twice"),
        (key("team.site", "enum", options=("a", "A")), "option-near"),
        (key("team.site", "embedding", size="many"), "embedding-size"),
        (key("team.site", "embedding", size="4097"), "embedding-size"),
        (key("team.site", "embedding", size="2001"), "embedding-active"),
        (key("TEAM.count"), "key-twin"),
        (key("team.counts"), "key-near"),
        (key("site"), "key-namespace"),
        (key("team.clip", "embedding", size="8"), "type-fixed"),
        (key("team.old", "text"), "type-fixed"),
        (key("team.weather", "enum", options=("sun",)), "option-removed"),
        (key("team.never"), "key-gone"),
        (key("team.gone", "text", state=KeyState.DELETED_FOREVER), "key-deleted"),
        (key("team.new", state=KeyState.DELETED), "key-deleted"),
    ],
)
def test_every_slip_is_a_finding(row: DraftKey, code: str) -> None:
    assert code in {each.code for each in lint(edited(row), schema())}


def test_a_key_twice_is_a_finding() -> None:
    assert "key-twice" in {
        each.code for each in lint((*edited(key("team.a")), key("team.a")), schema())
    }


def test_numbered_keys_are_no_slips() -> None:
    assert not lint(edited(key("team.camera1"), key("team.camera2")), schema())


def test_255_options_and_300_keys_are_fine() -> None:
    options = tuple(f"option {n}" for n in range(255))
    rows = [key(f"team.key {n}", "enum", options=options) for n in range(300)]
    made = plan(schema(), edited(*rows))
    assert len(made.steps) == 300


def test_errors_keep_the_plan_from_being_made() -> None:
    with pytest.raises(DraftRefusedError) as refused:
        plan(schema(), edited(key("a/b"), key("team.x", "enum")))
    assert [each.code for each in refused.value.findings] == ["key-charset", "option-none"]


@pytest.mark.parametrize(
    ("pasted", "options"),
    [
        ("a\nb\r\nc, d", ("a", "b", "c, d")),
        ("a, b ,c", ("a", "b", "c")),
        ("a\tb;c|d", ("a", "b", "c", "d")),
        (" \n ", ()),
    ],
)
def test_pasted_lists_are_cut_where_they_should_be(pasted: str, options: tuple[str, ...]) -> None:
    assert split_options(pasted) == options


def test_drift_shows_three_views_and_tells_conflicts() -> None:
    mine = plan(schema(), edited(key("team.count", "text"), key("team.mine")))
    theirs = {
        **BASE,
        "team.count": {"ty": "variant", "hint": "uuid"},
        "team.theirs": {"ty": "geospatial"},
    }
    found = {each.key: each for each in drift(mine, theirs)}
    assert set(found) == {"team.count", "team.theirs"}
    assert found["team.count"].is_conflict
    assert not found["team.theirs"].is_conflict
    assert drift(mine, dict(BASE)) == ()


NAMES = st.sampled_from([f"team.{letter}" for letter in "abcdef"])
OPTIONS = st.lists(st.sampled_from("pqrstu"), min_size=1, max_size=5, unique=True)
SCALARS = st.sampled_from(["boolean", "datetime", "number", "uuid", "varchar", "text"])
KINDS = st.one_of(
    SCALARS.map(lambda hint: {"ty": "variant", "hint": hint}),
    OPTIONS.map(lambda values: {"ty": "enum", "values": values}),
    st.integers(1, 4096).map(lambda size: {"ty": "embedding", "size": size, "api": None}),
    st.just({"ty": "geospatial"}),
    st.just({"ty": "number", "format": "F64"}),
    st.just({"ty": "varchar", "max_length": 12}),
    st.just({"ty": "user"}),
    st.just({"ty": "from the future"}),
)
GONE = st.one_of(st.none(), KINDS).map(lambda kind: {"ty": "tombstone", "deleted_ty": kind})
ANSWERS = st.dictionaries(NAMES, st.one_of(KINDS, GONE))
ROWS = st.builds(
    DraftKey,
    key=NAMES,
    type=st.one_of(SCALARS, st.sampled_from(["enum", "embedding", "geospatial"])),
    options=OPTIONS.map(tuple),
    size=st.just("64"),
    state=st.sampled_from(KeyState),
)


@given(ANSWERS, st.lists(ROWS, max_size=6, unique_by=lambda row: row.key))
def test_a_plan_leads_to_exactly_what_the_draft_says(
    answer: dict[str, Any], rows: list[DraftKey]
) -> None:
    base = schema(answer)
    changed = {row.key for row in rows}
    draft = (*(row for row in draft_of(base) if row.key not in changed), *rows)
    try:
        made = plan(base, draft)
    except DraftRefusedError:
        return
    after = OrganisationSchema.of(made.target)
    assert made.can_be_scripted
    for row in rows:
        if row.state is KeyState.IN_USE:
            wanted = row.kind()
            assert wanted is not None
            found = after.declared[row.key]
            assert found.type is wanted.type
            assert set(found.options) == set(wanted.options)
        else:
            assert row.key in after.deleted
    untouched = set(answer) - changed
    assert {name: made.target[name] for name in untouched} == {
        name: answer[name] for name in untouched
    }
    assert set(made.target) == set(answer) | changed


@given(ANSWERS, ANSWERS)
def test_going_back_to_a_snapshot_is_exact_and_names_every_change(
    now: dict[str, Any], snapshot: dict[str, Any]
) -> None:
    made = restoring(schema(now), snapshot)
    assert made.target == snapshot
    changed = {name for name in {*now, *snapshot} if not same(now.get(name), snapshot.get(name))}
    assert {step.key for step in made.steps} == changed
    assert between(schema(now), now).steps == ()


@given(ANSWERS)
def test_what_nobody_touches_is_kept_as_it_is(answer: dict[str, Any]) -> None:
    assert plan(schema(answer), draft_of(schema(answer))).target == answer


def test_types_are_written_as_the_sdk_writes_them() -> None:
    row = key("k", "enum", options=("b", "a"))
    kind = row.kind()
    assert kind is not None
    assert written(kind) == {"ty": "enum", "values": ["a", "b"]}
    assert replace(row, type="string").kind() == replace(row, type="varchar").kind()
