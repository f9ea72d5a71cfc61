"""Columns of foreign CSVs: guessed, chosen, remembered and rewritten."""

import io
import itertools
import json
from pathlib import Path

import pytest

from services.domain.entries import EntryType
from services.domain.metadata import read_schema
from services.manifests import mapping_apply, repair
from services.manifests.checked import CheckedManifest
from services.manifests.mapping import (
    ColumnMapping,
    IncompleteMappingError,
    Mapped,
    Memory,
    NotForeignCsvError,
    OtherHeadersError,
    Sample,
    UnreadableHeaderError,
    fill_template,
    header_fingerprint,
)
from services.manifests.mapping_guess import suggest, type_of_url
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

OPTIONS = CheckOptions(schema=read_schema({"weather": "varchar", "taken": "datetime"}))


def store_in(root: Path) -> ManifestStore:
    return ManifestStore(root, max_bytes=10**6)


def add(store: ManifestStore, text: str, name: str = "foreign.csv") -> str:
    return store.add(name, io.BytesIO(text.encode()))


def guess(*rows: tuple[str, ...], keys: tuple[str, ...] = ()) -> ColumnMapping:
    return suggest(Sample(headers=rows[0], rows=rows[1:], delimiter=",", schema_keys=keys))


def targets(made: ColumnMapping) -> dict[str, str]:
    return {column.header: column.target for column in made.columns}


def test_columns_are_known_by_their_names() -> None:
    made = guess(
        ("Image_URL", "Media Type", "Display name", "Series ID", "Weather", "note/x"),
        ("gs://d/a.jpg", "image", "a", "s", "rain", "n"),
        keys=("weather",),
    )
    assert targets(made) == {
        "Image_URL": "ObjectURL",
        "Media Type": "Type",
        "Display name": "Title",
        "Series ID": "Group",
        "Weather": "metadata.weather",
        "note/x": "metadata.note_x",
    }
    assert made.problems() == []
    assert made.columns[0].reason == "by its name"


def test_columns_are_known_by_their_values() -> None:
    made = guess(
        ("a", "b", "c", "d"),
        ("7", "gs://d/a.mp4", "Video", ""),
        ("8", "gs://d/b.mp4", "Videos", ""),
    )
    assert targets(made) == {"a": "metadata.a", "b": "ObjectURL", "c": "Type", "d": ""}
    assert made.columns[1].reason == "by its values"


def test_names_that_values_contradict_are_not_believed() -> None:
    made = guess(
        ("location", "type", "source"),
        ("Berlin", "cat", "gs://d/a.jpg"),
        ("Paris", "dog", "gs://d/b.jpg"),
    )
    assert targets(made) == {
        "location": "metadata.location",
        "type": "metadata.type",
        "source": "ObjectURL",
    }
    assert made.constant_type is EntryType.IMAGE


def test_slips_in_our_own_names_are_seen() -> None:
    made = guess(("ObjctURL", "Tpye", "Titel"), ("", "", ""))
    assert list(targets(made).values()) == ["ObjectURL", "Type", "Title"]


def test_a_bucket_and_a_path_make_the_url() -> None:
    made = guess(
        ("path", "Bucket", "label"), ("x/a.jpg", "demo-bucket", "a"), ("b.png", "demo-bucket", "b")
    )
    assert made.template == "gs://{Bucket}/{path}"
    assert targets(made) == {"path": "", "Bucket": "", "label": "Title"}
    assert made.constant_type is EntryType.IMAGE
    assert made.problems() == []


def test_a_folder_and_a_file_name_make_the_path() -> None:
    made = guess(("bucket", "folder", "filename"), ("demo", "x/y/", "a.nii.gz"))
    assert made.template == "gs://{bucket}/{folder}/{filename}"
    assert made.constant_type is EntryType.NIFTI


def test_types_come_from_extensions_and_groups_from_their_column() -> None:
    mixed = guess(("url",), ("gs://d/a.jpg",), ("gs://d/b.mp4",))
    assert (mixed.constant_type, mixed.type_by_extension) == (None, True)
    grouped = guess(("url", "group"), ("gs://d/a.jpg", "g"))
    assert grouped.constant_type is EntryType.IMAGE_GROUP
    unknown = guess(("url",), ("gs://d/a",))
    assert unknown.problems() == ["nothing gives the type of the rows"]
    assert type_of_url("https://d/b/a.dcm?x=1") is EntryType.DICOM_SERIES
    assert type_of_url("gs://d/a.pcd") is None


