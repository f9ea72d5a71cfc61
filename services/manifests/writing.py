"""Write entries in every format that is read: what is written reads back to the same entries.

Encord's own CSV says less than the others: no metadata, no audio, text, PDF, NIfTI, scenes or time
series, and groups are told apart by title alone. Entries it cannot say are refused, not cut down.
"""

import csv
import gzip
import shutil
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, TextIO

import msgspec
import orjson

from services.domain.chunks import Ranges
from services.domain.entries import EntryType
from services.jobs import unwatched
from services.manifests.csv_values import neutralized
from services.manifests.errors import ManifestError
from services.manifests.held import write_held
from services.manifests.held_lines import tells_type
from services.manifests.registration import rows_of, write_registration
from services.manifests.stored import Source, StoredEntry, read_entries
from services.manifests.url_check import frame_keys
from services.manifests.wire import SECTIONS_OF, to_wire


class Form(StrEnum):
    """A format to write in."""

    #: Encord's registration JSON.
    JSON = "json"
    #: The SDK's typed form.
    WIRE = "json-wire"
    JSONL = "jsonl"
    #: Our CSV, with a column for each metadata key.
    CSV = "csv"
    #: The CSV of Encord's own form.
    CSV_ENCORD = "csv-encord"


_ENDINGS: Final = {
    ".json": Form.JSON,
    ".jsonl": Form.JSONL,
    ".ndjson": Form.JSONL,
    ".csv": Form.CSV,
}
#: Types that Encord's CSV knows -> the header of their titles.
_TITLES: Final = {
    EntryType.VIDEO: "Video title",
    EntryType.IMAGE: "Image title",
    EntryType.IMAGE_GROUP: "Image group title",
    EntryType.IMAGE_SEQUENCE: "Image group title",
    EntryType.DICOM_SERIES: "Dicom title",
}
_VIDEO_CHOICE: Final = frozenset({EntryType.IMAGE_GROUP, EntryType.IMAGE_SEQUENCE})


class CannotBeSaidError(ManifestError):
    """A format has no words for some entries; nothing was written."""

    def __init__(self, form: Form, number: int, why: str) -> None:
        super().__init__(
            f"Entry {number:,} cannot be written as {form.value}: {why}. "
            f"Write {'json' if form is Form.JSONL else 'json, jsonl'} or csv instead."
        )


class UnknownFormError(ManifestError):
    """The ending of a name says nothing about the format."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: a name that ends in {', '.join(_ENDINGS)} says the format, or --as does."
        )


def form_of(name: str) -> Form:
    """Return the format that a file's name asks for; a further `.gz` packs it."""
    stem = name.lower().removesuffix(".gz")
    found = next((form for ending, form in _ENDINGS.items() if stem.endswith(ending)), None)
    if found is None:
        raise UnknownFormError(name)
    return found


def ending_of(form: Form) -> str:
    """Return how a file of a format is called."""
    plain = {Form.WIRE: Form.JSON, Form.CSV_ENCORD: Form.CSV}.get(form, form)
    return f".{plain.value}"


