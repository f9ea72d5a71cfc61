"""The fast ways and the rules agree: what the filters accept has no finding, and nothing else."""

import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain import urls
from services.domain.metadata import read_schema
from services.manifests import csv_batch, csv_reader, json_batch, json_section
from services.manifests.checked import CheckedManifest
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

SCHEMA = read_schema(
    {
        "weather": {"type": "enum", "options": ["sunny", "rainy"]},
        "taken": "datetime",
        "km": "number",
        "ok": "boolean",
        "id": "uuid",
        "note": {"type": "varchar", "size": 5},
    }
)
OPTIONS = [
    CheckOptions(),
    CheckOptions(schema=SCHEMA),
    CheckOptions(bucket="demo"),
    CheckOptions(strict_client_only=True),
]

URLS = st.sampled_from(
    [
        "gs://demo/a.jpg",
        "gs://demo/b.jpg",
        "gs://demo/c d.jpg",
        "gs://demo/e.mp4",
        "gs://other/f.JPG",
        "s3://demo/\u00e9#?.jpg",
        "gs://demo/back\\slash.jpg",
        "gs://demo/delete\x7fd.jpg",
        "gs://demo/tab\tbed.jpg",
        "https://storage.googleapis.com/demo/g.jpg",
        "https://storage.cloud.google.com/demo/h.jpg",
        "https://demo.storage.googleapis.com/i.jpg",
        "https://de_mo.storage.googleapis.com/i.jpg",
        "https://a..b/c/d.jpg",
        "https://host/b/j.jpg?X-Goog-Signature=1",
        "gs://demo/\ufffd.jpg",
        "gs://demo/\u3000.jpg",
        "gs://demo",
        "gs:///x",
        "/mnt/x",
        "",
    ]
)
TITLES = st.sampled_from(["a", "b : c", 'say "x": y', "\\", "a\u0007", "t" * 301, "", "\ufffd"])
VALUES = st.sampled_from(
    [
        1,
        2**53 + 1,
        2**63,
        2**70,
        -1.5,
        True,
        None,
        "sunny",
        "Sunny",
        "2025-04-03T12:00:00Z",
        "2025-02-30",
        "0b0e6e6e-2f1c-4b57-9c52-0f6e6a3d1a11",
        "123456",
        "a\u0000b",
        [],
        [1, 2],
        {"x": {"y": [1]}},
        "",
    ]
)
KEYS = st.sampled_from(["weather", "taken", "km", "ok", "id", "note", "a/b", "key frames", "$x"])
MEDIA = st.fixed_dictionaries(
    {"mimeType": st.sampled_from(["image/jpeg", "", 5]), "fileSize": st.sampled_from([1, 0, 1.0])},
    optional={"width": st.sampled_from([1, 1.5, "1"]), "height": st.just(2), "depth": st.just(1)},
)
METADATA = st.dictionaries(KEYS, VALUES, max_size=4)
USUAL = {
    "objectUrl": "gs://demo/usual.jpg",
    "title": "usual",
    "clientMetadata": {"km": 1.5, "note": "ok"},
}
#: One thing differs from the usual entry, so that nothing else hides it.
ONE_DIFFERENCE = st.one_of(
    st.fixed_dictionaries({"objectUrl": URLS}),
    st.fixed_dictionaries({"title": TITLES}),
    st.fixed_dictionaries({"clientMetadata": METADATA}),
    st.builds(lambda v: {"clientMetadata": {"km": v, "note": "ok"}}, VALUES),
    st.builds(lambda v: {"clientMetadata": {"km": 1.5, "note": v}}, VALUES),
    st.fixed_dictionaries({"imageMetadata": MEDIA}),
)
ENTRY = st.one_of(
    st.just(USUAL),
    ONE_DIFFERENCE.map(lambda difference: {**USUAL, **difference}),
    st.fixed_dictionaries(
        {"objectUrl": st.one_of(URLS, st.just(5))},
        optional={
            "title": st.one_of(TITLES, st.none(), st.just(5)),
            "clientMetadata": st.one_of(METADATA, st.none(), st.just("x")),
            "imageMetadata": MEDIA,
            "objecturl": URLS,
            "label": st.just(1),
        },
    ),
    st.sampled_from([5, [], "x", {}]),
)
FRAMES = st.lists(st.one_of(URLS, st.just(True)), max_size=4)


def group(title: Any, frames: list[Any], video: Any, metadata: Any = None) -> dict[str, Any]:
    made: dict[str, Any] = {"title": title}
    made |= {f"objectUrl_{number}": url for number, url in enumerate(frames)}
    if video is not None:
        made["createVideo"] = video
    return made | ({"clientMetadata": metadata} if metadata else {})


GROUP = st.one_of(
    st.builds(group, TITLES, FRAMES, st.sampled_from([None, True, False, "x"]), METADATA),
    st.builds(group, st.just("g"), st.lists(URLS, max_size=3), st.just(True), st.just({})),
    st.builds(group, TITLES, st.just(["gs://demo/1.jpg"]), st.none(), st.just({"km": 1})),
    st.builds(group, st.just("g"), st.just(["gs://demo/1.jpg", "gs://demo/2.png"]), st.none()),
)


