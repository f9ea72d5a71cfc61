"""Read JSON Lines into a sink: one entry per line, its kind in a `type` field."""

import re
from typing import Final

import msgspec

from services.domain.entries import TYPE_OF_SECTION, EntryType
from services.domain.nearest import fold, hint
from services.manifests import json_text
from services.manifests.collector import Where, always
from services.manifests.csv_layout import type_of
from services.manifests.document import Content
from services.manifests.entry_check import examine
from services.manifests.faults import Fault, found
from services.manifests.json_entry import Place, text_faults
from services.manifests.json_split import SplitError, masked, syntax_error
from services.manifests.sink import Sink

_STEP: Final = 4_096
#: How a document of sections begins: none of their names is a field of an entry. Such a document
#: may be one line of its whole length, which need not be read to know.
_SECTION: Final = re.compile(rf'\s*{{\s*"(?:{"|".join(TYPE_OF_SECTION)})"\s*:\s*\['.encode())
_SECTIONS: Final = frozenset(map(fold, TYPE_OF_SECTION))
_ENTRIES: Final = re.compile(rb"\[[ \t\r\n]*[\]{]")
_FIRST: Final = re.compile(rb"[ \t\r\n]*([^\n]*)")
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_LOOSE: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def looks_like_jsonl(data: Content) -> bool:
    """Whether the first line is an entry of its own."""
    if _SECTION.match(data):
        return False
    first = _FIRST.match(data)
    if first is None:
        return False
    try:
        # Not copied: it may be all there is.
        keys = _LOOSE.decode(memoryview(data)[first.start(1) : first.end(1)])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    if any(fold(key).startswith("objecturl") for key in keys):
        return True
    return "type" in keys and not any(map(_is_section, keys, keys.values()))


def _is_section(key: str, value: msgspec.Raw) -> bool:
    """Whether a key of a document, and not a field of an entry, holds a list of entries."""
    return fold(key) in _SECTIONS and bool(_ENTRIES.match(memoryview(value)))


def read_jsonl(sink: Sink) -> None:
    """Read every line; a broken one is held and the others go on."""
    sink.format = "jsonl"
    data = sink.document.data
    at, line = 0, 0
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line += 1
        if data[at:end].strip():
            _read_line(sink, at, end)
        if line % _STEP == 0:
            sink.hash_pending()
            sink.progress(end / len(data))
        at = end + 1


def _read_line(sink: Sink, start: int, end: int) -> None:
    raw = sink.document.data[start:end].rstrip()
    lead = len(raw) - len(raw.lstrip())
    place = Place(sink, start + lead, start + len(raw), "", sink.index)
    fault = _syntax_fault(raw[lead:])
    if fault is None:
        try:
            _read_value(sink, place, json_text.parse(place.text))
        except RecursionError:
            fault = SplitError(Fault("json-depth"), 0)
    if fault is not None:
        where = Where(offset=place.start + fault.offset, pointer=place.pointer)
        sink.refused(fault.fault, always(where), span=place.span)


def _syntax_fault(raw: bytes) -> SplitError | None:
    """Say what is no JSON in a line; NaN and Infinity are for the entry's own examination."""
    fault = _fault_of(raw)
    return _fault_of(masked(raw)) if fault and fault.fault.code == "json-number" else fault


def _fault_of(raw: bytes) -> SplitError | None:
    try:
        _RAW.decode(raw)
    except msgspec.DecodeError as problem:
        return syntax_error(raw, str(problem))
    except RecursionError:
        return SplitError(Fault("json-depth"), 0)
    return None


def _read_value(sink: Sink, place: Place, parsed: json_text.Parsed) -> None:
    value, span = parsed.value, place.span
    if not isinstance(value, dict):
        problem = f"A line is {found(value)}; it must be an object"
        fault = Fault("entry-type", (), value, {"problem": problem, "hint": ""})
        sink.refused(fault, place.locate, span=span)
        return
    word = value.get("type")
    kind = type_of(word) if isinstance(word, str) else None
    if kind is None:
        sink.refused(_type_fault(value, word), place.locate, span=span)
        return
    fields = {key: each for key, each in value.items() if key != "type"}
    made = examine(kind, fields, sink.options)
    kept = made.rewritten if made.rewritten is not None else fields
    more = text_faults(parsed, place.text)
    payload = msgspec.json.encode(kept) if not more else None
    sink.examined(made, place.locate, more=more, payload=payload, span=span)


def _type_fault(value: dict[str, object], word: object) -> Fault:
    if "type" not in value:
        return Fault("entry-type", (), None, {"problem": "The line has no type", "hint": ""})
    if not isinstance(word, str):
        problem = f"The type is {found(word)}; it must be text"
        return Fault("entry-type", ("type",), word, {"problem": problem, "hint": ""})
    details = {"problem": f"{word[:80]!r} is not a type of entry", "hint": hint(word, EntryType)}
    return Fault("entry-type", ("type",), word, details)
