"""One entry of a JSON or JSON Lines source: examined as the check does, edited as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

from services.domain.entries import EntryType
from services.manifests import json_text, wire
from services.manifests.csv_layout import type_of
from services.manifests.entry_check import examine
from services.manifests.faults import Fault, Path
from services.manifests.json_entry import text_faults
from services.manifests.options import CheckOptions
from services.manifests.repair import json_edits
from services.manifests.repair.actions import Action
from services.manifests.repair.subject import in_frame_order

Form = Literal["json", "json-wire", "jsonl"]


@dataclass(frozen=True)
class JsonSubject:
    """The text of one entry."""

    index: int
    #: What the section says; JSON Lines say it in the entry.
    section: EntryType | None
    text: str
    form: Form

    @cached_property
    def _parsed(self) -> json_text.Parsed:
        try:
            return json_text.parse(self.text)
        except (ValueError, RecursionError):
            return json_text.Parsed(None, repeats=False)

    @property
    def given(self) -> dict[str, object]:
        """The entry as an object; empty when it is none."""
        value = self._parsed.value
        return value if isinstance(value, dict) else {}

    @property
    def kind(self) -> EntryType | None:
        """What the entry asks for."""
        if self.form == "jsonl":
            word = self.given.get("type")
            return type_of(word) if isinstance(word, str) else None
        # Whether a group is a sequence is up to its `createVideo`.
        is_sequence = self.section is EntryType.IMAGE_SEQUENCE
        return EntryType.IMAGE_GROUP if is_sequence else self.section

    def faults(self, options: CheckOptions) -> list[Fault]:
        """Find what the check finds about this entry alone."""
        if self.kind is None or not isinstance(self._parsed.value, dict):
            return []
        found = text_faults(self._parsed, self.text)
        if self.form == "json-wire":
            converted = wire.from_wire(self.given)
            made = examine(self.kind, converted.fields, options)
            return [*found, *map(converted.placed, made.faults)]
        return [*found, *examine(self.kind, self._fields(self.kind), options).faults]

    def _fields(self, kind: EntryType) -> dict[str, object]:
        if self.form == "json":
            return self.given
        fields = {key: value for key, value in self.given.items() if key != "type"}
        if kind is EntryType.IMAGE_SEQUENCE:
            fields.setdefault("createVideo", True)
        return fields

    def value(self, path: Path) -> object:
        """Return the value at a path, None when there is none."""
        value: object = self.given
        for step in path:
            if isinstance(value, Mapping):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def frame_keys(self) -> list[str]:
        """Return the keys of a composite's frames in display order."""
        return in_frame_order(list(self.given))

    def mended(self, actions: Sequence[Action]) -> Self:
        """Return the entry with actions applied."""
        return replace(self, text=json_edits.edited(self.text, actions))
