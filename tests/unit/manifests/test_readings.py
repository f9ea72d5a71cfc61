"""The values of a manifest read as a person reads them, and propose what they were made from."""

import csv
import io
import json
import random
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.domain.metadata import DECLARABLE, ValueType, read_schema
from services.domain.schema.proposal import propose
from services.domain.schema.readings import KeyReadings, Readings, Shape
from services.manifests import readings
from services.manifests.options import CheckOptions
from services.manifests.readings import read_values
from services.manifests.repair import ReadOrder, RepairJobs
from services.manifests.store import ManifestStore

NAMED = "cells of a CSV", "values of a JSON"


def stored(tmp_path: Path, values: list[dict[str, Any]], *, is_csv: bool) -> tuple[str, bytes]:
    if not is_csv:
        entries = [
            {"objectUrl": f"gs://yard/{n}.jpg", "clientMetadata": each}
            for n, each in enumerate(values)
        ]
        return "m.json", json.dumps({"images": entries}, indent=0).encode()
    keys = list(dict.fromkeys(key for each in values for key in each))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["ObjectURL", "Type", *(f"metadata.{key}" for key in keys)])
    for n, each in enumerate(values):
        cells = [_cell(each.get(key, "")) for key in keys]
        writer.writerow([f"gs://yard/{n}.jpg", "image", *cells])
    return "m.csv", out.getvalue().encode()


def _cell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def read(
    tmp_path: Path,
    values: list[dict[str, Any]],
    *,
    is_csv: bool = False,
    options: CheckOptions | None = None,
) -> Readings:
    name, data = stored(tmp_path, values, is_csv=is_csv)
    store = ManifestStore(tmp_path, max_bytes=10**8)
    return read_values(store.check(store.add(name, io.BytesIO(data)), options or CheckOptions()))


def shapes(found: Readings, key: str = "key") -> dict[tuple[Shape, int], int]:
    (of_key,) = (each for each in found.keys if each.key == key)
    return {(each.shape, each.size): each.count for each in of_key.readings}


def test_the_rows_that_do_not_fit_are_named(tmp_path: Path) -> None:
    values: list[dict[str, Any]] = [{"km": str(n)} for n in range(2_000)]
    for row, word in ((4, "n/a"), (900, "-"), (1_999, "far")):
        values[row] = {"km": word}
    (km,) = read(tmp_path, values, is_csv=True).keys
    found = propose(km)
    assert found.kind is not None
    assert found.kind.type is ValueType.NUMBER
    assert (found.misfits.count, found.filled) == (3, 2_000)
    assert [(each.line, each.value) for each in found.misfits.examples] == [
        (6, "n/a"),
        (902, "-"),
        (2_001, "far"),
    ]


@pytest.mark.parametrize(
    ("value", "shape", "cell"),
    [
        (7, (Shape.NUMBER, 0), (Shape.NUMBER, 0)),
        ("7", (Shape.TEXT, 0), (Shape.NUMBER, 0)),
        ("-1.5e3", (Shape.TEXT, 0), (Shape.NUMBER, 0)),
        ("007", (Shape.CODE, 0), (Shape.CODE, 0)),
        ("1234567890123456", (Shape.CODE, 0), (Shape.CODE, 0)),
        (True, (Shape.BOOLEAN, 0), (Shape.BOOLEAN, 0)),
        ("True", (Shape.TEXT, 0), (Shape.BOOLEAN, 0)),
        ("2024-02-29", (Shape.DATETIME, 0), (Shape.DATETIME, 0)),
        ("2023-02-29", (Shape.TEXT, 0), (Shape.TEXT, 0)),
        ("2024-02-29T10:00:00Z", (Shape.DATETIME, 0), (Shape.DATETIME, 0)),
        (str(uuid.UUID(int=3)), (Shape.UUID, 0), (Shape.UUID, 0)),
        ([0.5, 2], (Shape.NUMBERS, 2), (Shape.NUMBERS, 2)),
        ([], (Shape.OTHER, 0), (Shape.OTHER, 0)),
        ({"type": "Point", "coordinates": [1, 2]}, (Shape.PLACE, 0), (Shape.PLACE, 0)),
        ({"a": 1}, (Shape.OTHER, 0), (Shape.OTHER, 0)),
        ("[not json", (Shape.TEXT, 0), (Shape.TEXT, 0)),
        ("x" * 8_193, (Shape.LONG_TEXT, 0), (Shape.LONG_TEXT, 0)),
        (10**40, (Shape.NUMBER, 0), None),
        ("  ", (Shape.BLANK, 0), None),
    ],
)
def test_what_a_value_reads_as(
    tmp_path: Path, value: object, shape: tuple[Shape, int], cell: tuple[Shape, int] | None
) -> None:
    assert shapes(read(tmp_path, [{"key": value}, {"key": None}])) == {shape: 1}
    if cell:
        assert shapes(read(tmp_path, [{"key": value}], is_csv=True)) == {cell: 1}


