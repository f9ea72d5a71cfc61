"""Fixes by code: what each one writes, and what none of them may do."""

import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.findings import Severity
from services.domain.metadata import read_schema
from services.domain.rules import RULES, Fix
from services.manifests import repair
from services.manifests.checked import CheckedManifest
from services.manifests.errors import UnknownManifestError
from services.manifests.options import CheckOptions
from services.manifests.repair.errors import BrokenLineageError, UnfitFixError
from services.manifests.store import ManifestStore

EXAMPLES = Path(__file__).parents[2] / "manifests" / "invalid"
SCHEMA = read_schema(
    {
        "weather": {"type": "enum", "options": ["sunny", "rainy"]},
        "taken": "datetime",
        "km": "number",
        "ok": "boolean",
        "free": "text",
    }
)
OPTIONS = CheckOptions(schema=SCHEMA)


def store_in(root: Path) -> ManifestStore:
    return ManifestStore(root, max_bytes=50_000_000)


def add(store: ManifestStore, content: object, name: str = "m.json") -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    return store.add(name, io.BytesIO(text.encode()))


def text_of(store: ManifestStore, fingerprint: str) -> str:
    return (store.root / fingerprint / "source").read_bytes().decode()


def fixed(
    store: ManifestStore, content: object, code: str, fix: Fix, name: str = "m.json"
) -> tuple[str, Counter[str]]:
    """Apply a fix; return the new text and what is found in it."""
    fingerprint = repair.apply(store, add(store, content, name), OPTIONS, code, fix)
    summary = store.check(fingerprint, OPTIONS).summary
    return text_of(store, fingerprint), Counter(summary.counts)


EXAMPLE_FIXES = [
    (folder, code, fix)
    for folder in sorted(EXAMPLES.iterdir())
    for code in [folder.name]
    for fix in repair.fixes_for(code)
]


@pytest.mark.parametrize(
    ("folder", "code", "fix"), EXAMPLE_FIXES, ids=lambda part: getattr(part, "name", str(part))
)
def test_every_fix_of_every_example_takes_findings_of_its_code_away(
    folder: Path, code: str, fix: Fix, tmp_path: Path
) -> None:
    given_options = json.loads((folder / "expected.json").read_text()).get("options", {})
    if "schema" in given_options:
        given_options["schema"] = read_schema(given_options["schema"])
    options = CheckOptions(**given_options)
    (source,) = folder.glob("manifest.*")
    store = store_in(tmp_path)
    before = store.add(source.name, io.BytesIO(source.read_bytes()))
    seen = repair.preview(store.check(before, options), code, fix)
    after = repair.apply(store, before, options, code, fix)
    was, now = (store.check(each, options).summary for each in (before, after))
    if code == "metadata-datetime":  # what the example has can be read in two ways
        assert (seen.count, after) == (0, before)
        return
    assert seen.count > 0
    assert now.counts.get(code, 0) < was.counts[code]
    assert not set(now.counts) - set(was.counts)
    assert repair.apply(store, after, options, code, fix) == after
    assert now.format == was.format


def test_lines_that_end_in_two_carriage_returns_are_trimmed(tmp_path: Path) -> None:
    """As Python's `csv` writes them on Windows where `newline=""` was forgotten."""
    text = "Type,Title,ObjectURL\r\r\nimage,t,gs://d/a.jpg\r\r\n"
    after, counts = fixed(store_in(tmp_path), text, "url-whitespace", Fix.TRIM, name="m.csv")
    assert "gs://d/a.jpg\r\r" not in after
    assert not counts


def test_only_the_bytes_of_what_is_mended_differ(tmp_path: Path) -> None:
    text = (
        '{"images": [ {"title" :"x",\t"objectUrl":" gs://d/a.jpg"},\n\n{"objectUrl": "gs://d/b"} ]}'
    )
    after, counts = fixed(store_in(tmp_path), text, "url-whitespace", Fix.TRIM)
    assert after == text.replace(" gs://d/a", "gs://d/a")
    assert not counts


