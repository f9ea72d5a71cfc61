"""The receipt of a verification: what it says, what it means, and whether it is still itself.

A receipt is one JSON document. `rows_sha256` is the hash of its rows, `seal` the hash of everything
else in it; the ledger's chain of events holds both, so that whoever has the ledger can tell a
receipt that was written anew from the one that was given out.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl

from services.domain.verification import Verdict, expected_in, is_proven
from services.engine.proof.rows import hash_of

FORMAT: Final = "encord-onboarding-receipt-1"
SEAL: Final = "seal"


def sealed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a receipt with its seal."""
    return {**body, SEAL: seal_of(body)}


def seal_of(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a receipt without its seal, written with sorted keys."""
    content = {key: value for key, value in body.items() if key != SEAL}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def read(path: Path) -> dict[str, Any]:
    """Read a receipt.

    Raises:
        ValueError: The file is no receipt of this format.
    """
    try:
        body = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ValueError(str(error)) from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ValueError(FORMAT)
    return body


def objections(body: Mapping[str, Any], rows: pl.DataFrame | None) -> Iterator[str]:
    """Yield a sentence for everything in a receipt that does not hold.

    Args:
        body: The receipt.
        rows: Its rows; None leaves them out.
    """
    counts = body.get("counts")
    if body.get(SEAL) != seal_of(body):
        yield "The receipt was altered: its content does not have the hash it carries."
    if not isinstance(counts, dict) or not isinstance(counts.get("verdicts"), dict):
        yield "The receipt has no counts."
        return
    verdicts = counts["verdicts"]
    if counts.get("expected") != expected_in(verdicts):
        yield "Its counts do not add up to what was expected."
    if body.get("proven") != is_proven(verdicts):
        yield "Its verdict does not follow from its counts."
    if rows is not None:
        yield from _about_rows(body, verdicts, rows)


def _about_rows(
    body: Mapping[str, Any], verdicts: Mapping[str, int], rows: pl.DataFrame
) -> Iterator[str]:
    if body.get("rows_sha256") != hash_of(rows):
        yield "The rows were altered: they do not have the hash the receipt names."
    counted = dict(rows["verdict"].value_counts().iter_rows())
    for verdict in map(str, Verdict):
        found = counted.get(verdict, 0)
        if verdicts.get(verdict, 0) != found:
            yield f"The rows have {found} {verdict}, the receipt says {verdicts.get(verdict, 0)}."