def test_the_order_of_columns_does_not_matter() -> None:
    columns = {
        "file url": "gs://d/a.jpg",
        "name": "a",
        "kind": "image",
        "wether": "rain",
        "captured": "2025-04-03",
    }
    found = set()
    for order in itertools.permutations(columns):
        made = guess(order, tuple(columns[name] for name in order), keys=("weather",))
        found.add(json.dumps(targets(made), sort_keys=True))
    assert found == {
        json.dumps(
            {
                "file url": "ObjectURL",
                "name": "Title",
                "kind": "Type",
                "wether": "metadata.weather",
                "captured": "metadata.captured",
            },
            sort_keys=True,
        )
    }


def test_two_columns_never_become_one() -> None:
    made = guess(
        ("url", "metadata.a", "METADATA.a", "?", "a b"),
        ("gs://d/a.jpg", "1", "2", "3", "4"),
    )
    assert list(targets(made).values()) == ["ObjectURL", "metadata.a", "", "", "metadata.a b"]
    assert made.columns[2].reason == "metadata.a is taken"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("gs://{b}/{p}", "gs://demo/x y/ä.jpg"),
        (
            "https://storage.googleapis.com/{b}/{p}",
            "https://storage.googleapis.com/demo/x%20y/%C3%A4.jpg",
        ),
        ("{u}/{p}", "gs://other/x y/ä.jpg"),
        ("gs://{b}/{none}", "gs://demo/"),
    ],
)
def test_patterns_are_filled(template: str, expected: str) -> None:
    cells = {"b": " demo ", "p": "/x y/ä.jpg", "u": "gs://other"}
    assert fill_template(template, cells) == expected


def test_incomplete_mappings_say_what_is_missing() -> None:
    columns = (
        Mapped(header="a", target="Title"),
        Mapped(header="b", target="Title"),
        Mapped(header="c", target="Size"),
        Mapped(header="d", target="metadata."),
    )
    assert ColumnMapping(columns=columns).problems() == [
        "no column and no pattern gives the URL",
        "Title is given by more than one column",
        "Size cannot be a column",
        "metadata. cannot be a column",
        "nothing gives the type of the rows",
    ]
    made = ColumnMapping(columns=(), template="gs://{x}/a", constant_type=EntryType.IMAGE)
    assert made.problems() == ["the pattern names 'x', which is no column"]
    both = (Mapped(header="x", target=""), Mapped(header="x", target="Title"))
    made = ColumnMapping(columns=both, template="gs://{x}/a", type_by_extension=True)
    assert made.problems() == ["the pattern names 'x', which is more than one column"]


def test_choices_are_remembered_for_the_same_headers_in_any_order(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "mappings")
    assert memory.recall(["Bucket", "Path"]) is None
    chosen = ColumnMapping(
        columns=(
            Mapped(header="Bucket", target=""),
            Mapped(header="Path", target=""),
            Mapped(header="km", target="metadata.km"),
        ),
        template="gs://{Bucket}/{Path}",
        constant_type=EntryType.VIDEO,
    )
    memory.remember(chosen)
    recalled = memory.recall(["km", "path ", "BUCKET"], ";")
    assert recalled is not None
    assert targets(recalled) == {"km": "metadata.km", "path ": "", "BUCKET": ""}
    assert (recalled.template, recalled.delimiter) == ("gs://{BUCKET}/{path }", ";")
    assert recalled.constant_type is EntryType.VIDEO
    assert memory.recall(["km", "path"]) is None
    assert header_fingerprint(["A b", "c"]) == header_fingerprint(["C", "a_b"])
    for path in (tmp_path / "mappings").iterdir():
        path.write_text("{}")
    assert memory.recall(["km", "path", "bucket"]) is None