def test_trimming_leaves_white_space_inside_alone(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    document = {"images": [{"objectUrl": " gs://d/a b.jpg"}]}
    fingerprint = add(store, document)
    assert repair.apply(store, fingerprint, OPTIONS, "url-whitespace", Fix.TRIM) == fingerprint
    after, counts = fixed(store, document, "url-whitespace", Fix.PERCENT_ENCODE)
    assert "gs://d/a%20b.jpg" in after
    assert not counts


def test_a_fix_that_would_bring_another_error_is_not_made(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    fingerprint = add(store, {"images": [{"objectUrl": " gs://d "}, {"objectUrl": " gs://d/a "}]})
    seen = repair.preview(store.check(fingerprint, OPTIONS), "url-whitespace", Fix.TRIM)
    assert [(change.entry, change.after) for change in seen.changes] == [(1, "gs://d/a")]


def test_good_values_are_kept_when_others_of_the_entry_cannot_be_mended(tmp_path: Path) -> None:
    frames = {"title": "g", "objectUrl_0": " gs://d/a.jpg", "objectUrl_1": "/a.jpg "}
    after, counts = fixed(
        store_in(tmp_path), {"image_groups": [frames]}, "url-whitespace", Fix.TRIM
    )
    assert json.loads(after)["image_groups"][0]["objectUrl_0"] == "gs://d/a.jpg"
    assert counts["url-whitespace"] == 1


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["25/12/2024", "03/04/2025"], ["2024-12-25", "2025-04-03"]),
        (["12/25/2024", "03/04/2025"], ["2024-12-25", "2025-03-04"]),
        (["25/12/2024", "12/25/2024", "03/04/2025"], ["2024-12-25", "2024-12-25", "03/04/2025"]),
        (["03/04/2025"], ["03/04/2025"]),
        (["02/31/2025", "03/04/2025"], ["02/31/2025", "03/04/2025"]),
        (["03.04.2025 5:07 pm"], ["2025-04-03T17:07:00"]),
        (["3 April 2025", "Apr 3rd, 2025"], ["2025-04-03", "2025-04-03"]),
        (["2025/4/3 12:00:00.5+02:00"], ["2025-04-03T12:00:00.5+02:00"]),
        (["20250403T120000Z", " 2025-04-03"], ["2025-04-03T12:00:00Z", "2025-04-03"]),
        (["Thu, 03 Apr 2025 12:00:00 +0000"], ["2025-04-03T12:00:00Z"]),
        (["1743681600", "1743681600500"], ["2025-04-03T12:00:00Z", "2025-04-03T12:00:00.500000Z"]),
        (["soon", "13:00", "2025-13-01", "Foo 3, 2025", "3 Ma 2025", "1/1/2025 13:00 pm"], None),
        (["Thu, 99 Foo 2025", "2025040312"], None),
        (["Thu, 03 Apr 2025 12:00:00 +99999999999999"], None),
    ],
)
def test_dates_that_can_be_read_one_way_only_are_parsed(
    dates: list[str], expected: list[str] | None, tmp_path: Path
) -> None:
    entries = [
        {"objectUrl": f"gs://d/{n}.jpg", "clientMetadata": {"taken": date}}
        for n, date in enumerate(dates)
    ]
    after, _ = fixed(
        store_in(tmp_path), {"images": entries}, "metadata-datetime", Fix.PARSE_DATETIME
    )
    found = [entry["clientMetadata"]["taken"] for entry in json.loads(after)["images"]]
    assert found == (expected or dates)


