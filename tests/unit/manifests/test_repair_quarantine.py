"""What is held back can be mended in a spreadsheet and uploaded again as its own manifest."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.chunks import Ranges
from services.domain.entries import SECTIONS, EntryType
from services.domain.metadata import read_schema
from services.domain.rules import Fix
from services.manifests import repair
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from services.manifests.stored import read_entries

OPTIONS = CheckOptions(schema=read_schema({"km": "number", "note": "text", "vec": "embedding"}))

#: What a spreadsheet runs, or what hides it from a check that looks at the first character only.
FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "%0A=1",
    "|cmd",
    "\t=1+1",
    " =1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u00a0=1+1",
    "\uff1d1+1",
    "\uff0b1+1",
    "\uff0d1+1",
    "\uff20SUM(A1)",
    "'=1+1",
    "''",
    '=HYPERLINK("http://x","y")',
    '=cmd|"/C calc"!A0',
    '=DDE("cmd";"/C calc";"__DdeLink_60_870516294")',
    '@SUM(1+1)*cmd|"/C calc"!A0',
    "=IMPORTXML(CONCAT(A1),B1)",
    "\n=1+1",
    " \t\u200b@x",
]
_DANGEROUS = "=+-@|%\t\r\n\uff1d\uff0b\uff0d\uff20"
_HIDING = " \t\r\n\ufeff\u00a0" + "".join(map(chr, range(0x200B, 0x2010)))


def store_in(root: Path) -> ManifestStore:
    return ManifestStore(root, max_bytes=50_000_000)


def check(store: ManifestStore, document: object, name: str = "m.json") -> CheckedManifest:
    text = document if isinstance(document, str) else json.dumps(document)
    return store.check(store.add(name, io.BytesIO(text.encode())), OPTIONS)


def held_rows(checked: CheckedManifest, folder: Path) -> list[dict[str, str]]:
    """Write what is held and read it as a spreadsheet does."""
    target = folder / "held.csv"
    checked.write_held(target)
    with target.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def uploaded(store: ManifestStore, rows: list[dict[str, str]]) -> CheckedManifest:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(rows[0]), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return check(store, "\ufeff" + stream.getvalue(), "held.csv")


def entries_of(checked: CheckedManifest) -> list[tuple[str, dict[str, Any]]]:
    entries = checked.read(checked.valid_indexes())
    return [(entry.type.value, json.loads(entry.payload)) for entry in entries]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula_and_all_read_back(formula: str, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    metadata = {"note": formula, "km": -5}
    entry = {"objectUrl": "/a.jpg", "title": formula, "clientMetadata": metadata}
    rows = held_rows(check(store, {"images": [entry]}), tmp_path)
    for row in rows:
        for text in row.values():
            bare = text.lstrip(_HIDING)
            assert not bare.startswith(tuple(_DANGEROUS))
            assert not text.startswith(tuple(_DANGEROUS))
    rows[0]["ObjectURL"] = "gs://d/a.jpg"
    mended = uploaded(store, rows)
    assert mended.summary.valid_entries == 1, mended.findings().rows
    assert entries_of(mended) == [("image", {**entry, "objectUrl": "gs://d/a.jpg"})]


def single() -> dict[str, Any]:
    made: dict[str, Any] = {"title": "t", "clientMetadata": {"km": 1, "note": "a", "vec": [1, 2]}}
    return {**made, "objectUrl": "gs://d/a"}


def composite(kind: EntryType) -> dict[str, Any]:
    made: dict[str, Any] = {"title": "t", "objectUrl_0": "gs://d/0", "objectUrl_1": "gs://d/1"}
    if kind is not EntryType.DICOM_SERIES:
        made["createVideo"] = kind is EntryType.IMAGE_SEQUENCE
    return {**made, "clientMetadata": {"km": 1}}


@pytest.mark.parametrize("kind", [kind for kind in EntryType if kind is not EntryType.SCENE])
def test_mended_entries_of_every_type_read_as_they_were_meant(
    kind: EntryType, tmp_path: Path
) -> None:
    store = store_in(tmp_path)
    meant = composite(kind) if kind.is_composite else single()
    broken = {**meant, "clientMetadata": {**meant["clientMetadata"], "km": "wrong"}}
    other = {**broken, **{key: f"{url}x" for key, url in meant.items() if "objectUrl" in key}}
    document = {SECTIONS[kind]: [broken, meant, other]}
    checked = check(store, document)
    assert (checked.summary.valid_entries, checked.summary.held_entries) == (1, 2)
    rows = held_rows(checked, tmp_path)
    for row in rows:
        row["metadata.km"] = row["metadata.km"].replace("wrong", "1")
    mended = uploaded(store, rows)
    assert mended.summary.valid_entries == 2, mended.findings().rows
    assert entries_of(mended) == [
        (kind.value, meant),
        (kind.value, {**other, "clientMetadata": meant["clientMetadata"]}),
    ]


def test_broken_rows_of_a_csv_come_with_their_text(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    text = 'ObjectURL,Type,Title\n"gs://d/a.jpg,image,a\ngs://d/b.jpg,picture,=b\ngs://d/c.jpg\n'
    rows = held_rows(check(store, text, "m.csv"), tmp_path)
    assert [row["Onboarding row"] for row in rows] == [
        '"gs://d/a.jpg,image,a',
        "gs://d/b.jpg,picture,=b",
        "gs://d/c.jpg",
    ]
    assert (rows[1]["Type"], rows[1]["Title"]) == ("picture", "'=b")
    for row in rows:
        row |= {"ObjectURL": row["ObjectURL"] or "gs://d/a.jpg", "Type": "image"}
    mended = entries_of(uploaded(store, rows))
    assert mended == [
        ("image", {"objectUrl": "gs://d/a.jpg"}),
        ("image", {"objectUrl": "gs://d/b.jpg", "title": "=b"}),
        ("image", {"objectUrl": "gs://d/c.jpg"}),
    ]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(FORMULAS)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab:.", max_size=3), inner),
    max_leaves=4,
)
METADATA = st.dictionaries(
    st.sampled_from(["note", "km", "a", "b c", "x.y", "Title", ""]), VALUES, max_size=4
)
ENTRIES = st.fixed_dictionaries(
    {"objectUrl": st.sampled_from(["gs://d/a.jpg", "/a.jpg", "", "gs://d/b c.jpg", "=1"])},
    optional={
        "title": st.sampled_from(["a", "", *FORMULAS]),
        "clientMetadata": METADATA,
        "label": VALUES,
        "imageMetadata": st.dictionaries(st.sampled_from(["width", "fileSize"]), VALUES),
    },
)
GROUPS = st.fixed_dictionaries(
    {"title": st.sampled_from(["g", "=g", ""]), "objectUrl_5": st.just("gs://d/5")},
    optional={
        "createVideo": st.booleans(),
        "clientMetadata": METADATA,
        **{f"objectUrl_{n}": st.sampled_from([f"gs://d/{n}", "/x", "gs://d/0"]) for n in range(4)},
    },
)
#: Keys and JSON texts that cells cannot say in full, in any combination.
FIELDS = ["objectUrl", "objectUrl_0", "objectUrl_3", "title", "Title", "clientMetadata", "label"]
FIELDS += ["createVideo", "imageMetadata", "Onboarding finding", "bell\x07", ""]
FIELDS += ["Onboarding row", "Onboarding entry"]
TEXTS = [
    '"gs://d/a"',
    '"a\\u0007b"',
    '"\\ud800"',
    '"=1"',
    '""',
    "null",
    "7",
    "true",
    "[1, 2.0]",
    "{}",
]
TEXTS += [
    '{"a": 1, "a": 2}',
    '{"km": NaN}',
    '{"note": "x\\u0000", "": 1}',
    '"two\\nlines"',
    '"\x7f"',
]
PROVEN = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@PROVEN
@given(st.lists(ENTRIES, max_size=4), st.lists(GROUPS, max_size=3))
def test_valid_and_held_are_the_input(
    tmp_path_factory: pytest.TempPathFactory,
    images: list[dict[str, Any]],
    groups: list[dict[str, Any]],
) -> None:
    folder = tmp_path_factory.mktemp("held")
    store = store_in(folder)
    checked = check(store, {"images": images, "image_groups": groups})
    summary = checked.summary
    valid, held = list(checked.valid_indexes()), list(checked.held_indexes())
    assert sorted([*valid, *held]) == list(range(summary.entries))
    assert summary.entries == len(images) + len(groups)
    assert checked.write_held(folder / "held.csv") == len(held) == summary.held_entries
    document = folder / "valid.json"
    checked.write_registration(checked.valid_indexes(), document)
    sent = json.loads(document.read_text())
    sent_count = len(sent.get("images", [])) + len(sent.get("image_groups", []))
    assert sent_count + len(held) == summary.entries
    assert_held_is_carried(store, checked, folder)


def uploaded_again(store: ManifestStore, checked: CheckedManifest, folder: Path) -> CheckedManifest:
    """Upload the file of what is held back as it is."""
    checked.write_held(folder / "held.csv")
    return store.check(
        store.add("held.csv", io.BytesIO((folder / "held.csv").read_bytes())), OPTIONS
    )


def said(checked: CheckedManifest, entries: Ranges) -> list[tuple[str, ...]]:
    """Say what entries are and why they are held, in no order: groups come last in a CSV."""
    read = read_entries(checked.source, entries)
    codes = {row.index: row.codes for row in checked.entries().rows}
    texts = {entry.index: json.dumps(json.loads(entry.payload), sort_keys=True) for entry in read}
    return sorted((text, *_told(codes[index])) for index, text in texts.items())


def _told(codes: tuple[str, ...]) -> list[str]:
    """Leave out what depends on other entries; in a CSV, a URL that is missing is an empty cell."""
    return [code.replace("missing", "empty") for code in codes if code != "url-duplicate"]


def assert_held_is_carried(
    store: ManifestStore, checked: CheckedManifest, folder: Path
) -> CheckedManifest:
    """Expect everything that is held back in its file; returns what the file is read as."""
    again = uploaded_again(store, checked, folder)
    everything = Ranges(((0, again.summary.entries - 1),)) if again.summary.entries else Ranges()
    assert said(again, everything) == said(checked, checked.held_indexes())
    return again


@PROVEN
@given(
    st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(TEXTS)), max_size=6),
    st.sampled_from(["images", "image_groups", "videos", "dicom_series"]),
)
def test_held_entries_come_back_as_they_are_written(
    tmp_path_factory: pytest.TempPathFactory, members: list[tuple[str, str]], section: str
) -> None:
    """Whatever the text of an entry: keys given twice, control characters, other types."""
    folder = tmp_path_factory.mktemp("text")
    store = store_in(folder)
    text = ", ".join(f"{json.dumps(key)}: {value}" for key, value in members)
    checked = check(store, f'{{"{section}": [{{{text}}}, {{{text}, "objectUrl": "/x"}}]}}')
    again = assert_held_is_carried(store, checked, folder)
    assert_held_is_carried(store, again, folder)


def test_changed_cells_count_and_all_else_stays(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    text = """{"images": [{"objectUrl": "gs://d/a\\u0007.jpg", "title": 7, "label": [1],
        "clientMetadata": {"note": "a", "note": "b", "km": 1}}]}"""
    rows = held_rows(check(store, text), tmp_path)
    assert rows[0]["ObjectURL"] == "gs://d/a\\u0007.jpg"
    rows[0]["ObjectURL"] = "gs://d/a.jpg"
    rows[0]["metadata.note"] = "c"
    mended = uploaded(store, rows)
    assert set(mended.summary.counts) == {"title-type", "field-unknown", "csv-header-unknown"}
    rows[0]["Title"] = "seven"
    mended = uploaded(store, rows)
    metadata = {"km": 1, "note": "c"}
    sent = {"objectUrl": "gs://d/a.jpg", "title": "seven", "label": [1], "clientMetadata": metadata}
    assert entries_of(mended) == [("image", sent)]


def test_emptying_the_carried_entry_leaves_the_cells(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    text = """{"images": [{"objectUrl": "gs://d/a.jpg", "title": "one", "title": "two"}]}"""
    rows = held_rows(check(store, text), tmp_path)
    assert set(uploaded(store, rows).summary.counts) == {"json-duplicate-key"}
    damaged = [{**rows[0], "Onboarding entry": rows[0]["Onboarding entry"][:-9]}]
    (finding,) = uploaded(store, damaged).findings().rows
    assert "bring its text back, or empty it" in finding.message
    rows[0]["Onboarding entry"] = ""
    sent = {"objectUrl": "gs://d/a.jpg", "title": "two"}
    assert entries_of(uploaded(store, rows)) == [("image", sent)]


def test_frames_stay_as_they_were_beside_a_changed_one(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    group = {"title": "g", "objectUrl_0": "gs://d/0\x07", "objectUrl_7": "/7"}
    rows = held_rows(check(store, {"image_groups": [group]}), tmp_path)
    rows[1]["ObjectURL"] = "gs://d/7"
    mended = uploaded(store, rows)
    assert set(mended.summary.counts) == {"url-control", "group-gap"}
    rows[0]["ObjectURL"] = "gs://d/0"
    assert set(uploaded(store, rows).summary.counts) == {"group-gap"}
    rows.append({**rows[1], "ObjectURL": "gs://d/8"})
    frames = {"objectUrl_0": "gs://d/0", "objectUrl_1": "gs://d/7", "objectUrl_2": "gs://d/8"}
    assert entries_of(uploaded(store, rows)) == [("image_group", {"title": "g", **frames})]


def test_cells_that_did_not_fit_are_not_dropped_in_silence(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    rows = held_rows(check(store, "ObjectURL,Type\ngs://d/a.jpg,image,lost\n", "m.csv"), tmp_path)
    again = uploaded(store, rows)
    assert again.summary.valid_entries == 0
    assert "no cell was changed since" in again.findings().rows[0].message
    rows[0]["Title"] = "lost"
    sent = {"objectUrl": "gs://d/a.jpg", "title": "lost"}
    assert entries_of(uploaded(store, rows)) == [("image", sent)]


@pytest.mark.parametrize(
    "text",
    [
        "ObjectURL,Type,% done\ngs://d/a.jpg,image,5,lost\n",
        "ObjectURL,Type,metadata.km\ngs://d/a.jpg,image,5,lost\n/b.jpg,image,7\n",
        "objectUrl,Type,Image title\ngs://d/a.jpg,video,lost\n",
        "ObjectURL,Type,Type\n,image,lost\ngs://d/a.jpg\n",
        "Type,ObjectURL\nimage group\n",
    ],
)
def test_a_row_that_could_not_be_read_is_never_read_before_it_was_changed(
    text: str, tmp_path: Path
) -> None:
    store = store_in(tmp_path)
    checked, sizes = check(store, text, "m.csv"), []
    said = {row["Onboarding row"] for row in held_rows(checked, tmp_path)}
    for _ in range(3):
        checked = uploaded(store, rows := held_rows(checked, tmp_path))
        assert checked.summary.valid_entries == 0
        assert {row["Onboarding row"] for row in rows} == said
        sizes.append(sum(len(cell) for cell in rows[0].values()))
    assert sizes[1] == sizes[2]  # nothing is carried within what is carried


def test_an_entry_of_a_type_nobody_knows_is_carried_through_every_round(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    entry = {"type": "picture", "objectUrl": "gs://d/a.jpg", "clientMetadata": {"vec": [1, 2.5]}}
    checked = check(store, json.dumps({**entry, "label": {"deep": [1]}}), "m.jsonl")
    for title in ("", "new", ""):
        (row,) = held_rows(checked, tmp_path)
        checked = uploaded(store, [{**row, "Title": title or row["Title"]}])
        assert checked.summary.counts["entry-type"] == 1
    (row,) = held_rows(checked, tmp_path)
    sent = {**entry, "title": "new", "label": {"deep": [1]}}
    del sent["type"]
    assert entries_of(uploaded(store, [{**row, "Type": "image"}])) == [("image", sent)]


@PROVEN
@given(st.lists(ENTRIES, min_size=1, max_size=3))
def test_mended_urls_give_the_entries_that_were_meant(
    tmp_path_factory: pytest.TempPathFactory, images: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("mended")
    store = store_in(folder)
    broken = [{**entry, "objectUrl": f"/{n}"} for n, entry in enumerate(images)]
    meant = [{**entry, "objectUrl": f"gs://d/{n}"} for n, entry in enumerate(images)]
    rows = held_rows(check(store, {"images": broken}), folder)
    for number, row in enumerate(rows):
        row["ObjectURL"] = f"gs://d/{number}"
    mended, expected = uploaded(store, rows), check(store, {"images": meant})
    assert [row.valid for row in mended.entries().rows] == [
        row.valid for row in expected.entries().rows
    ]
    assert list(map(without_nothing, entries_of(mended))) == list(
        map(without_nothing, entries_of(expected))
    )


def without_nothing(entry: tuple[str, dict[str, Any]]) -> object:
    """Leave out what a CSV has no cell for: empty metadata, and fields nobody knows."""
    kind, fields = entry
    kept = {key: value for key, value in fields.items() if value not in ({}, "") and key != "label"}
    return kind, kept


HELD = [
    (
        "title-type",
        Fix.RETYPE,
        {"images": [{"objectUrl": "gs://d/a.jpg", "title": 5}]},
        [{"objectUrl": "gs://d/a.jpg", "title": "5"}],
    ),
    (
        "group-gap",
        Fix.RENUMBER,
        {"image_groups": [{"title": "g", "objectUrl_0": "gs://d/0", "objectUrl_7": "gs://d/7"}]},
        [{"title": "g", "objectUrl_0": "gs://d/0", "objectUrl_1": "gs://d/7"}],
    ),
    (
        "group-duplicate-frame",
        Fix.DROP_DUPLICATE,
        {"image_groups": [{"title": "g", "objectUrl_00": "gs://d/0", "objectUrl_1": "gs://d/0"}]},
        [{"title": "g", "objectUrl_0": "gs://d/0"}],
    ),
    (
        "json-duplicate-key",
        Fix.REMOVE_KEY,
        '{"images": [{"objectUrl": "gs://d/a.jpg", "title": "one", "title": "two"}]}',
        [{"objectUrl": "gs://d/a.jpg", "title": "two"}],
    ),
]


@pytest.mark.parametrize(("code", "fix", "document", "expected"), HELD, ids=str)
def test_fixes_of_held_rows_mend_the_cells_and_what_they_carry(
    code: str, fix: Fix, document: object, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    store = store_in(tmp_path)
    held = uploaded_again(store, check(store, document), tmp_path)
    assert held.summary.valid_entries == 0
    seen = repair.preview(held, code, fix)
    after = repair.apply(store, held.summary.fingerprint, OPTIONS, code, fix)
    mended = store.check(after, OPTIONS)
    assert seen.count > 0
    assert [fields for _, fields in entries_of(mended)] == expected
    rows = rows_of_source(store, after)
    assert json.loads(rows[0]["Onboarding entry"]) == expected[0]
    assert [row["ObjectURL"] for row in rows] == [
        url for name, url in expected[0].items() if name.startswith("objectUrl")
    ]
    assert repair.apply(store, after, OPTIONS, code, fix) == after


def rows_of_source(store: ManifestStore, fingerprint: str) -> list[dict[str, str]]:
    text = (store.root / fingerprint / "source").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_fix_beside_a_changed_cell_leaves_the_change(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    entry = {"objectUrl": "/a.jpg", "title": 5, "clientMetadata": {"note": 7}}
    rows = held_rows(check(store, {"images": [entry]}), tmp_path)
    rows[0]["ObjectURL"] = "gs://d/a.jpg"
    changed = uploaded(store, rows)
    after = changed.summary.fingerprint
    for code in ("title-type", "metadata-value"):
        after = repair.apply(store, after, OPTIONS, code, Fix.RETYPE)
    sent = {"objectUrl": "gs://d/a.jpg", "title": "5", "clientMetadata": {"note": "7"}}
    assert entries_of(store.check(after, OPTIONS)) == [("image", sent)]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ('"k": 1, "k": 2', "json-duplicate-key"),
        ('"k": "x\\ud800y"', "json-syntax"),
        ('"k": 1e999', "json-number"),
        (f'"k": {"9" * 1_200}', "json-number"),
        (f'"k": {"[" * 90 + "]" * 90}', "json-depth"),
    ],
)
def test_what_is_wrong_beside_a_changed_cell_is_never_mended_in_silence(
    wrong: str, code: str, tmp_path: Path
) -> None:
    store = store_in(tmp_path)
    members = f'{{{wrong}, "m": 1}}'
    entry = f'{{"type": "image", "objectUrl": "gs://b/a.jpg", "clientMetadata": {members}}}'
    again = check(store, entry, "m.jsonl")
    changes = {"metadata.m:json": "2", "Title": "new"}
    for change in ({}, changes, {}, {}):
        rows = held_rows(again, tmp_path)
        assert wrong in rows[0]["Onboarding entry"]
        again = uploaded(store, [{**rows[0], **change}])
        assert set(again.summary.counts) == {code, "metadata-undeclared"}
    carried = held_rows(again, tmp_path)[0]
    assert {key: carried[key] for key in changes} == changes
