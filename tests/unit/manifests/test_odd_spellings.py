"""Entries whose text is not in Encord's spelling: what the check says of them, and where."""

import gzip
import json

import pytest

from services.domain.metadata import MetadataKey, ValueType
from tests.unit.manifests.conftest import Check

SHARED = "gs://b/a.png"


def test_a_url_of_a_held_group_is_compared_as_it_is_spelled(check: Check) -> None:
    groups = [{"title": "t", "objectUrl_0": SHARED}, {"objecturl_0": SHARED}]
    checked = check(json.dumps({"image_groups": groups}))
    found = {each.code: each for each in checked.findings().rows}
    assert set(found) == {"title-missing", "field-case", "url-duplicate"}
    assert found["url-duplicate"].pointer == "/image_groups/1/objecturl_0"
    assert checked.summary.valid_entries == 1


def test_a_url_of_a_held_typed_group_is_compared(check: Check) -> None:
    groups = [
        {"title": str(n), "images": [{"url": SHARED}], "externalFileType": "IMG_GROUP"}
        for n in range(2)
    ]
    text = json.dumps({"imageGroups": groups}).replace('"title": "1"', '"title": NaN')
    checked = check(text)
    found = {each.code: each for each in checked.findings().rows}
    assert found["url-duplicate"].pointer == "/imageGroups/1/images/0/url"
    assert found["url-duplicate"].column == text.rindex('"gs:') + 1


def test_two_spellings_of_one_field_lose_nothing(check: Check) -> None:
    entry = {"ObjectURL": SHARED, "objecturl": "gs://b/c.png", "title": 5}
    checked = check(json.dumps({"images": [entry]}))
    found = {each.code: each.pointer for each in checked.findings().rows}
    assert found == {
        "field-case": "/images/0/ObjectURL",
        "field-unknown": "/images/0/objecturl",
        "title-type": "/images/0/title",
    }
    assert checked.summary.valid_entries == 0


def test_a_line_with_nan_and_a_mistake_behind_it_is_held(check: Check) -> None:
    line = '{"type":"image","objectUrl":"gs://b/a.png","clientMetadata":{"a":NaN,,}}'
    checked = check(line, "m.jsonl")
    (finding,) = checked.findings().rows
    assert (finding.code, finding.column) == ("json-syntax", line.index(",,") + 2)


def test_a_packed_document_of_the_packed_size_is_unpacked(check: Check) -> None:
    """The size says nothing about whether a file is packed."""
    text = json.dumps({"images": [{"objectUrl": SHARED, "title": "x" * 200}]})
    packed = gzip.compress(text.encode(), mtime=0)
    # Readers of gzip pass over zeros behind its end.
    checked = check(packed.ljust(len(text), b"\0"), "m.json.gz")
    assert json.loads(checked.preview())["images"][0]["objectUrl"] == SHARED


@pytest.mark.parametrize("depth", [600, 960, 975, 980, 984, 986, 987, 988, 995, 1200])
@pytest.mark.parametrize("name", ["m.json", "m.jsonl"])
def test_what_nests_too_deeply_is_told_however_deeply(check: Check, depth: int, name: str) -> None:
    deep = "[" * depth + "]" * depth
    fields = f'"objectUrl":"{SHARED}","clientMetadata":{{"a":{deep}}}}}'
    text = f'{{"type":"image",{fields}' if name == "m.jsonl" else f'{{"images":[{{{fields}]}}'
    assert "json-depth" in check(text, name).summary.counts


def test_a_key_that_reads_as_keyframes_is_found_in_columns_too(check: Check) -> None:
    rows = f"ObjectURL,Type,metadata._keyframes\n{SHARED},image,x\n"
    assert check(rows, "m.csv").summary.counts == {"metadata-reserved": 1}


