"""The words of outcomes, in blocks: what keeps a search of half a million outcomes short.

A database spends its time on rows, not on bytes. So the URLs, titles and messages of neighbouring
entries stand in one text, and a search opens only the outcomes of blocks that hold its words. A
block holds the words of the whole family, so it may promise too much and never too little.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, select

from services.ledger.dialect import put_rows
from services.ledger.tables import OUTCOME, WORDS

#: Entries of a block.
BLOCK: Final = 256


def keep(cx: Connection, root: str, entries: Iterable[int]) -> None:
    """Write the blocks that hold these entries anew."""
    blocks = sorted({entry - entry % BLOCK for entry in entries})
    rows = [{"root": root, "first": first, "body": _body(cx, root, first)} for first in blocks]
    put_rows(cx, WORDS, rows, keys=("root", "first"))


def near(cx: Connection, search: str) -> ColumnElement[bool]:
    """Return the condition that joins blocks which hold the words with their outcomes."""
    last = WORDS.c.first + (BLOCK - 1)
    return and_(
        _holds(cx, search.casefold()),
        OUTCOME.c.root == WORDS.c.root,
        OUTCOME.c.entry.between(WORDS.c.first, last),
    )


def holding(cx: Connection, root: str, search: str, *, after: int = -1, limit: int) -> list[int]:
    """Return the first blocks after another that hold the words."""
    chosen = select(WORDS.c.first).where(
        WORDS.c.root == root, WORDS.c.first > after, _holds(cx, search.casefold())
    )
    return list(cx.scalars(chosen.order_by(WORDS.c.first).limit(limit)))


def _holds(cx: Connection, folded: str) -> ColumnElement[bool]:
    find = func.strpos if cx.dialect.name == "postgresql" else func.instr
    return find(WORDS.c.body, folded) > 0


def _body(cx: Connection, root: str, first: int) -> str:
    rows = cx.execute(
        select(OUTCOME.c.url, OUTCOME.c.title, OUTCOME.c.message).where(
            OUTCOME.c.root == root, OUTCOME.c.entry.between(first, first + BLOCK - 1)
        )
    )
    return "\n".join(dict.fromkeys(word for row in rows for word in row if word)).casefold()