def test_values_get_the_type_that_is_declared(tmp_path: Path) -> None:
    metadata = {"km": " 12.5", "ok": "No", "free": 5, "taken": 1743681600}
    document = {"images": [{"objectUrl": "gs://d/a.jpg", "clientMetadata": metadata}]}
    after, counts = fixed(store_in(tmp_path), document, "metadata-value", Fix.RETYPE)
    assert json.loads(after)["images"][0]["clientMetadata"] == {
        "km": 12.5,
        "ok": False,
        "free": "5",
        "taken": "2025-04-03T12:00:00Z",
    }
    assert not counts


@pytest.mark.parametrize("value", ["12 km", "", "1,5", [1], None, {"a": 1}])
def test_values_that_are_no_numbers_stay(value: object, tmp_path: Path) -> None:
    document = {"images": [{"objectUrl": "gs://d/a.jpg", "clientMetadata": {"km": value}}]}
    after, _ = fixed(store_in(tmp_path), document, "metadata-value", Fix.RETYPE)
    assert json.loads(after) == document


def test_a_duplicate_stays_while_the_first_one_is_held_back(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    held = {"objectUrl": "gs://d/a.jpg", "clientMetadata": {"km": "x"}}
    good = {"objectUrl": "gs://d/a.jpg"}
    after, _ = fixed(store, {"images": [held, good, good]}, "url-duplicate", Fix.DROP_DUPLICATE)
    assert json.loads(after)["images"] == [held, good]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_dropped_members_take_their_commas_with_them(count: int, tmp_path: Path) -> None:
    a, b = {"objectUrl": "gs://d/a.jpg"}, {"objectUrl": "gs://d/b.jpg"}
    for entries in ([a, *[a] * count], [a, *[a] * count, b], [a, b, *[a] * count]):
        document = {"images": entries, "videos": [a]}
        after, _ = fixed(store_in(tmp_path), document, "url-duplicate", Fix.DROP_DUPLICATE)
        kept = [a] if entries[-1] == a and b not in entries else [a, b]
        assert json.loads(after) == {"images": kept, "videos": []}


def test_dropped_lines_of_json_lines_are_gone(tmp_path: Path) -> None:
    line = '{"type": "image", "objectUrl": "gs://d/a.jpg"}'
    text = f"{line}\n\n  {line}  \n{line}"
    after, counts = fixed(store_in(tmp_path), text, "url-duplicate", Fix.DROP_DUPLICATE, "m.jsonl")
    assert after == f"{line}\n\n"
    assert not counts


def test_a_group_that_shares_only_some_urls_stays(tmp_path: Path) -> None:
    groups = [
        {"title": "a", "objectUrl_0": "gs://d/a.jpg", "objectUrl_1": "gs://d/b.jpg"},
        {"title": "b", "objectUrl_0": "gs://d/a.jpg", "objectUrl_1": "gs://d/c.jpg"},
        {"title": "c", "objectUrl_0": "gs://d/b.jpg", "objectUrl_1": "gs://d/c.jpg"},
    ]
    after, _ = fixed(
        store_in(tmp_path), {"image_groups": groups}, "url-duplicate", Fix.DROP_DUPLICATE
    )
    assert json.loads(after)["image_groups"] == groups[:2]


def test_csv_keeps_its_delimiter_quotes_line_ends_and_other_rows(tmp_path: Path) -> None:
    text = (
        "\ufeffObjectURL;Type;Title;metadata.km\r\n"
        'gs://d/a.jpg;image;"two\r\nlines";"1"\r\n'
        '"gs://d/b.jpg ";"image";"a ""b""";""\r\n'
        " gs://d/c.jpg;image;;\r\n"
        "gs://d/d.jpg;image\r\n"
    )
    after, counts = fixed(store_in(tmp_path), text, "url-whitespace", Fix.TRIM, "m.csv")
    assert after == text.replace("b.jpg ", "b.jpg").replace(" gs://d/c", "gs://d/c")
    assert counts == {"csv-row-width": 1}


def test_rows_of_groups_are_mended_wherever_they_stand(tmp_path: Path) -> None:
    text = (
        "ObjectURL,Type,Group\n"
        "gs://d/1.jpg,image group,g\n"
        " gs://d/2.jpg,image group,h\n"
        "gs://d/x.jpg,image,\n"
        " gs://d/3.jpg,image group,g\n"
        "gs://d/1.jpg,image group,g\n"
        "gs://d/4.jpg,image group,h\n"
    )
    store = store_in(tmp_path)
    after, counts = fixed(store, text, "url-whitespace", Fix.TRIM, "m.csv")
    assert after == text.replace("\n gs", "\ngs")
    assert counts == {"group-duplicate-frame": 1}
    after, counts = fixed(store, after, "group-duplicate-frame", Fix.DROP_DUPLICATE, "m.csv")
    assert after.count("gs://d/1.jpg") == 1
    assert not counts


def test_a_frame_whose_row_alone_has_metadata_stays(tmp_path: Path) -> None:
    text = (
        "ObjectURL,Type,Group,metadata.km\n"
        "gs://d/1.jpg,image group,g,\n"
        "gs://d/1.jpg,image group,g,5\n"
    )
    after, _ = fixed(store_in(tmp_path), text, "group-duplicate-frame", Fix.DROP_DUPLICATE, "m.csv")
    assert after == text


def test_json_in_cells_is_mended_inside(tmp_path: Path) -> None:
    text = (
        "ObjectURL,Type,imageMetadata\n"
        'gs://d/1.jpg,image,"{""mimeType"": ""image/jpeg"", ""fileSize"": ""10"", '
        '""width"": 1, ""height"": 1}"\n'
    )
    after, counts = fixed(store_in(tmp_path), text, "media-metadata-type", Fix.RETYPE, "m.csv")
    assert after == text.replace('""10""', "10")
    assert not counts


def test_a_metadata_column_is_renamed_only_when_all_its_values_fit(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    head = "ObjectURL,Type,metadata.wether\n"
    rows = "gs://d/1.jpg,image,sunny\ngs://d/2.jpg,image,\n"
    after, counts = fixed(store, head + rows, "metadata-undeclared", Fix.RENAME_KEY, "m.csv")
    assert after == head.replace("wether", "weather") + rows
    assert not counts
    odd = head + rows + "gs://d/3.jpg,image,foggy\n"
    after, _ = fixed(store, odd, "metadata-undeclared", Fix.RENAME_KEY, "m.csv")
    assert after == odd


def test_emptied_metadata_is_gone(tmp_path: Path) -> None:
    text = "ObjectURL,Type,metadata.wether\ngs://d/1.jpg,image,sunny\n"
    after, counts = fixed(store_in(tmp_path), text, "metadata-undeclared", Fix.REMOVE_KEY, "m.csv")
    assert after == "ObjectURL,Type,metadata.wether\ngs://d/1.jpg,image,\n"
    assert not counts


@pytest.mark.parametrize(
    ("code", "before", "expected"),
    [
        ("metadata-undeclared", '"{""wether"":1,""km"":2}",x', '"{""km"":2}",'),
        ("json-duplicate-key", '"{""km"":1,""km"":2}",', '"{""km"":2}",'),
    ],
)
def test_what_is_removed_leaves_the_rest_of_an_object(
    code: str, before: str, expected: str, tmp_path: Path
) -> None:
    head = "ObjectURL,Type,clientMetadata,metadata.wether\ngs://d/1.jpg,image,"
    after, counts = fixed(store_in(tmp_path), head + before, code, Fix.REMOVE_KEY, "m.csv")
    assert after == head + expected
    assert not counts


def test_two_columns_never_get_the_same_name_and_the_last_one_stays(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    text = "ObjectURL,Type,Titel,Titlee\ngs://d/1.jpg,image,a,b\n"
    after, _ = fixed(store, text, "csv-header-unknown", Fix.RENAME_KEY, "m.csv")
    assert after.startswith("ObjectURL,Type,Title,Titlee\n")
    text = "ObjectURL,label\ngs://d/1.jpg,a\n"
    after, _ = fixed(store, text, "csv-header-unknown", Fix.REMOVE_KEY, "m.csv")
    assert after == text


def test_equal_flags_merge_and_lists_of_entries_do_not(tmp_path: Path) -> None:
    text = (
        '{"skip_duplicate_urls": false, "images": [{"objectUrl": "gs://d/a.jpg"}], '
        '"skip_duplicate_urls": true, "images": [{"objectUrl": " gs://d/b.jpg"}]}'
    )
    store = store_in(tmp_path)
    after, counts = fixed(store, text, "json-duplicate-key", Fix.REMOVE_KEY)
    assert after == text.replace('"skip_duplicate_urls": false, ', "")
    assert counts["json-duplicate-key"] == 1
    after, _ = fixed(store, text, "url-whitespace", Fix.TRIM)
    assert after == text.replace(" gs", "gs")


def test_flags_that_are_unclear_stay(tmp_path: Path) -> None:
    text = '{"images": [], "skip_duplicate_urls": "perhaps", "upsert_metadata": 0}'
    after, _ = fixed(store_in(tmp_path), text, "flag-type", Fix.RETYPE)
    assert after == text.replace("0}", "false}")


def test_numbers_that_json_does_not_have_do_not_hinder_a_fix(tmp_path: Path) -> None:
    text = '{"Images": [{"objectUrl": " gs://d/a.jpg", "clientMetadata": {"km": NaN}}]}'
    store = store_in(tmp_path)
    after, _ = fixed(store, text, "key-case", Fix.RENAME_KEY)
    assert after == text.replace("Images", "images")
    after, _ = fixed(store, after, "url-whitespace", Fix.TRIM)
    assert after == text.replace("Images", "images").replace(" gs", "gs")


def test_a_packed_manifest_becomes_plain(tmp_path: Path) -> None:
    import gzip

    store = store_in(tmp_path)
    text = '{"images": [{"objectUrl": " gs://d/a.jpg"}]}'
    before = store.add("m.json.gz", io.BytesIO(gzip.compress(text.encode())))
    after = repair.apply(store, before, OPTIONS, "url-whitespace", Fix.TRIM)
    assert (text_of(store, after), store.name_of(after)) == (text.replace(" gs", "gs"), "m.json")


def test_a_fix_of_another_code_is_refused(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    fingerprint = add(store, {"images": []})
    with pytest.raises(UnfitFixError, match="trim is not a fix for url-duplicate"):
        repair.apply(store, fingerprint, OPTIONS, "url-duplicate", Fix.TRIM)
    assert repair.fixes_for("no-such-code") == ()


def test_what_is_not_found_needs_no_fix(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    fingerprint = add(store, {"images": []})
    assert repair.preview(store.check(fingerprint, OPTIONS), "url-whitespace", Fix.TRIM).count == 0
    assert repair.apply(store, fingerprint, OPTIONS, "url-whitespace", Fix.TRIM) == fingerprint


def test_lineage_leads_back_to_the_upload(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    upload = add(store, {"Images": [{"objectUrl": " gs://d/a.jpg"}, {"objectUrl": "gs://d/b c"}]})
    trimmed = repair.apply(store, upload, OPTIONS, "url-whitespace", Fix.TRIM)
    renamed = repair.apply(store, trimmed, OPTIONS, "key-case", Fix.RENAME_KEY)
    first, second = repair.lineage(store, renamed)
    assert (first.parent, first.fingerprint, second.parent) == (upload, trimmed, trimmed)
    assert (first.operation, first.count) == ("fix", 1)
    assert first.detail == {"code": "url-whitespace", "fix": "trim"}
    assert first.at <= second.at
    assert repair.parent_of(store, renamed) == trimmed
    assert repair.lineage(store, upload) == []
    assert repair.parent_of(store, upload) is None
    assert list(tmp_path.glob("tmp*")) == []
    with pytest.raises(UnknownManifestError):
        repair.lineage(store, "0" * 64)


def test_a_mended_manifest_is_a_file_of_another_name(tmp_path: Path) -> None:
    store = ManifestStore(tmp_path, max_bytes=10**9)
    upload = store.add("a.b.json", io.BytesIO(b'{"images": [{"objectUrl": " gs://b/1.jpg"}]}'))
    mended = repair.apply(store, upload, CheckOptions(), "url-whitespace", Fix.TRIM)
    name = f"a.b-{mended[:8]}.json"
    assert repair.file_name(store, upload) == "a.b.json"
    assert store.name_of(mended) == "a.b.json"
    assert repair.file_name(store, mended) == name
    with (store.folder(mended) / "source").open("rb") as downloaded:
        assert store.add(name, downloaded) == mended
    assert repair.file_name(store, mended) == name


def test_a_damaged_lineage_is_named(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    fingerprint = add(store, {"images": []})
    (tmp_path / fingerprint / "lineage.json").write_text("{}")
    with pytest.raises(BrokenLineageError):
        repair.lineage(store, fingerprint)
    circle: dict[str, object] = {"parent": fingerprint, "fingerprint": fingerprint}
    circle |= {"operation": "fix", "detail": {}, "count": 1, "at": "2025-04-03T12:00:00+00:00"}
    (tmp_path / fingerprint / "lineage.json").write_text(json.dumps(circle))
    assert len(repair.lineage(store, fingerprint)) == 1


URLS = ["gs://d/a.jpg", " gs://d/a.jpg", "gs://d/b c.jpg", "gs://d/x.mp4 ", " gs://d", "/x", "", 5]
METADATA = st.dictionaries(
    st.sampled_from(["weather", "wether", "taken", "km", "ok", "free", "a/b", "keyframes"]),
    st.sampled_from(["Sunny", "sunny", "25/12/2024", "01/02/2024", "12", "yes", 5, True, None]),
    max_size=4,
)
FIELDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "objectUrl": st.sampled_from(URLS),
        "objectURL": st.sampled_from(URLS),
        "title": st.sampled_from(["a", "", 5, None, "b\x01"]),
        "titel": st.just("t"),
        "clientMetadata": METADATA,
        "imageMetadata": st.sampled_from(
            [{"fileSize": "10"}, {"filesize": 1, "width": "x"}, "{}", {"widht": 3}]
        ),
    },
)
GROUPS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"title": st.sampled_from(["g", 7, ""])},
    optional={
        "createVideo": st.sampled_from([True, "yes", "maybe", 1]),
        "clientMetadata": METADATA,
        **{
            f"objectUrl_{n}": st.sampled_from(["gs://d/1.jpg", " gs://d/1.jpg", f"gs://d/{n}.png"])
            for n in ("0", "1", "2", "4", "01")
        },
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "images": st.lists(FIELDS, max_size=4),
        "Videos": st.lists(FIELDS, max_size=3),
        "image_groups": st.lists(GROUPS, max_size=4),
        "imagse": st.just([]),
        "skip_duplicate_urls": st.sampled_from([True, "yes", "x"]),
    },
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from([str(url) for url in URLS]),
        st.sampled_from(["image", "video", "image group", "Image Sequence", "picture"]),
        st.sampled_from(["", "a", 'say "a"', "x\ny"]),
        st.sampled_from(["", "g", "h"]),
        st.sampled_from(["", "true", "yes"]),
        st.sampled_from(["", "12", "x", "0.5"]),
        st.sampled_from(["", "Sunny", "sunny"]),
        st.sampled_from(["", "25/12/2024", "01/02/2024"]),
    ),
    max_size=7,
)
HEAD = [
    "ObjectURL",
    "Type",
    "Title",
    "Group",
    "Create video",
    "metadata.km",
    "metadata.wether",
    "metadata.taken",
]

#: Findings that a refused URL, an unread section or a column in another spelling had hidden.
ADVICE = {code for code, rule in RULES.items() if rule.severity is not Severity.ERROR}
REVEALING = {"key-unknown", "key-case", "csv-header-unknown"}


def payloads(checked: CheckedManifest) -> dict[int, bytes]:
    return {entry.index: entry.payload for entry in checked.read(checked.valid_indexes())}


def prove(store: ManifestStore, fingerprint: str) -> None:
    """Prove the properties of every fix on one manifest."""
    checked = store.check(fingerprint, OPTIONS)
    was = Counter(checked.summary.counts)
    for code in was:
        marked = {row.index for row in checked.entries().rows if code in row.codes}
        for fix in repair.fixes_for(code):
            seen = repair.preview(checked, code, fix, limit=10_000)
            after = repair.apply(store, fingerprint, OPTIONS, code, fix)
            mended = store.check(after, OPTIONS)
            now = Counter(mended.summary.counts)
            assert len(seen.changes) == seen.count
            assert (seen.count > 0) == (after != fingerprint)
            assert seen.count == 0 or now[code] < was[code]
            risen = {other for other in now if now[other] > was[other]}
            assert code in REVEALING or risen <= ADVICE, (code, fix)
            assert repair.apply(store, after, OPTIONS, code, fix) == after, (code, fix)
            if fix is not Fix.DROP_DUPLICATE or code != "url-duplicate":
                assert mended.summary.entries == checked.summary.entries
                assert {c.entry for c in seen.changes if c.entry is not None} <= marked
                others = {k: v for k, v in payloads(checked).items() if k not in marked}
                assert others.items() <= payloads(mended).items(), (code, fix)
            else:
                assert mended.summary.entries == checked.summary.entries - seen.count


PROVEN = settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@PROVEN
@given(DOCUMENTS)
def test_fixes_of_json_do_what_they_say_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    store = store_in(tmp_path_factory.mktemp("json"))
    prove(store, add(store, document))


@PROVEN
@given(DOCUMENTS)
def test_fixes_of_held_files_do_what_they_say_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("held")
    store = store_in(folder)
    store.check(add(store, document), OPTIONS).write_held(folder / "held.csv")
    prove(store, store.add("held.csv", io.BytesIO((folder / "held.csv").read_bytes())))


@PROVEN
@given(st.lists(FIELDS.map(lambda fields: {"type": "image", **fields}), min_size=1, max_size=4))
def test_fixes_of_json_lines_do_what_they_say_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, entries: list[dict[str, Any]]
) -> None:
    store = store_in(tmp_path_factory.mktemp("jsonl"))
    prove(store, add(store, "\n".join(map(json.dumps, entries)), "m.jsonl"))


@PROVEN
@given(ROWS, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_fixes_of_csv_do_what_they_say_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], delimiter: str, end: str
) -> None:
    import csv

    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows([HEAD, *rows])
    store = store_in(tmp_path_factory.mktemp("csv"))
    prove(store, add(store, stream.getvalue(), "m.csv"))


