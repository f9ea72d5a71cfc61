"""Every format is written too, and what is written reads back to the same entries."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from encord.orm.storage import DataUploadItems
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from services.manifests.writing import CannotBeSaidError, Form, UnknownFormError, form_of, write
from tests.unit.manifests.test_examples import EXAMPLES, said

ENDINGS = {Form.JSON: ".json", Form.WIRE: ".json", Form.JSONL: ".jsonl"}
EVERY_TYPE = EXAMPLES / "valid" / "format-json-every-type" / "manifest.json"


def meaning(checked: CheckedManifest) -> list[tuple[Any, ...]]:
    """Return what entries say, whatever the order of their fields."""
    read = [(*entry[:-1], json.loads(entry[-1])) for entry in said(checked)]
    return sorted(read, key=lambda each: (*each[:-1], json.dumps(each[-1], sort_keys=True)))


def check(store: ManifestStore, data: bytes, name: str = "m.json") -> CheckedManifest:
    return store.check(store.add(name, io.BytesIO(data)), CheckOptions())


def written(checked: CheckedManifest, form: Form, folder: Path, *, packed: bool = False) -> Path:
    ending = ENDINGS.get(form, ".csv") + (".gz" if packed else "")
    target = folder / f"out{ending}"
    write(checked.source, checked.valid_indexes(), target, form)
    return target


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", [form for form in Form if form is not Form.CSV_ENCORD])
def test_every_type_comes_back(
    store: ManifestStore, form: Form, tmp_path: Path, *, packed: bool
) -> None:
    checked = check(store, EVERY_TYPE.read_bytes())
    target = written(checked, form, tmp_path, packed=packed)
    assert target.read_bytes().startswith(b"\x1f\x8b") is packed
    again = check(store, target.read_bytes(), target.name)
    assert not again.summary.has_errors
    assert meaning(again) == meaning(checked)
    if form not in {Form.JSON, Form.CSV}:
        assert again.summary.format == form.value


def test_the_sdk_takes_what_is_written_in_its_form(store: ManifestStore, tmp_path: Path) -> None:
    given = json.loads(EVERY_TYPE.read_bytes())
    del given["scenes"]  # an address alone, which the SDK's own model does not take
    checked = check(store, json.dumps(given).encode())
    document = json.loads(written(checked, Form.WIRE, tmp_path).read_text())
    items = DataUploadItems.model_validate(document)
    sections = (getattr(items, name) for name in type(items).model_fields)
    assert sum(len(each) for each in sections if isinstance(each, list)) == (
        checked.summary.valid_entries
    )
    assert items.skip_duplicate_urls


PLAIN = {
    "videos": [{"objectUrl": "gs://demo/v.mp4", "title": "Video, one"}],
    "images": [{"objectUrl": "gs://demo/a.jpg"}, {"objectUrl": "gs://demo/b.jpg", "title": "b"}],
    "image_groups": [
        {"title": "g", "objectUrl_0": "gs://demo/0.jpg", "objectUrl_1": "gs://demo/1.jpg"},
        {"title": "s", "createVideo": True, "objectUrl_0": "gs://demo/2.jpg"},
    ],
    "dicom_series": [{"title": "d", "objectUrl_0": "gs://demo/0.dcm"}],
}


def test_encords_own_csv_comes_back_with_headers_repeated(
    store: ManifestStore, tmp_path: Path
) -> None:
    checked = check(store, json.dumps(PLAIN).encode())
    target = written(checked, Form.CSV_ENCORD, tmp_path)
    assert [line for line in target.read_text().splitlines() if line.startswith("ObjectURL")] == [
        "ObjectURL,Video title",
        "ObjectURL,Image title",
        "ObjectURL,Image group title,Create video",
        "ObjectURL,Dicom title",
    ]
    again = check(store, target.read_bytes(), target.name)
    assert again.summary.format == "csv-encord"
    assert [without_defaults(each) for each in meaning(again)] == [
        without_defaults(each) for each in meaning(checked)
    ]


def without_defaults(entry: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*entry[:-1], {name: value for name, value in entry[-1].items() if value})


@pytest.mark.parametrize(
    ("section", "entry", "why"),
    [
        ("audio", {"objectUrl": "gs://demo/a.wav"}, "no column for audio"),
        ("images", {"objectUrl": "gs://demo/a.jpg", "clientMetadata": {"k": 1}}, "clientMetadata"),
        ("images", {"objectUrl": "gs://demo/a.jpg", "title": "=1+1"}, "formula"),
        ("images", {"objectUrl": "gs://demo/a.jpg", "createVideo": True}, "createVideo"),
        ("images", {"objectUrl": "gs://demo/a.jpg", "objectUrl_1": "x"}, "objectUrl_1"),
    ],
)
def test_what_encords_csv_cannot_say_is_refused_and_nothing_written(
    store: ManifestStore, tmp_path: Path, section: str, entry: dict[str, Any], why: str
) -> None:
    checked = check(store, json.dumps({section: [entry]}).encode())
    with pytest.raises(CannotBeSaidError, match=why):
        written(checked, Form.CSV_ENCORD, tmp_path)
    assert not list(tmp_path.glob("out*"))


def test_the_name_says_the_format() -> None:
    assert [form_of(name) for name in ("a.JSON", "a.ndjson.gz", "a.csv")] == [
        Form.JSON,
        Form.JSONL,
        Form.CSV,
    ]
    with pytest.raises(UnknownFormError):
        form_of("a.xlsx")


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
ENTRY = st.fixed_dictionaries(
    {"objectUrl": st.integers(0, 10**6).map("gs://demo/{}.jpg".format)},
    optional={
        "title": TEXT,
        "clientMetadata": st.dictionaries(
            st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?", fullmatch=True), VALUES, max_size=4
        ),
    },
)


@pytest.mark.parametrize("form", [Form.JSON, Form.WIRE, Form.JSONL, Form.CSV])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(ENTRY, min_size=1, max_size=6))
def test_whatever_entries_say_comes_back(
    store: ManifestStore, tmp_path: Path, form: Form, entries: list[dict[str, Any]]
) -> None:
    checked = check(store, json.dumps({"images": entries}).encode())
    target = written(checked, form, tmp_path)
    assert meaning(check(store, target.read_bytes(), target.name)) == meaning(checked)


def test_packed_files_are_gzip(store: ManifestStore, tmp_path: Path) -> None:
    checked = check(store, json.dumps(PLAIN).encode())
    target = written(checked, Form.JSONL, tmp_path, packed=True)
    lines = gzip.decompress(target.read_bytes()).splitlines()
    assert [json.loads(line)["type"] for line in lines[:2]] == ["video", "image"]


SCENE = {"pc": {"type": "point_cloud", "events": [{"uri": f"gs://b/{n}.pcd"} for n in range(2)]}}


def test_a_scene_of_several_files_comes_back_from_csv(store: ManifestStore, tmp_path: Path) -> None:
    checked = check(store, json.dumps({"scenes": [{"title": "s", "scene": SCENE}]}).encode())
    again = check(store, written(checked, Form.CSV, tmp_path).read_bytes(), "o.csv")
    assert again.summary.counts == {}
    assert meaning(again) == meaning(checked)


def test_a_group_and_a_sequence_of_one_title_are_refused(
    store: ManifestStore, tmp_path: Path
) -> None:
    groups = [
        {"title": "A", "createVideo": video, "objectUrl_0": f"gs://b/{n}.jpg"}
        for n, video in enumerate((False, True))
    ]
    checked = check(store, json.dumps({"image_groups": groups}).encode())
    with pytest.raises(CannotBeSaidError, match="another has its title"):
        written(checked, Form.CSV_ENCORD, tmp_path)


@pytest.mark.parametrize("form", [Form.JSON, Form.WIRE])
def test_what_a_document_says_of_all_entries_is_kept(
    store: ManifestStore, form: Form, tmp_path: Path
) -> None:
    given = {"skip_duplicate_urls": True, "upsert_metadata": True, "images": PLAIN["images"]}
    checked = check(store, json.dumps(given).encode())
    again = check(store, written(checked, form, tmp_path).read_bytes())
    assert again.summary.flags == {"skip_duplicate_urls": True, "upsert_metadata": True}


def test_line_ends_beside_much_text_come_back_from_csv(
    store: ManifestStore, tmp_path: Path
) -> None:
    images = [
        {
            "objectUrl": "gs://b/a.jpg",
            "title": "line 1\nline 2",
            "clientMetadata": {"note": "x" * 140_000},
        },
        {"objectUrl": "gs://b/b.jpg", "title": f"x{chr(10) * 250}y"},
    ]
    checked = check(store, json.dumps({"images": images}).encode())
    again = check(store, written(checked, Form.CSV, tmp_path).read_bytes(), "o.csv")
    assert again.summary.valid_entries == 2
    assert meaning(again) == meaning(checked)


def test_a_field_like_a_frame_is_not_lost_in_the_typed_form(
    store: ManifestStore, tmp_path: Path
) -> None:
    entry = {"objectUrl": "gs://b/a.jpg", "objectUrl_1": "gs://b/b.jpg"}
    checked = check(store, json.dumps({"images": [entry]}).encode())
    again = check(store, written(checked, Form.WIRE, tmp_path).read_bytes())
    assert meaning(again) == meaning(checked)


def test_a_field_that_is_called_type_is_not_lost(store: ManifestStore, tmp_path: Path) -> None:
    images = [{"objectUrl": f"gs://b/{n}.jpg", "type": each} for n, each in enumerate(("cat", 5))]
    checked = check(store, json.dumps({"images": images}).encode())
    for form in (Form.JSON, Form.WIRE, Form.CSV):
        target = written(checked, form, tmp_path)
        assert meaning(check(store, target.read_bytes(), target.name)) == meaning(checked)
    with pytest.raises(CannotBeSaidError, match=r"its field type .* Write json or csv instead"):
        written(checked, Form.JSONL, tmp_path)
    images = [{"objectUrl": "gs://b/a.jpg", "type": "Image"}]  # as JSON Lines says it too
    target = written(check(store, json.dumps({"images": images}).encode()), Form.JSONL, tmp_path)
    assert json.loads(target.read_text()) == {"type": "image", "objectUrl": "gs://b/a.jpg"}
