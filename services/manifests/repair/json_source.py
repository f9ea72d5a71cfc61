"""A JSON or JSON Lines document while it is mended: what does not change is copied."""

import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from services.manifests.document import open_text
from services.manifests.repair.json_subject import Form, JsonSubject
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Location, Mask, Opened
from services.manifests.repair.splicing import Cut, dropped_lines, dropped_members, spliced
from services.manifests.repair.subject import Mend, Subject

_FORMS: Final[dict[str, Form]] = {"json-wire": "json-wire", "jsonl": "jsonl"}


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
        dropping = dropped_lines if self.opened.summary.format == "jsonl" else dropped_members
        found = (self._cut(text, place, mend, notes) for place in self.places(mask))
        return dropping(text, (cut for cut in found if cut is not None))

    def places(self, mask: Mask) -> Iterable[Location]:
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
        return (self.subject(text, place) for place in self.places(mask))

    def subject(self, text: bytes | mmap.mmap, place: Location) -> JsonSubject:
        """Read one entry."""
        start = place.start
        raw = text[start : start + place.length]
        form = _FORMS.get(self.opened.summary.format, "json")
        return JsonSubject(place.index, place.kind, raw.decode("utf-8", "replace"), form)