BLANKS = st.sampled_from(["", " ", "\n", "\r\n\t"])
MEMBERS = st.lists(
    st.tuples(
        st.sampled_from(['"images"', '"upsert_metadata"', '"foo"', '"b\\"a,"', '"\\u00fc"', '""']),
        st.sampled_from(["[]", "[ {} ]", "1", '"x, }"', '{"a": [1, 2]}', "NaN"]),
        BLANKS,
        BLANKS,
    ),
    max_size=6,
    unique_by=lambda member: member[0],
)


@PROVEN
@given(MEMBERS)
def test_any_unknown_keys_can_be_removed_wherever_they_stand(
    tmp_path_factory: pytest.TempPathFactory, members: list[tuple[str, str, str, str]]
) -> None:
    known = {'"images"', '"upsert_metadata"'}
    written = [f"{a}{key}{b}:{a}{value}{b}" for key, value, a, b in members]
    store = store_in(tmp_path_factory.mktemp("top"))
    after, counts = fixed(store, f"{{{','.join(written)}}}\n", "key-unknown", Fix.REMOVE_KEY)
    json.loads(after)
    kept = [f"{key}{b}:{a}{value}" for key, value, a, b in members if key in known]
    assert [part.strip() for part in _members_of(after)] == kept
    assert "key-unknown" not in counts


