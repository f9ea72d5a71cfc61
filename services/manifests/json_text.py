"""Positions in JSON text: where a key or value stands, which keys are repeated, how deep it nests.

Values are skipped by the C scanner of the standard library, so only the levels on the way to the
place cost Python time. For offenders only; documents are split elsewhere.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in typeshed
from json.scanner import c_make_scanner  # type: ignore[attr-defined]  # not in typeshed
from typing import Final, NamedTuple

from services.manifests.faults import Fault, Path

#: Deeper nesting is refused.
MAX_DEPTH: Final = 64

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_COLON: Final = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_COMMA: Final = re.compile(r"[ \t\n\r]*,?[ \t\n\r]*")
#: The C scanner: it reads the value at a place and says where it ends.
_SCAN: Final[Callable[[str, int], tuple[object, int]]] = c_make_scanner(
    json.JSONDecoder(parse_int=len, parse_float=len)
)
#: Python's readers may or may not get through this much, and what comes after them may not.
_HOPELESS: Final = 512
#: Fewer brackets than this nest nowhere near `MAX_DEPTH`, whatever is around the text.
_SHALLOW: Final = MAX_DEPTH // 2
#: Whole numbers and exponents that may be beyond a number's limits; the digits of a fraction never
#: are. It begins with a set of few characters, for which the search is fast.
_LONG: Final = re.compile(r"[0-9](?:(?<![0-9.].)[0-9]{18}|[eE]\+?[0-9]{2})")
_INT_LIMIT: Final = 2**64
_INT_FLOOR: Final = -(2**63)
_HUGE: Final = 10**300
#: Python itself refuses to read numbers much longer than this.
_DIGITS: Final = 1_000
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
#: A surrogate pair, half of one, or the beginning of any other escape.
_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


@dataclass(slots=True)
class Parsed:
    """One parsed value and whether any object in it repeats a key."""

    value: object
    repeats: bool


class _RepeatError(Exception):
    """An object repeats a key."""


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _RepeatError
    return made


def _whole(digits: str) -> float:
    """Read a whole number; one that no reader takes counts as infinite."""
    return int(digits) if len(digits) < _DIGITS else math.inf


_DISTINCT: Final = json.JSONDecoder(object_pairs_hook=_distinct, parse_int=_whole)
_LAST_WINS: Final = json.JSONDecoder(parse_int=_whole)


def parse(text: str) -> Parsed:
    """Parse JSON text whose syntax is known to be good; repeated keys keep the last value.

    Raises RecursionError for text that nests far too deeply, however much room is left here.
    """
    if text.count("{") + text.count("[") > _HOPELESS and _depth(text) > _HOPELESS:
        raise RecursionError
    try:
        return Parsed(_DISTINCT.decode(text), repeats=False)
    except _RepeatError:
        return Parsed(_LAST_WINS.decode(text), repeats=True)


def _depth(text: str) -> int:
    """Return how deeply a text nests."""
    depth = deepest = 0
    for match in _TOKEN.finditer(text):
        depth += (match[0] in "[{") - (match[0] in "]}")
        deepest = max(deepest, depth)
    return deepest


def shallow(text: str) -> str:
    """Put null in the place of what nests deeper than is allowed, so that the rest can be read."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return text
    depth, at, pieces = 0, 0, []
    for match in _TOKEN.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                pieces.append(text[at : match.start()] + "null")
        elif match[0] in "]}":
            if depth == MAX_DEPTH + 1:
                at = match.end()
            depth -= 1
    return "".join([*pieces, text[at:]])


def without_halves(text: str) -> str:
    """Put U+FFFD in the place of half surrogate pairs, which no text can hold."""
    if "\\u" not in text:
        return text
    return _ESCAPE.sub(lambda match: "\\ufffd" if match["half"] else match[0], text)


def value_of(text: str) -> object:
    """Read a value as far as it can be read, whatever numbers, depth and halves it has."""
    return parse(without_halves(shallow(text))).value


class Piece(NamedTuple):
    """A member of an object as it stands in the text, and its value there."""

    whole: str
    value: str


def pieces(text: str) -> dict[str, list[Piece]]:
    """Return the members of an object by key, each as often as it is there."""
    made: dict[str, list[Piece]] = {}
    if text.startswith("{"):
        for key, start, value_at, end in members(text, 0):
            made.setdefault(key, []).append(Piece(text[start:end], text[value_at:end]))
    return made


