"""A JSON or JSON Lines document while it is mended: what does not change is copied."""

import mmap
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.manifests.document import open_text
from services.manifests.repair.json_subject import Form, JsonSubject
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Location, Mask, Opened
from services.manifests.repair.subject import Mend, Subject

_BLOCK: Final = 1 << 20
_AFTER: Final = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_SPACE: Final = b" \t\r\n"
_FORMS: Final[dict[str, Form]] = {"json-wire": "json-wire", "jsonl": "jsonl"}


class Cut(NamedTuple):
    """A stretch of the document and what takes its place; None drops a list member."""

    start: int
    end: int
    new: bytes | None


@dataclass(frozen=True, slots=True)
class JsonSource:
    """The document of one check."""

    opened: Opened

    def rewritten(self, mask: Mask, mend: Mend, notes: Notes) -> Iterator[bytes]:
        """Yield the document with the marked entries mended.

        Args:
            mask: The entries to look at.
            mend: Mends one entry, or leaves it.
            notes: Takes the changes of each mended entry.
        """
        text = open_text(self.opened.document)
        yield from spliced(text, self.cuts(text, mask, mend, notes))

    def cuts(self, text: bytes | mmap.mmap, mask: Mask, mend: Mend, notes: Notes) -> Iterator[Cut]:
        """Yield the stretches to replace, in the order of the document."""
        dropping = _drop_line if self.opened.summary.format == "jsonl" else _drop_member
        found = (self._cut(text, place, mend, notes) for place in self._places(mask))
        return dropping(text, (cut for cut in found if cut is not None))

    def _places(self, mask: Mask) -> Iterable[Location]:
        """Yield places in the order of the document; a repeated section is read out of order."""
        places = self.opened.locations(mask)
        if "json-duplicate-key" in self.opened.summary.counts:
            return sorted(places, key=lambda place: place.start)
        return places

    def _cut(
        self, text: bytes | mmap.mmap, place: Location, mend: Mend, notes: Notes
    ) -> Cut | None:
        start = place.start
        end = start + place.length
        subject = self.subject(text, place)
        mended = mend(subject)
        if mended is None:
            return None
        notes.take(subject, mended, lambda: self.opened.line_of(start))
        after = mended.subject
        return Cut(start, end, after.text.encode() if isinstance(after, JsonSubject) else None)

    def subjects(self, mask: Mask) -> Iterator[Subject]:
        """Yield the marked entries."""
        text = open_text(self.opened.document)
        return (self.subject(text, place) for place in self._places(mask))

    def subject(self, text: bytes | mmap.mmap, place: Location) -> JsonSubject:
        """Read one entry."""
        start = place.start
        raw = text[start : start + place.length]
        form = _FORMS.get(self.opened.summary.format, "json")
        return JsonSubject(place.index, place.kind, raw.decode("utf-8", "replace"), form)


def _drop_line(text: bytes | mmap.mmap, cuts: Iterable[Cut]) -> Iterator[Cut]:
    """Widen drops to whole lines."""
    for cut in cuts:
        if cut.new is None:
            start = text.rfind(b"\n", 0, cut.start) + 1
            end = text.find(b"\n", cut.end) + 1
            yield Cut(start, end or len(text), b"")
        else:
            yield cut


def _drop_member(text: bytes | mmap.mmap, cuts: Iterable[Cut]) -> Iterator[Cut]:
    """Widen drops by the commas that no longer separate anything; neighbors drop as one."""
    held: Cut | None = None
    for cut in cuts:
        if held is not None:
            after = _AFTER.match(text, held.end)
            if cut.new is None and after and after.end() == cut.start:
                held = Cut(held.start, cut.end, None)
                continue
            yield member_cut(text, held)
            held = None
        if cut.new is None:
            held = cut
        else:
            yield cut
    if held is not None:
        yield member_cut(text, held)


def member_cut(text: bytes | mmap.mmap, cut: Cut) -> Cut:
    """Widen the cut of a member by the comma that no longer separates anything."""
    after = _AFTER.match(text, cut.end)
    if after:
        return Cut(cut.start, after.end(), b"")
    before = cut.start
    while before and text[before - 1 : before] in _SPACE:
        before -= 1
    if text[before - 1 : before] == b",":
        return Cut(before - 1, cut.end, b"")
    return Cut(cut.start, cut.end, b"")


def spliced(text: bytes | mmap.mmap, cuts: Iterable[Cut]) -> Iterator[bytes]:
    """Yield a document with stretches replaced, in blocks."""
    at = 0
    for cut in cuts:
        yield from _copied(text, at, cut.start)
        yield cut.new or b""
        at = cut.end
    yield from _copied(text, at, len(text))


def _copied(text: bytes | mmap.mmap, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _BLOCK):
        yield text[at : min(at + _BLOCK, end)]
