"""Split a JSON document into its top-level keys and raw entries, without building objects."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

import msgspec

from services.manifests.faults import Fault, found
from services.manifests.json_text import members

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_KEY: Final = re.compile(rb'[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*')
_NEXT: Final = re.compile(rb"[ \t\r\n]*([,}])")
_GAP: Final = re.compile(rb"[ \t\r\n,]*")
_BYTE: Final = re.compile(r" \(byte (\d+)\)$")
_NOT_NUMBERS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)')
_TAIL: Final = 64


class SplitError(Exception):
    """The document cannot be split; carries the file's finding and its byte offset."""

    def __init__(self, fault: Fault, offset: int) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.offset = offset


@dataclass(slots=True)
class Member:
    """One top-level key with the place of key and value."""

    key: str
    key_at: int
    value_at: int
    raw: msgspec.Raw


@dataclass(slots=True)
class Split:
    """The top level of a document."""

    members: list[Member]
    #: Keys that appear again, with the place of the later one.
    repeated: list[tuple[str, int]] = field(default_factory=list)
    #: The document with a plain number in the place of every NaN and Infinity.
    text: bytes = b""


def split_document(data: bytes) -> Split:
    """Split a document; raises SplitError when it is not JSON or not an object."""
    text = data
    try:
        top = _decode(_OBJECT.decode, text)
    except SplitError as problem:
        if problem.fault.code != "json-number":
            raise
        text = _mask(data)
        top = _decode(_OBJECT.decode, text)
    found_members = _walk(text, top) or _walk_slowly(text, top)
    found_members.text = text
    return found_members


def _decode(
    decode: Callable[[bytes], dict[str, msgspec.Raw]], data: bytes
) -> dict[str, msgspec.Raw]:
    try:
        return decode(data)
    except msgspec.ValidationError as problem:
        kind = found(json_kind(data))
        raise SplitError(Fault("json-root", details={"found": kind}), _start(data)) from problem
    except msgspec.DecodeError as problem:
        raise syntax_error(data, str(problem)) from problem
    except RecursionError as problem:
        raise SplitError(Fault("json-depth"), _deepest(data)) from problem


def json_kind(data: bytes) -> object:
    """Return a value of the same type as the JSON value that the bytes begin with."""
    kinds: dict[bytes, object] = {b"[": [], b'"': "", b"{": {}, b"t": True, b"f": False, b"n": None}
    first = data.lstrip(b" \t\r\n")[:1]
    return kinds.get(first, 0)


def syntax_error(data: bytes, problem: str) -> SplitError:
    """Turn the splitter's message into a finding with its place."""
    match = _BYTE.search(problem)
    at = min(int(match[1]), len(data)) if match else _first_surrogate(data)
    token = data[at : at + 9].lstrip(b"-")
    if data[max(0, at - 1) : at] == b"-" and token.startswith(b"Infinity"):
        at -= 1
    if token.startswith((b"NaN", b"Infinity")):
        value = "NaN" if token.startswith(b"NaN") else "Infinity"
        return SplitError(Fault("json-number", details={"value": value}), at)
    words = _BYTE.sub("", problem).removeprefix("JSON is malformed: ")
    if not match:
        words = "a text is cut off or holds half a surrogate pair"
    return SplitError(Fault("json-syntax", details={"problem": words}), at)


_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_PAIR: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def _first_surrogate(data: bytes) -> int:
    """Find the first half surrogate pair; the end of the document when there is none."""
    at = 0
    while match := _SURROGATE.search(data, at):
        pair = _PAIR.match(data, match.start())
        if not pair:
            return match.start()
        at = pair.end()
    return len(data)


def _start(data: bytes) -> int:
    return len(data) - len(data.lstrip(b" \t\r\n"))


def _deepest(data: bytes) -> int:
    """Find roughly where nesting passes every limit; text with brackets may mislead it a little."""
    depth = 0
    for match in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', data):
        token = match[0]
        depth += (token in b"[{") - (token in b"]}")
        if depth > _TAIL:
            return match.start()
    return 0


def _mask(data: bytes) -> bytes:
    """Put a plain number in the place of every NaN and Infinity, keeping all offsets."""

    def replace(match: re.Match[bytes]) -> bytes:
        token = match[0]
        return token if token.startswith(b'"') else b"0".ljust(len(token))

    return _NOT_NUMBERS.sub(replace, data)


def _walk(data: bytes, top: dict[str, msgspec.Raw]) -> Split | None:
    """Walk the top level by the lengths of its values; None when a key may be repeated."""
    made: list[Member] = []
    at = data.index(b"{") + 1
    while match := _KEY.match(data, at):
        key = json.loads(match[1])
        raw = memoryview(top[key])
        end = match.end() + raw.nbytes
        if data[end - min(_TAIL, raw.nbytes) : end] != raw[-_TAIL:]:
            return None
        made.append(Member(key, match.start(1), match.end(), top[key]))
        separator = _NEXT.match(data, end)
        if not separator:
            return None
        at = separator.end()
    return Split(made) if len(made) == len(top) else None


def _walk_slowly(data: bytes, top: dict[str, msgspec.Raw]) -> Split:
    """Walk the top level value by value; as Latin-1, where characters are bytes."""
    text = data.decode("latin-1")
    last: dict[str, Member] = {}
    repeated: list[tuple[str, int]] = []
    for odd_key, key_at, value_at, _ in members(text, data.index(b"{")):
        key = _as_utf8(odd_key)
        if key in last:
            repeated.append((key, key_at))
        last[key] = Member(key, key_at, value_at, top[key])
    return Split(list(last.values()), repeated)


def _as_utf8(text: str) -> str:
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def split_list(member: Member) -> list[msgspec.Raw] | None:
    """Split a section into its raw entries; None when it is not a list."""
    try:
        return _LIST.decode(member.raw)
    except msgspec.ValidationError:
        return None


def starts_of(data: bytes, at: int, lengths: list[int]) -> list[int]:
    """Return where consecutive entries begin, the text before the first one ending at `at`."""
    first = _after_gap(data, at)
    if len(lengths) > 1:
        second = _after_gap(data, first + lengths[0])
        guess = _evenly(data, first, lengths, second - first - lengths[0])
        if guess is not None:
            return guess
    starts: list[int] = []
    end = at
    for length in lengths:
        start = _after_gap(data, end)
        starts.append(start)
        end = start + length
    return starts


def _after_gap(data: bytes, at: int) -> int:
    gap = _GAP.match(data, at)
    return gap.end() if gap else at


def _evenly(data: bytes, first: int, lengths: list[int], gap: int) -> list[int] | None:
    """Return the starts when the same text stands between all entries."""
    starts = list(accumulate((length + gap for length in lengths[:-1]), initial=first))
    between = data[starts[1] - gap : starts[1] + 1]
    if between[-1:] != b"{" or not between[:1].strip(b" \t\r\n{"):
        return None
    same = all(data[start - gap : start + 1] == between for start in starts[1:])
    return starts if same else None
