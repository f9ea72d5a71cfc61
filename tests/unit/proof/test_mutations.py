"""Everything that can go wrong with a row is found in every place, and nothing is made up."""

from collections.abc import Callable
from random import Random
from typing import Any

import polars as pl
import pytest

from services.engine.proof import pictures
from services.engine.proof.columns import FOUND
from services.engine.proof.pictures import by_key, by_size, counted
from tests.unit.proof.population import Population, populate

SINGLES, GROUPS, PLACES = 6_000, 1_500, 1_000

Row = dict[str, Any]


def another_object(row: Row) -> None:
    row["url"] = row["key"] = f"{row['url']}-renamed"


def another_type(row: Row) -> None:
    row["type"] = "PDF"


def other_metadata(row: Row) -> None:
    row["metadata"] = row["metadata"].replace('"n":', '"n":1')


def metadata_without_a_key(row: Row) -> None:
    row["metadata"] = row["metadata"].replace('"site"', '"place"')


def frames_in_another_order(row: Row) -> None:
    row["key"] = "\x1f".join(reversed(row["key"].split("\x1f")))


def a_frame_less(row: Row) -> None:
    row["key"] = row["key"].rpartition("\x1f")[0]


def places(population: Population, seed: int, *, groups: bool = False) -> list[int]:
    first, last = (SINGLES, SINGLES + GROUPS) if groups else (0, SINGLES)
    del population
    return sorted(Random(seed).sample(range(first, last), PLACES))


def test_nothing_is_wrong_with_what_arrived() -> None:
    population = populate(SINGLES, GROUPS)
    assert population.wrong() == {}
    assert population.strangers() == []


def test_what_is_dropped_is_missing() -> None:
    population = populate(SINGLES, GROUPS)
    gone = places(population, 1)
    population.found = [row for n, row in enumerate(population.found) if n not in set(gone)]
    assert population.wrong() == dict.fromkeys(gone, "missing")
    assert population.strangers() == []


def test_what_is_there_twice_is_a_duplicate_with_both_rows() -> None:
    population = populate(SINGLES, GROUPS)
    twice = places(population, 2)
    population.found += [
        {**population.found[n], "row_uuid": f"again-{n}", "item_uuid": f"again-{n}"} for n in twice
    ]
    assert population.wrong() == dict.fromkeys(twice, "duplicate")
    lines = population.verdicts()
    listed = dict(lines.select("entry", "row_uuids").head(PLACES).iter_rows())
    assert {n: set(rows.split()) for n, rows in listed.items()} == {
        n: {f"row-{n}", f"again-{n}"} for n in twice
    }


def test_a_stranger_is_unexpected_and_harms_nobody() -> None:
    population = populate(SINGLES, GROUPS)
    for n in places(population, 3):
        stranger = {**population.found[n], "row_uuid": f"stranger-{n}", "item_uuid": f"other-{n}"}
        another_object(stranger)
        population.found.append(stranger)
    assert population.wrong() == {}
    assert population.strangers() == sorted(f"stranger-{n}" for n in places(population, 3))


def test_a_renamed_object_is_missing_and_its_row_is_unexpected() -> None:
    population = populate(SINGLES, GROUPS)
    renamed = places(population, 4)
    for n in renamed:
        another_object(population.found[n])
    assert population.wrong() == dict.fromkeys(renamed, "missing")
    assert population.strangers() == sorted(f"row-{n}" for n in renamed)


def test_a_new_title_is_no_fault() -> None:
    population = populate(SINGLES, GROUPS)
    for n in places(population, 5):
        population.found[n]["title"] = "Another title"
    assert population.wrong() == {}


