"""Pages by key: a token names the last row seen, so later pages cost what the first did.

By number, where a listing is told to be unstable: then a token is how many rows were seen.
"""

import base64
import binascii
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from services.sandbox.wire import Call, Object, RefusalError

#: Documented for folder and item listings.
MAX_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which rows of a sorted listing are asked for."""

    limit: int
    desc: bool
    #: (sort key, row id) of the last row of the page before; None at the start.
    after: tuple[object, int] | None
    #: Rows of the pages before, when those go by number.
    skip: int = 0
    by_key: bool = True


def window(call: Call, *, by_key: bool = True) -> Window:
    """Read `pageSize`, `pageToken` and `desc`; a size outside 1..1000 is refused [assumed]."""
    text = call.one("pageSize") or "100"
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PAGE:
        raise RefusalError(400, f"pageSize must be between 1 and {MAX_PAGE}.")
    limit, desc, after = int(text), call.flag("desc"), _after(call.one("pageToken"))
    if by_key:
        return Window(limit=limit, desc=desc, after=after)
    return Window(limit=limit, desc=desc, after=None, skip=after[1] if after else 0, by_key=False)


def _after(token: str | None) -> tuple[object, int] | None:
    if not token:
        return None
    try:
        key, number = orjson.loads(base64.urlsafe_b64decode(token))
        return key, int(number)
    except (ValueError, TypeError, binascii.Error) as error:
        raise RefusalError(400, "pageToken is not one of ours.") from error


def page(
    rows: Sequence[sqlite3.Row],
    asked: Window,
    key: Callable[[sqlite3.Row], tuple[object, int]],
    view: Callable[[sqlite3.Row], Object],
) -> Object:
    """Return `{"results": [...], "nextPageToken": text | null}` of up to one row too many."""
    kept = rows[: asked.limit]
    token = None
    if len(rows) > asked.limit:
        last = key(kept[-1]) if asked.by_key else (None, asked.skip + asked.limit)
        token = base64.urlsafe_b64encode(orjson.dumps(last)).decode()
    return {"results": [view(row) for row in kept], "nextPageToken": token}


def single(results: list[Object]) -> Object:
    """Return a page that holds everything."""
    return {"results": results, "nextPageToken": None}
