"""A population of entries and what Encord holds of them, as columns, to be damaged in places."""

import json
from dataclasses import dataclass
from random import Random
from typing import Any

import polars as pl

from services.domain.stored_metadata import canonical_text
from services.engine.proof.columns import EXPECTED, FOUND, Places, frames_key
from services.engine.proof.compare import compare

#: What was asked for, and Encord's word for its row.
KINDS = (("image", "IMAGE"), ("video", "VIDEO"), ("audio", "AUDIO"))
FRAMES = 4


@dataclass
class Population:
    """Expected entries and found rows, in lists of dictionaries, easy to damage."""

    expected: list[dict[str, Any]]
    found: list[dict[str, Any]]

    def verdicts(self, dice: Random | None = None) -> pl.DataFrame:
        """Compare; the rows come in any order."""
        rows = list(self.found)
        (dice or Random(7)).shuffle(rows)
        expected = pl.DataFrame(self.expected, schema=EXPECTED)
        return compare(expected, Places(dataset=pl.DataFrame(rows, schema=FOUND)))

    def wrong(self) -> dict[int, str]:
        """Return the verdicts of the entries that are not matched."""
        lines = self.verdicts().filter(pl.col("entry").is_not_null())
        chosen = lines.filter(pl.col("verdict") != "matched").select("entry", "verdict")
        return dict(chosen.iter_rows())

    def strangers(self) -> list[str]:
        """Return the rows that nobody asked for."""
        chosen = self.verdicts().filter(pl.col("verdict") == "unexpected")
        return sorted(chosen["row_uuids"])


def populate(singles: int, groups: int = 0) -> Population:
    """Make a population in which everything arrived."""
    made = Population([], [])
    for n in range(singles):
        kind, word = KINDS[n % len(KINDS)]
        url = f"gs://bucket/site-{n % 7}/{n:06d}"
        _add(made, kind, word, url, url, title=f"Frame {n % 50}")
    for n in range(groups):
        urls = [f"gs://bucket/group-{n}/{frame}" for frame in range(FRAMES)]
        _add(made, "image_group", "IMG_GROUP", urls[0], frames_key(urls), title="Group")
    return made


def _add(made: Population, kind: str, word: str, url: str, key: str, *, title: str) -> None:
    n = len(made.expected)
    metadata = canonical_text(json.loads(json.dumps({"site": n % 7, "quality": n / 8, "n": n})))
    shared = {"title": title, "url": url, "key": key, "metadata": metadata}
    item = f"item-{n}"
    made.expected.append(
        {
            **shared,
            "entry": n,
            "type": kind,
            "urls": key.count("\x1f") + 1,
            "item_uuid": item,
            "stage": "registered but not linked",
            "detail": "",
            "apart": False,
        }
    )
    made.found.append(
        {
            **shared,
            "row_uuid": f"row-{n}",
            "item_uuid": item,
            "type": word,
            "bytes": 10 ** (n % 4),
        }
    )