def test_options_are_counted_until_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "MOST_OPTIONS", 3)
    words = ["rain", "sun", "sun", "fog"]
    (few,) = read(tmp_path, [{"sky": word} for word in words]).keys
    assert few.options is not None
    assert [(each.value, each.count, each.first.line) for each in few.options] == [
        ("sun", 2, 9),
        ("fog", 1, 21),
        ("rain", 1, 3),
    ]
    (many,) = read(tmp_path, [{"sky": word} for word in (*words, "snow")]).keys
    assert many.options is None


def test_keys_beyond_the_limit_are_counted_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "MOST_KEYS", 2)
    found = read(tmp_path, [{"a": 1, "b": 2, "c": 3, "d": 4}])
    assert ([each.key for each in found.keys], found.further_keys) == (["a", "b"], 2)


def test_values_that_were_typed_by_a_schema_read_the_same(tmp_path: Path) -> None:
    options = CheckOptions(schema=read_schema({"km": "number"}))
    typed = read(tmp_path, [{"km": "7"}, {"km": "far"}], is_csv=True, options=options)
    assert shapes(typed, "km") == {(Shape.NUMBER, 0): 1, (Shape.TEXT, 0): 1}


def test_a_manifest_without_metadata_has_no_keys(tmp_path: Path) -> None:
    assert read(tmp_path, [{}, {}]).keys == ()


def test_a_job_gives_the_same_answer(tmp_path: Path) -> None:
    store = ManifestStore(tmp_path, max_bytes=10**8)
    name, data = stored(tmp_path, [{"km": n, "at": "2024-01-01"} for n in range(40)], is_csv=True)
    fingerprint = store.add(name, io.BytesIO(data))
    checked = store.check(fingerprint, CheckOptions())
    order, jobs = ReadOrder(options=checked.options.to_json()), RepairJobs(store)
    assert jobs.start(fingerprint, order).phase == "done"
    assert jobs.answer(fingerprint, order, Readings) == read_values(checked)


# A corpus that says by itself what each column is, with the dirt that columns have.

Maker = Callable[[random.Random], Any]
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


def _day(dice: random.Random) -> str:
    return (MOMENT + timedelta(seconds=dice.randrange(10**8))).isoformat()


def _words(dice: random.Random, count: int) -> str:
    return " ".join("".join(dice.choices("abcdefghij", k=6)) for _ in range(count))


def _maker(dice: random.Random, truth: ValueType) -> Maker:
    words = [_words(dice, 1) for _ in range(dice.randrange(2, 9))]
    size, length = dice.randrange(2, 40), dice.randrange(200, 300)
    makers: dict[ValueType, Maker] = {
        ValueType.NUMBER: lambda dice: round(dice.uniform(-9, 999), dice.randrange(3)),
        ValueType.BOOLEAN: lambda dice: dice.random() < 0.5,
        ValueType.DATETIME: _day,
        ValueType.UUID: lambda dice: str(uuid.UUID(int=dice.getrandbits(128))),
        ValueType.ENUM: lambda dice: dice.choice(words),
        ValueType.EMBEDDING: lambda dice: [round(dice.random(), 3) for _ in range(size)],
        ValueType.GEOSPATIAL: lambda dice: {"type": "Point", "coordinates": [dice.random(), 1]},
        ValueType.VARCHAR: lambda dice: _words(dice, 3),
        ValueType.TEXT: lambda dice: _words(dice, length),
    }
    return makers[truth]


def _column(dice: random.Random, truth: ValueType, rows: int) -> list[Any]:
    """Make a column of a type: some empty, up to 6 % of it dirt, each dirt another word."""
    make = _maker(dice, truth)
    values = [make(dice) if dice.random() < 0.9 else None for _ in range(rows)]
    for _ in range(int(rows * dice.uniform(0, 0.06))):
        values[dice.randrange(rows)] = dice.choice(["n/a", "?", f"see {_words(dice, 2)}"])
    return values


@pytest.mark.parametrize("is_csv", [True, False], ids=NAMED)
def test_precision_and_recall_over_a_seeded_corpus(
    tmp_path: Path, record_testsuite_property: Callable[[str, object], None], *, is_csv: bool
) -> None:
    dice, rows = random.Random(20), 300
    columns = {
        f"{truth.value} {n}": _column(dice, truth, rows) for truth in DECLARABLE for n in range(8)
    }
    values = [
        {key: column[row] for key, column in columns.items() if column[row] is not None}
        for row in range(rows)
    ]
    said: Counter[tuple[str, str]] = Counter()
    for each in read(tmp_path, values, is_csv=is_csv).keys:
        said[each.key.partition(" ")[0], _proposed(each)] += 1
    for truth in DECLARABLE:
        right = said[truth, truth]
        recall = right / sum(n for (real, _), n in said.items() if real == truth)
        precision = right / max(1, sum(n for (_, word), n in said.items() if word == truth))
        record_testsuite_property(
            f"{truth.value} {is_csv}", f"precision {precision:.2f}, recall {recall:.2f}"
        )
        assert recall >= 0.85, (truth, said)
        assert precision >= 0.85, (truth, said)


def _proposed(found: KeyReadings) -> str:
    kind = propose(found).kind
    assert not kind or not any(" " in each or len(each) < 6 for each in kind.options), kind
    return kind.type.value if kind else "none"
