"""The figures of a manifest are those a person would count by hand."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from services.domain.metadata import ValueType, read_schema
from services.domain.statistics import KeyStatistics, Share, Statistics
from services.manifests import statistics
from services.manifests.options import CheckOptions
from services.manifests.repair import MeasureOrder, RepairJobs
from services.manifests.statistics import measure
from services.manifests.store import ManifestStore

SCHEMA = read_schema({"km": "number", "weather": "varchar", "never": "boolean", "at": "datetime"})


def measured(
    tmp_path: Path, values: list[dict[str, Any]], options: CheckOptions | None = None
) -> Statistics:
    entries = [
        {"objectUrl": f"gs://yard/{n}.jpg", "clientMetadata": each} for n, each in enumerate(values)
    ]
    return measured_file(tmp_path, "m.json", json.dumps({"images": entries}).encode(), options)


def measured_file(
    tmp_path: Path, name: str, data: bytes, options: CheckOptions | None = None
) -> Statistics:
    store = ManifestStore(tmp_path, max_bytes=10**7)
    options = options or CheckOptions()
    return measure(store.check(store.add(name, io.BytesIO(data)), options))


def of(found: Statistics, key: str) -> KeyStatistics:
    return next(each for each in found.keys if each.key == key)


def shares(found: tuple[Share, ...]) -> list[tuple[str, int]]:
    return [(each.value, each.count) for each in found]


def bins(found: KeyStatistics) -> list[tuple[float, float, int]]:
    return [(each.start, each.end, each.count) for each in found.bins]


def test_composition_and_fill(tmp_path: Path) -> None:
    document = {
        "images": [
            {"objectUrl": "gs://yard/a.JPG", "clientMetadata": {"km": 1, "x": None}},
            {"objectUrl": "gs://yard/b.jpg?v=1", "clientMetadata": {}},
            {"objectUrl": "https://storage.googleapis.com/other/c"},
        ],
        "nifti": [{"objectUrl": "gs://yard/brain.nii.gz", "clientMetadata": {"km": 2}}],
    }
    options = CheckOptions(schema=SCHEMA)
    found = measured_file(tmp_path, "m.json", json.dumps(document).encode(), options)
    assert (found.entries, found.with_metadata, found.further_keys) == (4, 2, 0)
    assert shares(found.types) == [("image", 3), ("nifti", 1)]
    assert shares(found.buckets) == [("yard", 3), ("other", 1)]
    assert shares(found.extensions) == [("jpg", 2), ("nii.gz", 1), ("none", 1)]
    assert [(each.key, each.declared, each.filled) for each in found.keys] == [
        ("km", ValueType.NUMBER, 2),
        ("at", ValueType.DATETIME, 0),
        ("never", ValueType.BOOLEAN, 0),
        ("weather", ValueType.VARCHAR, 0),
        ("x", None, 0),
    ]


def test_texts_and_truth_values_are_counted(tmp_path: Path) -> None:
    values = [{"weather": word, "ok": word == "sun"} for word in ("sun", "rain", "sun", "fog")]
    found = measured(tmp_path, [*values, {"weather": 3}])
    weather, ok = of(found, "weather"), of(found, "ok")
    assert shares(weather.top) == [("sun", 2), ("rain", 1), ("fog", 1)]
    assert shares(weather.kinds) == [("text", 4), ("number", 1)]
    assert (weather.distinct, weather.others) == (4, 0)
    assert shares(ok.top) == [("true", 2), ("false", 2)]
    assert ok.bins == ()


def test_only_the_most_frequent_are_named(tmp_path: Path) -> None:
    values = [{"site": f"site {n % 13}"} for n in range(39)] + [{"site": "home"}] * 5
    site = of(measured(tmp_path, [*values, {"site": "x" * 200}]), "site")
    assert shares(site.top)[0] == ("home", 5)
    assert (len(site.top), site.others, site.distinct) == (10, 39 - 27 + 1, None)


def test_identifiers_are_not_counted_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MOST_VALUES", 10)
    found = of(measured(tmp_path, [{"id": f"id {n}"} for n in range(30)]), "id")
    assert (found.top, found.distinct, found.others, found.filled) == ((), None, 30, 30)


def test_whole_numbers_fall_into_whole_bins(tmp_path: Path) -> None:
    found = of(measured(tmp_path, [{"quality": n} for n in (1, 1, 2, 5)]), "quality")
    assert bins(found) == [(1, 2, 2), (2, 3, 1), (3, 4, 0), (4, 5, 0), (5, 6, 1)]
    assert (found.lowest, found.highest, found.distinct, found.is_whole) == (1, 5, 3, True)


def test_other_numbers_fall_into_round_bins_and_none_is_lost(tmp_path: Path) -> None:
    found = of(measured(tmp_path, [{"km": n / 7} for n in range(700)]), "km")
    assert bins(found)[0][:2] == (0, 5)
    assert bins(found)[-1][:2] == (95, 100)
    assert sum(count for _, _, count in bins(found)) == 700


@pytest.mark.parametrize(
    "numbers",
    [[0.1], [7], [10**400, -(10**400)], [1e17, 1e17 + 100], [-1e308, 1e308], [5e-324, 0]],
)
def test_no_number_is_too_odd_to_be_counted(tmp_path: Path, numbers: list[float]) -> None:
    found = of(measured(tmp_path, [{"n": number} for number in numbers]), "n")
    assert sum(count for _, _, count in bins(found)) == len(numbers)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["2024-01-05", "2024-01-05T10:00:00Z", "2024-03-01"], [2, 1]),
        (["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"], [1, 1]),
        (["2024-01-05T10:00:00Z", "2024-01-05T10:00:01Z"], [1, 1]),
    ],
)
def test_points_in_time_are_counted_by_a_fitting_length(
    tmp_path: Path, times: list[str], expected: list[int]
) -> None:
    found = of(measured(tmp_path, [{"at": each} for each in times]), "at")
    assert found.is_time
    assert [count for _, _, count in bins(found)] == expected


def test_a_range_of_days_is_counted_by_the_day(tmp_path: Path) -> None:
    values = [{"at": f"2024-02-{day:02}T{hour:02}:00:00Z"} for day in (1, 3, 9) for hour in (0, 9)]
    found = of(measured(tmp_path, values), "at")
    assert [(end - start, count) for start, end, count in bins(found)] == [(86_400, 2)] * 3
    assert (found.lowest, found.highest) == (1706745600, 1707469200)


def test_what_does_not_parse_as_declared_stays_text(tmp_path: Path) -> None:
    options = CheckOptions(schema=SCHEMA)
    found = of(measured(tmp_path, [{"at": "2024-01-01"}, {"at": "soon"}], options), "at")
    assert found.is_time
    assert shares(found.top) == [("soon", 1)]


def test_a_csv_is_counted_as_the_schema_types_it(tmp_path: Path) -> None:
    rows = "".join(f"gs://yard/{n}.jpg,image,{n % 3},sun\n" for n in range(9))
    data = f"ObjectURL,Type,metadata.km,metadata.weather\n{rows}".encode()
    found = measured_file(tmp_path, "m.csv", data, CheckOptions(schema=SCHEMA))
    assert bins(of(found, "km")) == [(0, 1, 3), (1, 2, 3), (2, 3, 3)]
    assert shares(of(found, "weather").top) == [("sun", 9)]


def test_data_where_keys_should_be_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MOST_KEYS", 10)
    monkeypatch.setattr(statistics, "SHOWN_KEYS", 4)
    found = measured(tmp_path, [{f"key {n}": n} for n in range(30)])
    assert (len(found.keys), found.further_keys) == (4, 26)


@pytest.mark.parametrize("data", [b"", b"{", b'{"images": [7, {"clientMetadata": 3}]}'])
def test_a_bad_file_has_figures_too(data: bytes, tmp_path: Path) -> None:
    found = measured_file(tmp_path, "m.json", data)
    assert (found.with_metadata, found.keys) == (0, ())


def test_the_order_answers_what_is_measured(tmp_path: Path) -> None:
    store = ManifestStore(tmp_path, max_bytes=10**7)
    data = json.dumps({"images": [{"objectUrl": "gs://a/b.jpg", "clientMetadata": {"k": 1}}]})
    made = store.add("m.json", io.BytesIO(data.encode()))
    checked = store.check(made, CheckOptions())
    order = MeasureOrder(options=checked.options.to_json())
    jobs = RepairJobs(store)
    assert jobs.start(made, order).phase == "done"
    assert jobs.answer(made, order, Statistics) == measure(checked)