def _members_of(document: str) -> list[str]:
    """Cut a document into its members; none of those that stay holds a comma between keys."""
    inside = document.strip().removeprefix("{").removesuffix("}")
    return re.split(r',(?=\s*"(?:images|upsert_metadata)")', inside) if inside.strip() else []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"images":[], "foo":1, "bar":2}', '{"images":[]}'),
        ('{"foo":1,\n "bar":2, "images":[]}', '{"images":[]}'),
        ('{"foo":1, "images":[] ,"bar":2 }', '{"images":[]  }'),
        ('{ "foo":1 , "bar":2 }', "{  }"),
    ],
)
def test_removed_keys_take_their_commas_with_them(text: str, expected: str, tmp_path: Path) -> None:
    after, _ = fixed(store_in(tmp_path), text, "key-unknown", Fix.REMOVE_KEY)
    assert after == expected


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [("key-case", "Images", "IMAGES"), ("key-unknown", "imagess", "imagez")],
)
def test_two_keys_never_get_the_same_name(code: str, one: str, other: str, tmp_path: Path) -> None:
    a, b = '[{"objectUrl": "gs://d/a.jpg"}]', '[{"objectUrl": "gs://d/b.jpg"}]'
    store = store_in(tmp_path)
    after, counts = fixed(store, f'{{"{one}": {a}, "{other}": {b}}}', code, Fix.RENAME_KEY)
    assert after == f'{{"images": {a}, "{other}": {b}}}'
    assert counts == {code: 1}
    twice = f'{{"{one}": {a}, "{one}": {b}}}'
    after, counts = fixed(store, twice, code, Fix.RENAME_KEY)
    assert after == twice.replace(one, "images")
    assert counts == {"json-duplicate-key": 1}


