"""Split a JSON document into its top-level keys and raw entries, without building objects."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import msgspec
import numpy as np

from services.manifests.document import Content
from services.manifests.faults import Fault, found
from services.manifests.json_bytes import Offsets, starts_of
from services.manifests.json_text import members

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
#: What nearly every document is; anything else takes the longer way.
_USUAL: Final = msgspec.json.Decoder(dict[str, list[msgspec.Raw] | bool])
KEY: Final = re.compile(rb'[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*')
_NEXT: Final = re.compile(rb"[ \t\r\n]*([,}])")
_BYTE: Final = re.compile(r" \(byte (\d+)\)$")
#: What stands right behind a digit or a sign is part of something else, and no number either.
_NOT_NUMBERS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|(?<![0-9A-Za-z.+-])(?:NaN|-?Infinity)')
_CLOSING: Final = re.compile(rb"[ \t\r\n]*\]")
_FLAG: Final = re.compile(rb"true|false")
_TAIL: Final = 64


class SplitError(Exception):
    """The document cannot be split; carries the file's finding and its byte offset."""

    def __init__(self, fault: Fault, offset: int) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.offset = offset


def _no_offsets() -> Offsets:
    return np.empty(0, np.int64)


@dataclass(slots=True)
class Member:
    """One top-level key with the place of key and value."""

    key: str
    key_at: int
    value_at: int
    #: The raw entries of a list; None when the value is no list.
    entries: list[msgspec.Raw] | None
    #: Where the entries begin, and how long they are.
    starts: Offsets = field(default_factory=_no_offsets)
    lengths: Offsets = field(default_factory=_no_offsets)
    #: The value, when it is no list.
    raw: bytes = b""


class TopKey(NamedTuple):
    """One key of a document and where it and its value stand."""

    name: str
    key_at: int
    key_end: int
    value_at: int
    end: int


#: Says where the value of a key ends, 0 when it is not the one that is known of.
Measure = Callable[[str, re.Match[bytes]], int]


@dataclass(slots=True)
class Split:
    """The top level of a document."""

    members: list[Member]
    #: Keys that appear again, with the place of the later one.
    repeated: list[tuple[str, int]] = field(default_factory=list)
    #: The document with a plain number in the place of every NaN and Infinity, if it has any.
    masked: bytes | None = None


def split_document(data: Content) -> Split:
    """Split a document; raises SplitError when it is not JSON or not an object."""
    usual = _split_usual(data)
    if usual is not None:
        return usual
    text = bytes(data)
    try:
        _decode(text)
    except SplitError as problem:
        if problem.fault.code != "json-number":
            raise
        text = masked(text)
        _decode(text)
        return replace(_walk(text), masked=text)
    return _walk(text)


def _split_usual(data: Content) -> Split | None:
    """Split a document of lists and flags in one pass; None when it is anything else."""
    try:
        top = _USUAL.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    made: list[Member] = []

    def measure(key: str, match: re.Match[bytes]) -> int:
        member, value = Member(key, match.start(1), match.end(), None), top.get(key)
        made.append(member)
        if isinstance(value, list):
            return _take_list(data, member, value)
        return _take_flag(data, member)

    keys = walk_top(data, measure)
    return Split(made) if len(keys) == len(top) else None


def walk_top(data: Content, measure: Measure) -> list[TopKey]:
    """Walk over the keys of a document whose values are measured, as far as they stand there."""
    found: list[TopKey] = []
    at = data.find(b"{") + 1
    while match := KEY.match(data, at):
        name = json.loads(match[1])
        end = measure(name, match)
        separator = _NEXT.match(data, end) if end else None
        if separator is None:
            return []
        found.append(TopKey(name, match.start(1), match.end(1), match.end(), end))
        at = separator.end()
    return found


def _take_list(data: Content, member: Member, entries: list[msgspec.Raw]) -> int:
    """Find a list's entries; returns where it ends, 0 when the text is another list's."""
    if data[member.value_at : member.value_at + 1] != b"[":
        return 0
    _place(data, member, entries)
    end = member.value_at + 1
    if entries:
        end = int(member.starts[-1] + member.lengths[-1])
        tail = bytes(memoryview(entries[-1])[-_TAIL:])
        if data[end - len(tail) : end] != tail:
            return 0
    closing = _CLOSING.match(data, end)
    return closing.end() if closing else 0


def _take_flag(data: Content, member: Member) -> int:
    match = _FLAG.match(data, member.value_at)
    if not match:
        return 0
    member.raw = match[0]
    return match.end()


def _place(data: Content, member: Member, entries: list[msgspec.Raw]) -> None:
    member.entries = entries
    member.lengths = np.fromiter(map(len, entries), np.int64, len(entries))
    member.starts = starts_of(data, member.value_at + 1, member.lengths)


def _decode(data: bytes) -> dict[str, msgspec.Raw]:
    try:
        return _OBJECT.decode(data)
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


def masked(data: bytes) -> bytes:
    """Put a plain number in the place of every NaN and Infinity, keeping all offsets."""

    def replace(match: re.Match[bytes]) -> bytes:
        token = match[0]
        return token if token.startswith(b'"') else b"0".ljust(len(token))

    return _NOT_NUMBERS.sub(replace, data)


def _walk(data: bytes) -> Split:
    """Walk the top level value by value; as Latin-1, where characters are bytes."""
    text = data.decode("latin-1")
    last: dict[str, Member] = {}
    repeated: list[tuple[str, int]] = []
    for odd_key, key_at, value_at, value_end in members(text, data.index(b"{")):
        key = _as_utf8(odd_key)
        if key in last:
            repeated.append((key, key_at))
        member = Member(key, key_at, value_at, None, raw=data[value_at:value_end])
        with suppress(msgspec.ValidationError):
            _place(data, member, _LIST.decode(member.raw))
        last[key] = member
    return Split(list(last.values()), repeated)


def _as_utf8(text: str) -> str:
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