def halves(value: object, path: Path = ()) -> Iterator[Path]:
    """Yield where texts hold half surrogate pairs; for a key, the place of its object."""
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            yield path
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from halves(key, path)
            yield from halves(each, (*path, key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from halves(each, (*path, place))


def _skip(text: str, at: int, what: re.Pattern[str] = _SPACE) -> int:
    match = what.match(text, at)
    return match.end() if match else at


def members(text: str, at: int) -> Iterator[tuple[str, int, int, int]]:
    """Yield key, place of the key, place of the value and its end for an object at `at`."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, end = scanstring(text, at + 1, True)
        value_at = _skip(text, end, _COLON)
        _, value_end = _SCAN(text, value_at)
        yield key, at, value_at, value_end
        at = _skip(text, value_end, _COMMA)


def elements(text: str, at: int) -> Iterator[int]:
    """Yield the places of an array's elements."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        yield at
        _, end = _SCAN(text, at)
        at = _skip(text, end, _COMMA)


def locate(text: str, path: Path, *, on_key: bool = False) -> int:
    """Return the 0-based character where the value (or key) at `path` begins.

    A path that leads nowhere gives the place of its nearest existing ancestor. Of a repeated key
    the last one counts, as it does for readers.
    """
    if len(path) == 1 and (only := _only(text, path[0])):
        return only[0] if on_key else only[1]
    at = _skip(text, 0)
    for depth, step in enumerate(path, 1):
        found = _step(text, at, step, want_key=on_key and depth == len(path))
        if found is None:
            return at
        at = found
    return at


def _only(text: str, key: str | int) -> tuple[int, int] | None:
    """Return the places of a key and its value where a look is enough; None where it is not.

    It is when the key stands there once, nothing is escaped, and no object or array begins before
    it: then what a colon follows is a key of the entry itself.
    """
    quoted = f'"{key}"'
    at = text.find(quoted)
    if at < 0 or "\\" in text or text.find(quoted, at + 1) >= 0:
        return None
    colon = _COLON.match(text, at + len(quoted))
    if colon is None or text.count("{", 0, at) != 1 or text.find("[", 0, at) >= 0:
        return None
    return at, colon.end()


def _step(text: str, at: int, step: str | int, *, want_key: bool) -> int | None:
    found = None
    if isinstance(step, int) and text[at] == "[":
        places = _elements_at(text, at)
        return places[step] if step < len(places) else None
    if isinstance(step, str) and text[at] == "{":
        found = _members_at(text, at).get(step)
    if found is None:
        return None
    return found[0] if want_key else found[1]


@lru_cache(maxsize=4)
def _members_at(text: str, at: int) -> dict[str, tuple[int, int]]:
    """Return the places of an object's keys and values; many faults may ask for one object."""
    return {key: (key_at, value_at) for key, key_at, value_at, _ in members(text, at)}


@lru_cache(maxsize=4)
def _elements_at(text: str, at: int) -> list[int]:
    return list(elements(text, at))


@dataclass(slots=True)
class Repeat:
    """A repeated key: its path and the place of the second one."""

    path: Path
    at: int


def repeated_keys(text: str, at: int = 0, path: Path = ()) -> Iterator[Repeat]:
    """Find every repeated key below a place."""
    at = _skip(text, at)
    if text[at] == "{":
        seen: set[str] = set()
        for key, key_at, value_at, _ in members(text, at):
            if key in seen:
                yield Repeat((*path, key), key_at)
            seen.add(key)
            yield from repeated_keys(text, value_at, (*path, key))
    elif text[at] == "[":
        for place, value_at in enumerate(elements(text, at)):
            yield from repeated_keys(text, value_at, (*path, place))


def is_plain(text: str) -> bool:
    """Whether no value in JSON text can be a number too large or nested too deeply."""
    if text.count("{") + text.count("[") >= _SHALLOW or "NaN" in text or "Infinity" in text:
        return False
    return not _LONG.search(text)


@dataclass(slots=True)
class ValueFaults:
    """What is wrong with plain values anywhere inside an entry."""

    #: Levels above the value, e.g. the document and its list.
    outer: int
    faults: list[Fault] = field(default_factory=list)

    def visit(self, value: object, path: Path = ()) -> None:
        """Collect numbers that JSON cannot carry, and the first value nested too deeply."""
        if isinstance(value, float | int):
            if not is_carried(value):
                self.faults.append(Fault("json-number", path, None, {"value": _named(value)}))
        elif isinstance(value, dict | list):
            self._visit_members(value, path)

    def _visit_members(self, value: dict[str, object] | list[object], path: Path) -> None:
        if len(path) + self.outer >= MAX_DEPTH:
            if not any(fault.code == "json-depth" for fault in self.faults):
                self.faults.append(Fault("json-depth", path))
            return
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for step, each in pairs:
            if each is not None and not isinstance(each, str):
                self.visit(each, (*path, step))


def is_carried(value: int | float) -> bool:  # noqa: PYI041 - both are told apart here
    """Whether JSON readers agree on a number."""
    if isinstance(value, int):
        return _INT_FLOOR <= value < _INT_LIMIT
    return math.isfinite(value)


def _named(value: object) -> str:
    if isinstance(value, int):
        digits = str(abs(value)) if abs(value) < _HUGE else ""
        return f"A number of {len(digits)} digits" if digits else "A number of over 300 digits"
    return {"nan": "NaN", "inf": "Infinity"}.get(str(value), "-Infinity")