@st.composite
def documents(draw: Any) -> str:
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " : ")]))
    indent = draw(st.sampled_from([None, 1]))
    images = draw(st.lists(ENTRY, max_size=8)) + [USUAL] * draw(st.integers(0, 3))
    content = {"images": images, "image_groups": draw(st.lists(GROUP, max_size=4))}
    text = json.dumps(
        content, separators=separators, indent=indent, ensure_ascii=draw(st.booleans())
    )
    if draw(st.booleans()):
        text = text.replace('"title"', '"title": "first", "title"', 1)
    return text


def told(checked: CheckedManifest) -> dict[str, Any]:
    rows = checked.entries(limit=1_000).rows
    summary = checked.summary
    return {
        "counts": summary.counts,
        "types": summary.by_type,
        "urls": summary.urls,
        "buckets": checked.buckets(),
        "findings": checked.findings(limit=10_000).rows,
        "rows": rows,
        "payloads": [
            (e.index, e.type, e.urls, e.title, json.loads(e.payload))
            for e in checked.read(checked.valid_indexes())
        ],
    }


def check(data: bytes, name: str, options: CheckOptions) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        store = ManifestStore(Path(folder), max_bytes=10**8)
        return told(store.check(store.add(name, io.BytesIO(data)), options))


def _unfiltered(reader: json_section.SectionReader, *_: Any) -> Any:
    return partial(json_batch.read_nothing, kind=reader._kind)


@pytest.fixture(scope="module")
def slowly() -> Callable[..., dict[str, Any]]:
    """Check with every fast way switched off."""

    def run(*arguments: Any) -> dict[str, Any]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_section.SectionReader, "_choose_reader", _unfiltered)
            patch.setattr(csv_batch, "_is_plain", lambda *_: False)
            return check(*arguments)

    return run


PATIENT = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PATIENT
@given(
    text=documents(), options=st.sampled_from(OPTIONS), stretch=st.sampled_from([1, 200, 1 << 20])
)
def test_json_filters_agree_with_the_rules(
    slowly: Callable[..., dict[str, Any]], text: str, options: CheckOptions, stretch: int
) -> None:
    data = text.encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_batch, "STRETCH", stretch)
        found = check(data, "m.json", options)
    assert found == slowly(data, "m.json", options)


CELLS = st.sampled_from(
    ["", "x", "sunny", "Sunny", "1", "1.50", "true", "2025-04-03", "\ufffd", "a b", str(2**53 + 1)]
)
#: Titles that are more than one line, or look like something else, depending on their quotes.
BROKEN = [
    "one\ntwo",
    "one\r\n\r\ntwo",
    'a "b" c',
    '"',
    '""',
    'x"y',
    "ObjectURL",
    "a\rb",
    "\u00e9" * 13,
]
ROW = st.one_of(
    st.tuples(st.just("gs://demo/usual.jpg"), st.just("image"), CELLS, CELLS, CELLS),
    st.tuples(URLS, st.sampled_from(["image", "Video", "images", "pdf"]), TITLES, CELLS, CELLS),
    st.tuples(URLS, st.just("image"), st.sampled_from(BROKEN), CELLS, CELLS),
    st.tuples(URLS, st.sampled_from(["", "image group", "pictur"]), CELLS, CELLS, CELLS),
    st.lists(CELLS, min_size=1, max_size=6),
)


def quoted(cell: str, when: str) -> str:
    """Quote a cell always, or those of odd length."""
    if when == "never" or (when == "some" and len(cell) % 2):
        return cell
    return '"' + cell.replace('"', '""') + '"'


@st.composite
def tables(draw: Any) -> str:
    delimiter, end = draw(st.sampled_from([",", ";", "\t"])), draw(st.sampled_from(["\n", "\r\n"]))
    third = draw(
        st.sampled_from(
            [
                *("metadata.weather", "metadata.km", "metadata.zz", "Group", "Other"),
                *("metadata.Keyframes", "metadata.k.e.y-frames"),
            ]
        )
    )
    header = ["ObjectURL", "Type", "Title", third, "metadata.note"]
    rows = [header, *draw(st.lists(ROW, max_size=6))]
    if draw(st.booleans()):
        below = draw(st.sampled_from([["Image title", "objecturl"], [*header[:2], "Image title"]]))
        rows.insert(draw(st.integers(1, len(rows))), below)
    quotes = draw(st.sampled_from(["never", "always", "some"]))
    text: str = end.join(delimiter.join(quoted(cell, quotes) for cell in row) for row in rows)
    return text + str(end if draw(st.booleans()) else "")


@PATIENT
@given(
    text=tables(), options=st.sampled_from(OPTIONS), stretch=st.sampled_from([1, 60, 200, 1 << 20])
)
def test_csv_columns_agree_with_the_rows(
    slowly: Callable[..., dict[str, Any]], text: str, options: CheckOptions, stretch: int
) -> None:
    data = text.encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "STRETCH", stretch)
        found = check(data, "m.csv", options)
    assert found == slowly(data, "m.csv", options)


@settings(max_examples=400)
@given(
    url=st.one_of(
        URLS,
        st.text(max_size=20).map("gs://demo/{}".format),
        st.text(max_size=20).map("https://{}".format),
        st.from_regex(r"(gs|s3|https)://[a-z.@:#?/ -]{0,20}", fullmatch=True),
    )
)
def test_the_pattern_accepts_no_url_that_the_scanner_refuses(url: str) -> None:
    try:
        column = pl.Series([url])
    except UnicodeEncodeError:
        return
    if column.str.contains(urls.GOOD)[0]:
        assert urls.fault_of(url) is None