@pytest.mark.parametrize(
    ("damage", "verdict", "groups"),
    [
        (another_type, "wrong type", False),
        (other_metadata, "wrong metadata", False),
        (metadata_without_a_key, "wrong metadata", False),
        (other_metadata, "wrong metadata", True),
        (frames_in_another_order, "frames differ", True),
        (a_frame_less, "frames differ", True),
    ],
)
@pytest.mark.parametrize("known_items", [True, False])
def test_what_differs_is_named(
    damage: Callable[[Row], None], verdict: str, *, groups: bool, known_items: bool
) -> None:
    population = populate(SINGLES, GROUPS)
    damaged = places(population, 6, groups=groups)
    for n in damaged:
        damage(population.found[n])
    if not known_items:
        for entry in population.expected:
            entry["item_uuid"] = None
    assert population.wrong() == dict.fromkeys(damaged, verdict)
    assert population.strangers() == []


def test_swapped_metadata_is_wrong_on_both_sides() -> None:
    population = populate(SINGLES)
    swapped = places(population, 7)
    for one, other in zip(swapped[::2], swapped[1::2], strict=True):
        rows = population.found[one], population.found[other]
        rows[0]["metadata"], rows[1]["metadata"] = rows[1]["metadata"], rows[0]["metadata"]
    assert population.wrong() == dict.fromkeys(swapped, "wrong metadata")


def test_swapped_objects_are_ambiguous_not_matched() -> None:
    population = populate(SINGLES)
    swapped = places(population, 8)
    for one, other in zip(swapped[::2], swapped[1::2], strict=True):
        for field in ("url", "key", "type", "metadata"):
            rows = population.found[one], population.found[other]
            rows[0][field], rows[1][field] = rows[1][field], rows[0][field]
    assert population.wrong() == dict.fromkeys(swapped, "ambiguous")


def test_an_object_asked_for_in_two_ways_is_ambiguous() -> None:
    population = populate(10)
    population.expected.append({**population.expected[3], "entry": 10, "metadata": '{"n":99}'})
    assert population.wrong() == {3: "ambiguous", 10: "ambiguous"}


def test_an_object_asked_for_twice_alike_is_one_object() -> None:
    population = populate(10)
    population.expected.append({**population.expected[3], "entry": 10})
    assert population.wrong() == {}


@pytest.mark.parametrize("item", ["item-3", "item-gone", None])
def test_an_object_that_was_to_be_there_twice_is_there_once(item: str | None) -> None:
    population = populate(10)
    for entry in population.expected:
        entry["apart"] = True
    assert population.wrong() == {}
    population.expected.append({**population.expected[3], "entry": 10, "item_uuid": item})
    assert population.wrong() == {10: "missing"}
    population.found.append({**population.found[3], "row_uuid": "again", "item_uuid": "again"})
    assert population.wrong() == {}


def test_the_pictures_count_what_was_asked_for_and_add_up() -> None:
    population = populate(70, 2)
    del population.found[:3]
    lines = population.verdicts()
    assert dict(counted(lines, "type")) == {"image": 24, "video": 23, "audio": 23, "image_group": 2}
    folders = counted(lines, "folder")
    assert sum(entries for _, entries in folders) == 72
    assert folders[0] == ("gs://bucket/site-0/", 10)
    assert len(folders) == len({folder for folder, _ in folders}) == 9
    assert counted(lines, "stage") == [("registered but not linked", 3)]
    assert counted(lines, "detail") == [("registered but not linked", 3)]


def test_what_is_rarer_than_most_is_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = populate(70, 2).verdicts()
    whole = counted(lines, "folder")
    monkeypatch.setattr(pictures, "MOST", 3)
    assert counted(lines, "folder") == [
        *whole[:3],
        ("everything else", sum(entries for _, entries in whole[3:])),
    ]


def test_the_pictures_count_what_encord_lists_by_size_and_by_key() -> None:
    population = populate(8)
    population.found[0] |= {"bytes": None, "metadata": None}
    population.found[1] |= {"bytes": 0, "metadata": '{"n":1}'}
    population.found[2] |= {"bytes": 20_000_000_000}
    found = pl.DataFrame(population.found, schema=FOUND)
    assert by_size(found) == [
        ("empty", 1),
        ("under 10 kB", 5),
        ("1 GB and more", 1),
        ("not told", 1),
    ]
    assert by_key(found) == [("n", 7), ("quality", 6), ("site", 6)]