def write(source: Source, ranges: Ranges, target: Path, form: Form) -> None:
    """Write entries to a file, packed when its name ends in `.gz`; the file is whole or not there.

    Raises:
        CannotBeSaidError: The format has no words for an entry.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / "made"
        _write(source, ranges, made, form)
        if target.name.lower().endswith(".gz"):
            packed = Path(folder) / "packed"
            with made.open("rb") as plain, gzip.open(packed, "wb", compresslevel=6) as stream:
                shutil.copyfileobj(plain, stream, 1 << 20)
            made = packed
        made.replace(target)


def _write(source: Source, ranges: Ranges, target: Path, form: Form) -> None:
    entries = read_entries(source, ranges)
    match form:
        case Form.JSON:
            write_registration(source, ranges, target, _flags(source))
        case Form.WIRE:
            _write_wire(source, ranges, target)
        case Form.JSONL:
            with target.open("wb") as stream:
                stream.writelines(map(_line, entries))
        case Form.CSV:
            write_held(source, ranges, {}, target, unwatched)
        case Form.CSV_ENCORD:
            with target.open("w", encoding="utf-8", newline="") as text:
                _write_encord(entries, text)


def _flags(source: Source) -> dict[str, bool]:
    """Return what the document says of all its entries, else what the SDK does by itself."""
    usual = {"skip_duplicate_urls": True, "upsert_metadata": False}
    return {name: source.flags.get(name, flag) for name, flag in usual.items()}


def _line(entry: StoredEntry) -> bytes:
    """Return an entry as a line of JSON Lines: its type, then what the document says."""
    fields = msgspec.json.decode(entry.payload, type=dict[str, msgspec.Raw])
    given, kind = fields.pop("type", None), entry.kind
    assert kind is not None, "valid entries have a type"
    if given is not None and not tells_type(msgspec.json.decode(given), kind):
        raise CannotBeSaidError(Form.JSONL, entry.index, "its field type says something else")
    typed = {"type": msgspec.Raw(msgspec.json.encode(kind.value)), **fields}
    return msgspec.json.format(msgspec.json.encode(typed), indent=-1) + b"\n"


def _write_wire(source: Source, ranges: Ranges, target: Path) -> None:
    """Write section by section, a block of entries at a time."""
    with target.open("wb") as stream:
        skip, upsert = (orjson.dumps(flag) for flag in _flags(source).values())
        stream.write(b'{"skipDuplicateUrls": %b, "upsertMetadata": %b' % (skip, upsert))
        for section, kinds in SECTIONS_OF.items():
            separator = f',\n"{section}": [\n'.encode()
            for rows in rows_of(source, ranges, kinds):
                payloads = source.payloads(rows)
                made = (to_wire(section, orjson.loads(payload)) for payload in payloads)
                stream.write(separator + b",\n".join(map(orjson.dumps, made)))
                separator = b",\n"
            stream.write(b"\n]" if separator == b",\n" else b"")
        stream.write(b"}\n")


def _write_encord(entries: Iterator[StoredEntry], stream: TextIO) -> None:
    writer = csv.writer(stream)
    header: list[str] = []
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        fields = orjson.loads(entry.payload)
        kind, title = _said(entry, fields), str(fields.get("title") or "")
        if kind.is_composite:
            group = _TITLES[kind], title
            if group in seen:
                raise CannotBeSaidError(Form.CSV_ENCORD, entry.index, "another has its title")
            seen.add(group)
        wanted = _header(kind)
        if wanted != header:
            header = wanted
            writer.writerow(header)
        writer.writerows(_rows(kind, title, fields))


def _said(entry: StoredEntry, fields: dict[str, object]) -> EntryType:
    """Return the type of an entry that Encord's CSV can say, or refuse."""
    if entry.kind not in _TITLES:
        why = f"it has no column for {entry.kind.label if entry.kind else 'such an entry'}"
        raise CannotBeSaidError(Form.CSV_ENCORD, entry.index, why)
    known = {"title", *(frame_keys(fields) if entry.kind.is_composite else ("objectUrl",))}
    known |= {"createVideo"} if entry.kind in _VIDEO_CHOICE else set()
    if extra := [name for name in fields if name not in known]:
        raise CannotBeSaidError(Form.CSV_ENCORD, entry.index, f"it has no column for {extra[0]}")
    texts = (value for value in fields.values() if isinstance(value, str))
    if any(neutralized(text) != text for text in texts):
        why = "a spreadsheet would take a cell for a formula"
        raise CannotBeSaidError(Form.CSV_ENCORD, entry.index, why)
    return entry.kind


def _header(kind: EntryType) -> list[str]:
    return ["ObjectURL", _TITLES[kind], *(["Create video"] if kind in _VIDEO_CHOICE else [])]


def _rows(kind: EntryType, title: str, fields: dict[str, object]) -> Iterator[list[object]]:
    if not kind.is_composite:
        yield [fields["objectUrl"], title]
        return
    video = ["true" if fields.get("createVideo") else "false"] if kind in _VIDEO_CHOICE else []
    for name in frame_keys(fields):
        yield [fields[name], title, *video]
