"""Compare what was asked for with what Encord lists: by identity, never by title or count."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.domain.identity import identity


class Verdict(StrEnum):
    """What verification says about one URL."""

    MATCHED = "matched"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One entry that was asked for, and what is known of it."""

    entry: int
    type: str
    title: str | None
    urls: tuple[str, ...]
    #: The storage item that carries these URLs; None when Encord has none.
    item_uuid: str | None
    #: Where it stopped, in words, should it be missing.
    stopped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One row that Encord lists."""

    row_uuid: str
    title: str
    type: str
    url: str | None
    item_uuid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a verification."""

    verdict: Verdict
    entry: int | None
    type: str
    title: str | None
    url: str
    item_uuid: str | None
    #: The dataset's rows that carry it, usually one.
    row_uuids: tuple[str, ...]
    #: Where a missing entry stopped; empty otherwise.
    stopped: str


def compare(expected: Iterable[Expected], found: Iterable[Found]) -> Iterator[Line]:
    """Yield one line an expected entry, in order, then one a row that nobody asked for.

    A row belongs to an entry when it stands on the entry's storage item, or carries its URL.
    """
    by_item: defaultdict[str, dict[str, Found]] = defaultdict(dict)
    by_url: defaultdict[str, dict[str, Found]] = defaultdict(dict)
    rows = list(found)
    for row in rows:
        if row.item_uuid:
            by_item[row.item_uuid][row.row_uuid] = row
        if row.url:
            by_url[identity(row.url)][row.row_uuid] = row
    claimed: set[str] = set()
    for entry in expected:
        mine = by_item.get(entry.item_uuid or "", {})
        if len(entry.urls) == 1:
            mine = mine | by_url.get(identity(entry.urls[0]), {})
        claimed.update(mine)
        yield _judge(entry, tuple(mine))
    yield from (_stranger(row) for row in rows if row.row_uuid not in claimed)


def _judge(entry: Expected, rows: tuple[str, ...]) -> Line:
    if not rows:
        verdict = Verdict.MISSING
    else:
        verdict = Verdict.MATCHED if len(rows) == 1 else Verdict.DUPLICATE
    return Line(
        verdict=verdict,
        entry=entry.entry,
        type=entry.type,
        title=entry.title,
        url=entry.urls[0] if entry.urls else "",
        item_uuid=entry.item_uuid,
        row_uuids=rows,
        stopped=entry.stopped if verdict is Verdict.MISSING else "",
    )


def _stranger(row: Found) -> Line:
    return Line(
        verdict=Verdict.UNEXPECTED,
        entry=None,
        type=row.type,
        title=row.title,
        url=row.url or "",
        item_uuid=row.item_uuid,
        row_uuids=(row.row_uuid,),
        stopped="",
    )