def test_a_declared_key_that_reads_as_keyframes_is_found_by_the_filter(check: Check) -> None:
    schema = {"key_frames": MetadataKey(ValueType.TEXT)}
    entry = {"objectUrl": SHARED, "clientMetadata": {"key_frames": "x"}}
    checked = check(json.dumps({"images": [entry] * 2}), schema=schema)
    assert checked.summary.counts["metadata-reserved"] == 2


@pytest.mark.parametrize(
    "host", ["Storage.cloud.google.com", "storage.cloud.google.com:443", "storage.cloud.google.com"]
)
@pytest.mark.parametrize("name", ["m.csv", "m.json"])
def test_the_host_for_people_is_found_however_it_is_written(
    check: Check, host: str, name: str
) -> None:
    url = f"https://{host}/b/a.png"
    text = f"ObjectURL,Type\n{url},image\n"
    if name == "m.json":
        text = json.dumps({"images": [{"objectUrl": url}]})
    assert check(text, name).summary.counts == {"url-storage-cloud": 1}


def test_a_refused_row_keeps_its_title(check: Check) -> None:
    checked = check("ObjectURL,Type,Title\ngs://b/a.png,imagge,Mine\n", "m.csv")
    (entry,) = checked.entries().rows
    assert entry.title == "Mine"


@pytest.mark.parametrize("every", [1, 7, 150, 450])
def test_headers_may_come_again_and_again(check: Check, every: int) -> None:
    headers = ("ObjectURL,Video title", "ObjectURL,Image title")
    endings = ("mp4", "png")
    lines: list[str] = []
    for n in range(1000):
        kind = n // every % 2
        if n % every == 0:
            lines.append(headers[kind])
        lines.append(f"gs://b/{n}.{endings[kind]},T {n}")
    checked = check("\n".join(lines), "m.csv")
    assert set(checked.summary.counts) <= {"csv-entry-limit"}
    entries = checked.entries(limit=1000).rows
    assert [each.title for each in entries] == [f"T {n}" for n in range(1000)]
    assert [lines[(each.line or 0) - 1].partition(",")[0] for each in entries] == [
        each.url for each in entries
    ]


@pytest.mark.parametrize(
    "token", ["-NaN", "1NaN", "0.NaN", "1eNaN", "1Infinity", "1-NaN", "--Infinity", "NaN1"]
)
def test_what_is_nearly_not_a_number_is_a_mistake_of_json(token: str, check: Check) -> None:
    entry = f'{{"objectUrl": "{SHARED}", "clientMetadata": {{"t": {token}}}}}'
    for text, name in (
        (f'{{"images": [{entry}]}}', "m.json"),
        (f'{entry[:-1]}, "type": "image"}}\n', "m.jsonl"),
        (f'{{"images": [], "skip_duplicate_urls": {token}}}', "m.json"),
    ):
        counts = check(text, name).summary.counts
        assert set(counts) <= {"json-syntax", "json-number"}, text
        assert counts, text


@pytest.mark.parametrize("value", ["1e999", "9" * 5_000, "-1e999"])
def test_a_flag_that_is_too_large_a_number_is_named(value: str, check: Check) -> None:
    entries = f'"images": [{{"objectUrl": "{SHARED}"}}]'
    checked = check(f'{{"skip_duplicate_urls": {value}, {entries}}}')
    found = {each.code: each.message for each in checked.findings().rows}
    assert "a number that is too large" in found["flag-type"]
    assert checked.summary.entries == 1


@pytest.mark.parametrize("name", ["m.json", "m.jsonl"])
def test_a_title_that_is_the_url_is_not_where_the_url_stands(name: str, check: Check) -> None:
    entry = {"type": "image", "title": "gs://b/1.mp4", "objectUrl": "gs://b/1.mp4"}
    line = json.dumps(entry)
    sections = json.dumps({"images": [{**entry, "type": ""}] * 2}).replace('"type": "", ', "")
    checked = check(f"{line}\n{line}\n" if name == "m.jsonl" else sections, name)
    (found,) = (each for each in checked.findings().rows if each.code == "url-duplicate")
    assert (found.pointer or "").endswith("/1/objectUrl")
    text = line if name == "m.jsonl" else sections
    assert found.column == text.rindex('"gs:') + 1


