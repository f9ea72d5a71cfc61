"""JSON in the cells of an entry: read as values, and written as the text that it stands in."""

from dataclasses import dataclass

import msgspec

from services.domain.metadata import MetadataKey, ValueType
from services.manifests import json_text
from services.manifests.csv_values import reader_of


@dataclass(slots=True)
class JsonCells:
    """Reads cells, and notes when their text holds more than their values can say."""

    #: Whether any text may be wrong: a key given twice, a number too large, ...
    is_odd: bool = False

    def read(self, text: str, *, is_json: bool, declared: MetadataKey | None) -> object:
        """Read a cell as the schema types it; text that does not fit stays text."""
        if not _is_json(text, declared, is_json=is_json):
            value = reader_of(declared)(text)
            self.is_odd = self.is_odd or _is_beyond(value)
            return value
        found = _parsed(text)
        if found is None:
            return text
        sound, parsed = found
        is_usual = sound == text == json_text.without_halves(text) and json_text.is_plain(text)
        self.is_odd = self.is_odd or parsed.repeats or not is_usual
        return parsed.value


def raw_cell(text: str, *, is_json: bool, declared: MetadataKey | None) -> object:
    """Read a cell, JSON as the text that it is."""
    if not _is_json(text, declared, is_json=is_json):
        value = reader_of(declared)(text)
        return msgspec.Raw(text.strip().encode()) if _is_beyond(value) else value
    found = _parsed(text)
    if found is None:
        return text
    # As in `read`, null says nothing: what follows it in another row counts.
    return None if found[1].value is None else msgspec.Raw(found[0].encode())


def raw_members(given: msgspec.Raw, members: dict[str, object]) -> object:
    """Put members into the text of an object, in the place of those with the same keys."""
    text = bytes(given).decode().strip()
    if not text.startswith("{"):
        return members if text == "null" else given
    places = json_text.members(text, 0)
    kept = [text[start:end] for key, start, _, end in places if key not in members]
    added = msgspec.json.encode(members)[1:-1].decode()
    return msgspec.Raw(f"{{{', '.join([*kept, added])}}}".encode())


def _is_json(text: str, declared: MetadataKey | None, *, is_json: bool) -> bool:
    if is_json or declared is None:
        return is_json
    is_shape = declared.type is ValueType.GEOSPATIAL and text.lstrip().startswith("{")
    return is_shape or declared.type is ValueType.EMBEDDING


def _is_beyond(value: object) -> bool:
    """Whether a value is a number that JSON cannot carry."""
    return isinstance(value, int | float) and not json_text.is_carried(value)


def _parsed(text: str) -> tuple[str, json_text.Parsed] | None:
    """Parse JSON text as far as it can be read; None when it is none."""
    try:
        return text, json_text.parse(text)
    except ValueError:
        return None
    except RecursionError:
        return _parsed(json_text.shallow(text))
