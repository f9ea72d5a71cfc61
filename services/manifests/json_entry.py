"""One raw JSON entry: its text, the places in it, and its examination."""

from dataclasses import dataclass
from typing import Final

import msgspec

from services.domain.entries import EntryType
from services.manifests import json_text, wire
from services.manifests.collector import Where, always, pointer
from services.manifests.columns import Row
from services.manifests.document import byte_offset
from services.manifests.entry_check import Examined, examine, plain_faults
from services.manifests.faults import Fault, found
from services.manifests.sink import Sink, Span

#: The document and the list around an entry.
_OUTER: Final = 2


@dataclass(slots=True)
class Place:
    """One entry's bytes in the document."""

    sink: Sink
    start: int
    end: int
    #: The pointer of the list it is in, and its place there.
    around: str
    number: int
    _text: str | None = None

    @property
    def text(self) -> str:
        """The entry's JSON text."""
        if self._text is None:
            self._text = self.sink.document.data[self.start : self.end].decode()
        return self._text

    @property
    def span(self) -> Span:
        """Where the entry stands."""
        return Span(self.start, self.end - self.start)

    @property
    def pointer(self) -> str:
        """The RFC 6901 pointer of the entry."""
        return f"{self.around}/{self.number}"

    def locate(self, fault: Fault) -> Where:
        """Find where a fault of this entry stands."""
        character = json_text.locate(self.text, fault.path, on_key=fault.on_key)
        offset = self.start + byte_offset(self.text, character)
        return Where(offset=offset, pointer=pointer(self.pointer, fault.path))


def read_url(kind: EntryType, place: Place, index: int, url: str, title: str | None) -> Row:
    """Examine an entry in which all but its one URL is known to be good."""
    faults = plain_faults(kind, url, title, place.sink.options)
    made = Examined(kind, [url], title, faults, None)
    return place.sink.judge(index, made, faults, place.locate, span=place.span)


def read_entry(kind: EntryType, place: Place, index: int) -> Row:
    """Examine one raw entry and count it; returns its row."""
    sink = place.sink
    try:
        parsed = json_text.parse(place.text)
        more = text_faults(parsed, place.text)
    except RecursionError:
        here = always(Where(offset=place.start))
        return sink.judge_refused(index, Fault("json-depth"), here, kind, span=place.span)
    if not isinstance(parsed.value, dict):
        problem = f"An entry is {found(parsed.value)}; it must be an object"
        fault = Fault("entry-type", (), parsed.value, {"problem": problem, "hint": ""})
        return sink.judge_refused(index, fault, place.locate, kind, span=place.span)
    if sink.is_wire:
        return _judge_wire(kind, parsed.value, more, place, index)
    made = examine(kind, parsed.value, sink.options)
    return sink.judge(index, made, [*more, *made.faults], place.locate, span=place.span)


def _judge_wire(
    kind: EntryType, value: dict[str, object], more: list[Fault], place: Place, index: int
) -> Row:
    """Examine an entry of the SDK's typed form in the form that is sent."""
    converted = wire.from_wire(value)
    made = examine(kind, converted.fields, place.sink.options)
    kept = made.rewritten if made.rewritten is not None else converted.fields
    faults = [*more, *(converted.placed(fault) for fault in made.faults)]
    row = place.sink.judge(index, made, faults, place.locate, span=place.span)
    return row._replace(payload=None if more else msgspec.json.encode(kept))


def text_faults(parsed: json_text.Parsed, text: str) -> list[Fault]:
    """Find what is wrong with an entry's text rather than with its meaning."""
    if json_text.is_plain(text) and not parsed.repeats:
        return []
    values = json_text.ValueFaults(_OUTER)
    values.visit(parsed.value)
    repeats = json_text.repeated_keys(text) if parsed.repeats else ()
    keys = [
        Fault("json-duplicate-key", each.path, each.path[-1], {"key": each.path[-1]}, on_key=True)
        for each in repeats
    ]
    return [*keys, *values.faults]