def test_rows_of_csv_that_do_not_change_are_copied_as_they_are(tmp_path: Path) -> None:
    text = (
        "ObjectURL,Type,Titel,Group\n"
        " gs://d/a.jpg,image group,,g\n"
        "\r\n"
        '"gs://d/b.jpg",image,"two\nlines",\r\n'
        "\n"
        "gs://d/c.jpg,image group,,g\n"
        "gs://d/c.jpg,image group,,g\r\n"
        "gs://d/x.jpg,image,,"
    )
    store = store_in(tmp_path)
    after, _ = fixed(store, text, "url-whitespace", Fix.TRIM, "m.csv")
    assert after == text.replace(" gs", "gs")
    after, _ = fixed(store, text, "csv-header-unknown", Fix.RENAME_KEY, "m.csv")
    assert after == text.replace("Titel", "Title")
    after, _ = fixed(store, text, "group-duplicate-frame", Fix.DROP_DUPLICATE, "m.csv")
    assert after == text.replace("gs://d/c.jpg,image group,,g\r\n", "")


def test_a_row_with_a_cell_too_few_fits_no_better_without_a_column(tmp_path: Path) -> None:
    text = "ObjectURL,Type,Title,Vendor\ngs://d/a.jpg,image,a,x\ngs://d/b.jpg,image,x\n"
    store = store_in(tmp_path)
    after, counts = fixed(store, text, "csv-header-unknown", Fix.REMOVE_KEY, "m.csv")
    assert after.splitlines()[1:] == ["gs://d/a.jpg,image,a", "gs://d/b.jpg,image,x,"]
    assert counts == {"csv-row-width": 1}
