"""The documents that are measured: Encord's documented maximum, clean and with mistakes."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ITEMS: Final = 500_000
GROUPS: Final = 20_000
FRAMES: Final = 50
ROWS: Final = 1_000_000
#: One entry in this many is faulty, in one of these ways.
FAULTY_EVERY: Final = 100
FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"objectUrl": "ftp://somewhere/else.jpg"},
    {"objectUrl": "gs://bucket/with space.jpg"},
    {"title": 5},
    {"titel": "misspelled"},
)


def images(count: int, *, faulty: bool) -> Iterator[dict[str, Any]]:
    """Yield image entries with a title and seven metadata keys."""
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
        if faulty and n % FAULTY_EVERY == 0:
            entry |= FAULTS[n // FAULTY_EVERY % len(FAULTS)]
        yield entry


def write_images(path: Path, *, faulty: bool, count: int = ITEMS) -> None:
    with path.open("w") as file:
        file.write('{"images":[')
        for n, entry in enumerate(images(count, faulty=faulty)):
            file.write("," * (n > 0) + json.dumps(entry))
        file.write('],"skip_duplicate_urls":true}')


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


def write_csv(path: Path) -> None:
    with path.open("w") as file:
        file.write("ObjectURL,Type,Title,metadata.site,metadata.quality\n")
        for n in range(ROWS):
            file.write(
                f"gs://bucket/{n % 7}/{n:07d}.jpg,image,Frame {n},site-{n % 7},0.{n % 999}\n"
            )
