"""Write down what is expected, as columns: of a run, a manifest, a folder, an earlier receipt."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import orjson
import polars as pl
from sqlalchemy import Connection

from services.domain.entries import Entry, EntryType
from services.domain.identity import identity
from services.domain.outcomes import Outcome
from services.domain.stored_metadata import canonical_text
from services.domain.verification import WORDS_OF_TYPE, Stage
from services.engine.proof.columns import EXPECTED, frame_of, frames_key
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
STAGES: Final = {outcome.rank: str(_STOPPED.get(outcome, Stage.UNKNOWN)) for outcome in Outcome}
#: What is told of each entry by what asks for it, and what by the ledger.
_ASKED: Final = {
    name: EXPECTED[name] for name in ("entry", "type", "title", "url", "urls", "key", "metadata")
}
_KNOWN: Final = {
    "entry": pl.UInt32(),
    "rank": pl.Int64(),
    "detail": pl.String(),
    "item_uuid": pl.String(),
}
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
    asked = _asked(entries, heartbeat)
    columns = OUTCOME.c.entry, OUTCOME.c.rank, OUTCOME.c.message, OUTCOME.c.item_uuid
    chosen = current(root).with_only_columns(*columns).execution_options(yield_per=BATCH)
    with cx.execute(chosen) as rows:
        known = pl.concat(_in_batches(rows, _KNOWN, heartbeat))
    stage = pl.col("rank").replace_strict(STAGES, default=None, return_dtype=pl.String())
    return asked.join(known, on="entry", how="left", maintain_order="left").select(
        *_ASKED,
        "item_uuid",
        stage.fill_null(str(Stage.NEVER_SENT)).alias("stage"),
        pl.col("detail").fill_null(""),
        pl.lit(apart).alias("apart"),
    )


def of_manifest(entries: Iterable[Entry], *, heartbeat: Callable[[], None]) -> pl.DataFrame:
    """Return the entries of a manifest, of which nothing else is known."""
    return _asked(entries, heartbeat).with_columns(
        item_uuid=pl.lit(None, pl.String()),
        stage=pl.lit(str(Stage.UNKNOWN)),
        detail=pl.lit(""),
        apart=pl.lit(value=False),
    )


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


def _asked(entries: Iterable[Entry], heartbeat: Callable[[], None]) -> pl.DataFrame:
    return pl.concat(_in_batches(map(_row, entries), _ASKED, heartbeat))


def _in_batches(
    rows: Iterable[tuple[Any, ...]],
    schema: Mapping[str, pl.DataType],
    heartbeat: Callable[[], None],
) -> Iterator[pl.DataFrame]:
    """Yield rows as columns, and in any case columns without a row."""
    yield frame_of((), schema)
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        heartbeat()
        yield frame_of(batch, schema)


def _row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.index,
        str(entry.type),
        entry.title,
        entry.urls[0] if entry.urls else "",
        len(entry.urls),
        _key(entry),
        canonical_text(orjson.loads(entry.payload).get("clientMetadata")),
    )


def _key(entry: Entry) -> str | None:
    if entry.type.is_composite:
        return frames_key(entry.urls)
    return identity(entry.urls[0]) if len(entry.urls) == 1 else None