def test_headers_given_twice_are_remembered_as_they_stand(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    columns = (Mapped(header="a", target="ObjectURL"), Mapped(header="A", target="Type"))
    memory.remember(ColumnMapping(columns=columns))
    recalled = memory.recall(["a", "A"])
    assert recalled is not None
    assert [each.target for each in recalled.columns] == ["ObjectURL", "Type"]
    assert memory.recall(["A", "a"]) is None


FOREIGN = (
    "\ufeffbucket;file path;name;wether;captured\r\n"
    'demo;x/a b.jpg;"one; two";rain;2025-04-03\r\n'
    "demo;/c.mp4;;;\r\n"
    "demo;d\r\n"
    'demo;"e.jpg;x;y;z\r\n'
    "demo;f;f;;soon\r\n"
)


def rewritten(
    root: Path, text: str, options: CheckOptions = OPTIONS
) -> tuple[str, CheckedManifest]:
    store = store_in(root)
    before = add(store, text)
    sample = mapping_apply.read_sample(store.check(before, options))
    after = mapping_apply.apply(store, before, suggest(sample), options)
    assert store.name_of(after) == "foreign.csv"
    (step,) = repair.lineage(store, after)
    assert (step.operation, step.parent) == ("map", before)
    ColumnMapping.from_json(step.detail["mapping"])
    return (store.root / after / "source").read_bytes().decode(), store.check(after, options)


def test_a_foreign_csv_becomes_ours(tmp_path: Path) -> None:
    text, checked = rewritten(tmp_path, FOREIGN)
    assert text == (
        "ObjectURL,Type,Title,metadata.weather,metadata.captured\r\n"
        "gs://demo/x/a b.jpg,image,one; two,rain,2025-04-03\r\n"
        "gs://demo/c.mp4,video,,,\r\n"
        '"demo;d"\r\n'
        'demo;"e.jpg;x;y;z\r\n'
        "gs://demo/f,,f,,soon\r\n"
    )
    assert checked.summary.entries == 5
    assert checked.summary.counts == {
        "csv-syntax": 1,
        "csv-row-width": 1,
        "entry-type": 1,
        "url-whitespace": 1,
        "metadata-undeclared": 1,
    }


def test_marks_before_formulas_in_our_exports_are_taken_away(tmp_path: Path) -> None:
    text, _ = rewritten(tmp_path, "link,label,Onboarding finding\ngs://d/a.jpg,'=1,x\n")
    assert text.splitlines()[1] == "gs://d/a.jpg,image,=1,x"


def test_what_has_no_columns_cannot_be_mapped(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    json_file = add(store, '{"images": []}', "m.json")
    with pytest.raises(NotForeignCsvError, match="it is not a CSV"):
        mapping_apply.read_sample(store.check(json_file, OPTIONS))
    broken = add(store, 'a,"b\n')
    with pytest.raises(UnreadableHeaderError):
        mapping_apply.read_sample(store.check(broken, OPTIONS))


def test_a_mapping_must_be_complete_and_for_this_file(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    foreign = add(store, "a,b\ngs://d/a.jpg,x\n")
    with pytest.raises(IncompleteMappingError, match="no column and no pattern gives the URL"):
        mapping_apply.apply(store, foreign, ColumnMapping(columns=()))
    columns = (Mapped(header="x", target="ObjectURL"),)
    other = ColumnMapping(columns=columns, constant_type=EntryType.IMAGE)
    with pytest.raises(OtherHeadersError):
        mapping_apply.apply(store, foreign, other)


def test_a_sample_is_the_head_of_a_large_file(tmp_path: Path) -> None:
    store = ManifestStore(tmp_path, max_bytes=10**8)
    row = f"gs://d/{'x' * 500}.jpg,image\n"
    checked = store.check(add(store, "link,kind\n" + row * 3_000), OPTIONS)
    sample = mapping_apply.read_sample(checked, limit=5_000)
    assert 2_000 < len(sample.rows) < 3_000
    assert len(mapping_apply.read_sample(checked).rows) == 200
    assert set(sample.schema_keys) == {"weather", "taken"}


def test_a_column_that_is_empty_only_at_first_is_kept(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    rows = "".join(f"gs://b/{n}.jpg,{'' if n < 200 else 'yes'}\n" for n in range(250))
    checked = store.check(add(store, "file_url,reviewed\n" + rows), OPTIONS)
    assert targets(suggest(mapping_apply.read_sample(checked)))["reviewed"] == "metadata.reviewed"
