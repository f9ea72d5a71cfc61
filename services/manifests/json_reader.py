"""Read Encord's registration JSON into a sink: top level, flags, sections and their entries."""

from dataclasses import dataclass
from typing import Final

import msgspec

from services.domain.entries import TYPE_OF_SECTION, EntryType
from services.domain.nearest import fold, hint
from services.manifests import json_text, wire
from services.manifests.collector import Where, always, pointer
from services.manifests.document import byte_offset
from services.manifests.entry_check import examine
from services.manifests.faults import Fault, found
from services.manifests.json_split import (
    Member,
    Split,
    json_kind,
    spans,
    split_document,
    split_list,
)
from services.manifests.sink import Sink, Span

FLAGS: Final = ("skip_duplicate_urls", "upsert_metadata")
_KNOWN: Final = (*TYPE_OF_SECTION, *FLAGS)
_SPELLINGS: Final = {fold(key): key for key in _KNOWN}
#: The document and the list around an entry.
_OUTER: Final = 2
_STEP: Final = 4_096


def read_json(sink: Sink) -> None:
    """Read one registration document; raises SplitError when it is none."""
    split = split_document(sink.document.data)
    sink.is_wire = wire.is_wire(split.members)
    sink.format = "json-wire" if sink.is_wire else "json"
    if sink.is_wire:
        sink.notes.append(wire.NOTE)
    _report_repeats(split, sink)
    for member in split.members:
        _read_member(member, sink)
    check_flags(sink)


def _report_repeats(split: Split, sink: Sink) -> None:
    for key, at in split.repeated:
        fault = Fault("json-duplicate-key", (key,), key, {"key": key}, on_key=True)
        where = Where(offset=at, pointer=pointer("", (key,)))
        sink.collector.add(fault, None, always(where))


def _read_member(member: Member, sink: Sink) -> None:
    name = _SPELLINGS.get(fold(member.key))
    if sink.is_wire and member.key == wire.FROM_ITEMS and split_list(member) == []:
        return
    if name is None:
        details = {"key": member.key[:80], "hint": hint(member.key, _KNOWN)}
        _report(sink, member, Fault("key-unknown", (member.key,), member.key, details, on_key=True))
        return
    if name != member.key and not (sink.is_wire and member.key in wire.KEYS):
        details = {"key": member.key, "expected": name}
        _report(sink, member, Fault("key-case", (member.key,), member.key, details, on_key=True))
    if name in FLAGS:
        _read_flag(name, member, sink)
    else:
        read_section(TYPE_OF_SECTION[name], member, sink)


def _report(sink: Sink, member: Member, fault: Fault) -> None:
    at = member.key_at if fault.on_key else member.value_at
    where = Where(offset=at, pointer=pointer("", (member.key,)))
    sink.collector.add(fault, None, always(where))


def _read_flag(name: str, member: Member, sink: Sink) -> None:
    value = msgspec.json.decode(member.raw)
    if isinstance(value, bool):
        sink.flags[name] = value
    else:
        details = {"key": name, "found": found(value)}
        _report(sink, member, Fault("flag-type", (member.key,), value, details))


def check_flags(sink: Sink) -> None:
    """Warn about flags that do not do what they seem to."""
    flags = sink.flags
    if flags.get("upsert_metadata") and not flags.get("skip_duplicate_urls"):
        _report_flag(sink, Fault("upsert-without-skip", ("upsert_metadata",)))
    if flags.get("skip_duplicate_urls") is False:
        _report_flag(sink, Fault("skip-off", ("skip_duplicate_urls",)))


def _report_flag(sink: Sink, fault: Fault) -> None:
    key = str(fault.path[0])
    at = sink.document.data.rfind(f'"{key}"'.encode())
    where = Where(offset=max(at, 0), pointer=pointer("", fault.path))
    sink.collector.add(fault, None, always(where))


def read_section(kind: EntryType, member: Member, sink: Sink) -> None:
    """Read the entries under one top-level key."""
    raws = split_list(member)
    if raws is None:
        kind_found = found(json_kind(bytes(memoryview(member.raw)[:1])))
        details = {"key": member.key, "found": kind_found}
        _report(sink, member, Fault("section-type", (member.key,), None, details))
        return
    size = max(len(sink.document.data), 1)
    sink.sections.append((sink.index, member.key))
    for number, (start, end) in enumerate(spans(sink.document.data, member.value_at, raws)):
        place = Place(sink, start, end, pointer("", (member.key, number)))
        read_entry(kind, place)
        if number % _STEP == 0:
            sink.hash_pending()
            sink.progress(end / size)


@dataclass(slots=True)
class Place:
    """One entry's bytes in the document."""

    sink: Sink
    start: int
    end: int
    pointer: str
    _text: str | None = None

    @property
    def text(self) -> str:
        """The entry's JSON text."""
        if self._text is None:
            self._text = self.sink.document.data[self.start : self.end].decode()
        return self._text

    def locate(self, fault: Fault) -> Where:
        """Find where a fault of this entry stands."""
        character = json_text.locate(self.text, fault.path, on_key=fault.on_key)
        offset = self.start + byte_offset(self.text, character)
        return Where(offset=offset, pointer=pointer(self.pointer, fault.path))


def read_entry(kind: EntryType, place: Place) -> None:
    """Examine one raw entry and put it into the sink."""
    sink = place.sink
    span = Span(place.start, place.end - place.start)
    try:
        parsed = json_text.parse(place.text)
        more = text_faults(parsed, place.text)
    except RecursionError:
        sink.refused(Fault("json-depth"), always(Where(offset=place.start)), kind=kind, span=span)
        return
    if not isinstance(parsed.value, dict):
        problem = f"An entry is {found(parsed.value)}; it must be an object"
        fault = Fault("entry-type", (), parsed.value, {"problem": problem, "hint": ""})
        sink.refused(fault, place.locate, kind=kind, span=span)
        return
    if sink.is_wire:
        _enter_wire(kind, parsed.value, more, place)
        return
    sink.examined(examine(kind, parsed.value, sink.options), place.locate, more=more, span=span)


def _enter_wire(kind: EntryType, value: dict[str, object], more: list[Fault], place: Place) -> None:
    """Examine an entry of the SDK's typed form in the form that is sent."""
    converted = wire.from_wire(value)
    made = examine(kind, converted.fields, place.sink.options)
    kept = made.rewritten if made.rewritten is not None else converted.fields
    made.faults = [converted.placed(fault) for fault in made.faults]
    place.sink.examined(
        made,
        place.locate,
        more=more,
        span=Span(place.start, place.end - place.start),
        payload=None if more else msgspec.json.encode(kept),
    )


def text_faults(parsed: json_text.Parsed, text: str) -> list[Fault]:
    """Find what is wrong with an entry's text rather than with its meaning."""
    values = json_text.ValueFaults(_OUTER)
    values.visit(parsed.value)
    repeats = json_text.repeated_keys(text) if parsed.repeats else ()
    keys = [
        Fault("json-duplicate-key", each.path, each.path[-1], {"key": each.path[-1]}, on_key=True)
        for each in repeats
    ]
    return [*keys, *values.faults]
