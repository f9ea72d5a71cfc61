"""The documents that are measured: Encord's documented maximum, clean and with mistakes."""

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl

from services.engine.proof.columns import EXPECTED, FOUND

ITEMS: Final = 500_000
GROUPS: Final = 20_000
FRAMES: Final = 50
ROWS: Final = 1_000_000
#: One entry in so many is faulty, in one of these ways.
FAULTY_EVERY: Final = 100
FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"objectUrl": "ftp://somewhere/else.jpg"},
    {"objectUrl": "gs://bucket/with space.jpg"},
    {"title": 5},
    {"titel": "misspelled"},
)
ALL_FAULTY: Final = 100_000


def images(count: int, *, faulty: bool, every: int = FAULTY_EVERY) -> Iterator[dict[str, Any]]:
    """Yield image entries with a title and seven metadata keys; one in `every` may be faulty."""
    dice = random.Random(1)
    for n in range(count):
        entry: dict[str, Any] = {
            "objectUrl": f"gs://bucket-of-things/site-{n % 7}/camera-{n % 31}/{n:07d}.jpg",
            "title": f"Frame {n}",
            "clientMetadata": {
                "site": f"site-{n % 7}",
                "camera": n % 31,
                "taken": "2026-11-01T12:00:00Z",
                "quality": round(dice.random(), 3),
                "night": bool(n % 2),
                "weather": "rain",
                "lens": "wide",
            },
        }
        if faulty and n % every == 0:
            entry |= FAULTS[n // every % len(FAULTS)]
        yield entry


def write_images(
    path: Path, *, faulty: bool, count: int = ITEMS, every: int = FAULTY_EVERY
) -> None:
    with path.open("w") as file:
        file.write('{"images":[')
        for n, entry in enumerate(images(count, faulty=faulty, every=every)):
            file.write("," * (n > 0) + json.dumps(entry))
        file.write('],"skip_duplicate_urls":true}')


def write_bulk(path: Path, count: int = ITEMS) -> None:
    """Write images that the sandbox's demo bucket has."""
    bulk = (f"gs://encord-demo-bucket/bulk/{n:06}.jpg" for n in range(count))
    entries = zip(bulk, images(count, faulty=False), strict=True)
    path.write_text(json.dumps({"images": [{**entry, "objectUrl": url} for url, entry in entries]}))


def write_groups(path: Path) -> None:
    groups = [
        {
            "title": f"Group {group}",
            "createVideo": False,
            **{f"objectUrl_{k}": f"gs://bucket/{group}/{k:04d}.jpg" for k in range(FRAMES)},
        }
        for group in range(GROUPS)
    ]
    path.write_text(json.dumps({"image_groups": groups}))


def write_csv(path: Path, *, faulty: bool) -> None:
    """Write such entries as rows: a column a key, a cell too much for a misspelled field."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for n, entry in enumerate(images(ROWS, faulty=faulty)):
            metadata: dict[str, Any] = entry["clientMetadata"]
            if n == 0:
                keys = (f"metadata.{key}" for key in metadata)
                writer.writerow(["ObjectURL", "Type", "Title", *keys])
            cells = [str(each).lower() for each in metadata.values()]
            more = ["misspelled"] if "titel" in entry else []
            title = entry["title"] if isinstance(entry["title"], str) else "t" * 301
            writer.writerow([entry["objectUrl"], "image", title, *cells, *more])


def write_expected(path: Path) -> None:
    """Write columns of what was expected, and beside them the rows that Encord would list."""
    entries = pl.DataFrame(
        {
            "url": [str(entry["objectUrl"]) for entry in images(ITEMS, faulty=False)],
            "metadata": ['{"site":"site-1","camera":1}'] * ITEMS,
        }
    )
    nothing = pl.lit(None, pl.String)
    expected = entries.with_row_index("entry").with_columns(
        type=pl.lit("image"),
        title=nothing,
        urls=pl.lit(1, pl.UInt32),
        key="url",
        item_uuid=nothing,
        stage=pl.lit(""),
        detail=pl.lit(""),
        apart=pl.lit(value=False),
    )
    expected.select(*EXPECTED).write_ipc(path, compression="uncompressed")
    found = entries.reverse().with_columns(
        row_uuid=pl.int_range(ITEMS).cast(pl.String),
        item_uuid=nothing,
        type=pl.lit("image"),
        title=pl.lit("as found"),
        key="url",
        bytes=pl.lit(1, pl.Int64),
    )
    found.select(*FOUND).write_ipc(found_beside(path), compression="uncompressed")


def found_beside(path: Path) -> Path:
    """Name the file of the rows that are compared with those expected."""
    return path.with_suffix(".found.arrow")