@pytest.mark.parametrize(
    "entry",
    [
        {"image_groups": [{"title": n, "object_url_0": ""} for n in "ab"]},
        {"scenes": [{"title": n, "Scene": ""} for n in "ab"]},
    ],
    ids=["groups", "scenes"],
)
def test_two_empty_urls_are_no_duplicates(entry: dict[str, object], check: Check) -> None:
    codes = {each.code for each in check(json.dumps(entry)).findings().rows}
    assert codes >= {"field-case"}
    assert "url-duplicate" not in codes


def test_a_value_that_ends_in_a_line_break_is_no_uuid_and_no_moment(check: Check) -> None:
    schema = {
        "u": MetadataKey(ValueType.UUID),
        "d": MetadataKey(ValueType.DATETIME),
    }
    metadata = {"u": "00000000-0000-4000-8000-000000000000\n", "d": "2025-04-03\n"}
    image = {"objectUrl": SHARED, "clientMetadata": metadata}
    checked = check(json.dumps({"images": [image]}), schema=schema)
    assert set(checked.summary.counts) == {"metadata-uuid", "metadata-datetime"}


def test_a_csv_with_old_line_ends_is_refused_and_says_how_to_save_it(check: Check) -> None:
    checked = check("ObjectURL,Type\rgs://b/a.jpg,image\rgs://b/b.jpg,image\r", "m.csv")
    (finding,) = checked.findings().rows
    assert (finding.code, finding.line) == ("csv-syntax", 1)
    assert "LF or CRLF" in finding.message


@pytest.mark.parametrize("name", ["m.json", "m.txt"])
@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ('{"type": "registration", "images": [{"objectUrl": "gs://b/a.png"}]}', "json"),
        ('{"type": "image", "version": 1, "Images": [ {"objectUrl": "gs://b/a.png"}]}\n', "json"),
        ('{"type": "image", "objectUrl": "gs://b/a.png", "images": [{}]}', "jsonl"),
        ('{"type": "image", "object_url": "gs://b/a.png", "text": ["a"]}', "jsonl"),
        ('{"ObjectURL": "gs://b/a.png", "type": "image"}', "jsonl"),
    ],
)
def test_a_document_in_one_line_is_told_by_its_structure(
    text: str, read_as: str, name: str, check: Check
) -> None:
    checked = check(text, name)
    assert (checked.summary.format, checked.summary.by_type) == (read_as, {"image": 1})
    assert [entry.urls for entry in checked.read(checked.valid_indexes())] == [("gs://b/a.png",)]


UTF16 = "The text looks like UTF-16 without a byte order mark at byte 1."
BAD = "The text is not valid UTF-8 (perhaps Windows-1252 or Latin-1) at byte"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("ObjectURL,Type\n".encode("utf-16-le"), UTF16),
        ('{"images": []}'.encode("utf-16-le"), UTF16),
        (b"ab\xe9", f"{BAD} 2."),
        (b"\xef\xbb\xbfab\xe9", f"{BAD} 5."),  # the mark counts
    ],
)
def test_what_is_no_text_is_told_with_its_byte_in_the_file(
    data: bytes, said: str, check: Check
) -> None:
    assert [each.message for each in check(data, "m.csv").findings().rows] == [said]


def test_two_spellings_of_one_media_field_are_told(check: Check) -> None:
    media = {"mimeType": "image/jpeg", "fileSize": 1, "file_size": 2, "width": 3, "height": 4}
    made = check(json.dumps({"images": [{"objectUrl": "gs://d/a.jpg", "imageMetadata": media}]}))
    (finding,) = made.findings().rows
    assert (finding.code, finding.field) == ("field-unknown", "imageMetadata.file_size")
