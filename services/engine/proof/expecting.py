"""Write down what is expected, as columns: of a run, a manifest, a folder, an earlier receipt."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

import orjson
import polars as pl
from sqlalchemy import Connection

from services.domain.entries import Entry, EntryType
from services.domain.identity import identity
from services.domain.outcomes import BY_RANK, Outcome
from services.domain.stored_metadata import canonical_text
from services.domain.verification import WORDS_OF_TYPE, Stage
from services.engine.proof.columns import EXPECTED, frame_of, frames_key
from services.engine.report_rows import paired
from services.ledger.choosing import current
from services.ledger.tables import OUTCOME

BATCH: Final = 10_000
_STOPPED: Final = {
    Outcome.REGISTERED: Stage.NOT_LINKED,
    Outcome.ALREADY_THERE: Stage.NOT_LINKED,
    Outcome.FAILED: Stage.FAILED,
    Outcome.CANCELLED: Stage.CANCELLED,
}
#: By an outcome's rank.
STAGES: Final = tuple(_STOPPED.get(outcome, Stage.UNKNOWN) for outcome in BY_RANK)
_TYPES: Final = {
    word: str(kind) for kind in EntryType for word in WORDS_OF_TYPE[kind] if word != "IMG_GROUP"
}


def of_run(
    cx: Connection,
    root: str,
    entries: Iterable[Entry],
    *,
    apart: bool,
    heartbeat: Callable[[], None],
) -> pl.DataFrame:
    """Return the entries of a run with the best that became of each after all retries.

    They are to be apart where the run kept duplicates.
    """
    chosen = current(root).with_only_columns(
        OUTCOME.c.entry, OUTCOME.c.rank, OUTCOME.c.message, OUTCOME.c.item_uuid
    )
    ordered = chosen.order_by(OUTCOME.c.entry).execution_options(yield_per=BATCH)
    with cx.execute(ordered) as known:
        pairs = paired(entries, iter(known), index=lambda entry: entry.index)
        rows = (_row(entry, *_stopped(row)) for entry, row in pairs)
        return _frame(rows, heartbeat, apart=apart)


def of_manifest(entries: Iterable[Entry], *, heartbeat: Callable[[], None]) -> pl.DataFrame:
    """Return the entries of a manifest, of which nothing else is known."""
    rows = (_row(entry, None, Stage.UNKNOWN, "") for entry in entries)
    return _frame(rows, heartbeat, apart=False)


def of_items(items: pl.DataFrame) -> pl.DataFrame:
    """Return a folder's items as what is expected."""
    return items.with_row_index("entry").select(
        "entry",
        pl.col("type").replace(_TYPES),
        "title",
        pl.col("url").fill_null(""),
        pl.lit(1, pl.UInt32).alias("urls"),
        "key",
        "metadata",
        "item_uuid",
        pl.lit(str(Stage.NOT_LINKED)).alias("stage"),
        pl.lit("").alias("detail"),
        pl.lit(value=True).alias("apart"),
    )


def _frame(
    rows: Iterator[tuple[Any, ...]], heartbeat: Callable[[], None], *, apart: bool
) -> pl.DataFrame:
    told = {name: kind for name, kind in EXPECTED.items() if name != "apart"}
    frames = [pl.DataFrame(schema=told)]
    while batch := list(islice(rows, BATCH)):
        heartbeat()
        frames.append(frame_of(batch, told))
    return pl.concat(frames).with_columns(apart=pl.lit(apart))


def _row(entry: Entry, item: str | None, stage: Stage, detail: str) -> tuple[Any, ...]:
    return (
        entry.index,
        str(entry.type),
        entry.title,
        entry.urls[0] if entry.urls else "",
        len(entry.urls),
        _key(entry),
        canonical_text(orjson.loads(entry.payload).get("clientMetadata")),
        item,
        str(stage),
        detail,
    )


def _key(entry: Entry) -> str | None:
    if entry.type.is_composite:
        return frames_key(entry.urls)
    return identity(entry.urls[0]) if len(entry.urls) == 1 else None


def _stopped(row: Any) -> tuple[str | None, Stage, str]:  # noqa: ANN401 - a row of the ledger
    if row is None:
        return None, Stage.NEVER_SENT, ""
    return row.item_uuid, STAGES[row.rank], row.message
