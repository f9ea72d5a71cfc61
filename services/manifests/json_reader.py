"""Read Encord's registration JSON into a sink: top level, flags, sections and their entries."""

from collections.abc import Mapping
from typing import Final

from services.domain.entries import TYPE_OF_SECTION, EntryType
from services.domain.nearest import fold, hint
from services.manifests import json_text, wire
from services.manifests.collector import Where, always, pointer
from services.manifests.faults import Fault, found
from services.manifests.json_section import SectionReader, Traps, find_traps
from services.manifests.json_split import (
    Member,
    Split,
    json_kind,
    split_document,
)
from services.manifests.sink import Sink

FLAGS: Final = ("skip_duplicate_urls", "upsert_metadata")
#: The keys of a document, and each by its letters alone.
KNOWN: Final = (*TYPE_OF_SECTION, *FLAGS)
SPELLINGS: Final = {fold(key): key for key in KNOWN}


def read_json(sink: Sink) -> None:
    """Read one registration document; raises SplitError when it is none."""
    split = split_document(sink.document.data)
    sink.is_wire = wire.is_wire(split.members)
    sink.format = "json-wire" if sink.is_wire else "json"
    if sink.is_wire:
        sink.notes.append(wire.NOTE)
    _report_repeats(split, sink)
    traps = find_traps(sink.document, split.masked)
    flags: dict[str, Member] = {}
    for member in split.members:
        _read_member(member, sink, traps, flags)
    _check_flags(sink, flags)


def _report_repeats(split: Split, sink: Sink) -> None:
    for key, at in split.repeated:
        fault = Fault("json-duplicate-key", (key,), key, {"key": key}, on_key=True)
        where = Where(offset=at, pointer=pointer("", (key,)))
        sink.collector.add(fault, None, always(where))


def _read_member(member: Member, sink: Sink, traps: Traps, flags: dict[str, Member]) -> None:
    name = SPELLINGS.get(fold(member.key))
    if sink.is_wire and member.key == wire.FROM_ITEMS and member.entries == []:
        return
    if name is None:
        details = {"key": member.key[:80], "hint": hint(member.key, KNOWN)}
        _report(sink, member, Fault("key-unknown", (member.key,), member.key, details, on_key=True))
        return
    if name != member.key and not (sink.is_wire and member.key in wire.KEYS):
        details = {"key": member.key, "expected": name}
        _report(sink, member, Fault("key-case", (member.key,), member.key, details, on_key=True))
    if name in FLAGS:
        _read_flag(name, member, sink, flags)
    else:
        read_section(TYPE_OF_SECTION[name], member, sink, traps)


def _report(sink: Sink, member: Member, fault: Fault) -> None:
    at = member.key_at if fault.on_key else member.value_at
    where = Where(offset=at, pointer=pointer("", (member.key,)))
    sink.collector.add(fault, None, always(where))


def _read_flag(name: str, member: Member, sink: Sink, flags: dict[str, Member]) -> None:
    """Read a flag and remember the key that said it."""
    value = [] if member.entries is not None else json_text.value_of(member.raw.decode())
    if isinstance(value, bool):
        sink.flags[name] = value
        flags[name] = member
    else:
        details = {"key": name, "found": found(value)}
        _report(sink, member, Fault("flag-type", (member.key,), value, details))


def _check_flags(sink: Sink, members: Mapping[str, Member]) -> None:
    """Warn about flags that do not do what they seem to."""
    flags = sink.flags
    if flags.get("upsert_metadata") and not flags.get("skip_duplicate_urls"):
        _report_flag(sink, members["upsert_metadata"], "upsert-without-skip")
    if flags.get("skip_duplicate_urls") is False:
        _report_flag(sink, members["skip_duplicate_urls"], "skip-off")


def _report_flag(sink: Sink, member: Member, code: str) -> None:
    _report(sink, member, Fault(code, (member.key,), on_key=True))


def read_section(kind: EntryType, member: Member, sink: Sink, traps: Traps) -> None:
    """Read the entries under one top-level key."""
    if member.entries is None:
        kind_found = found(json_kind(member.raw[:1]))
        details = {"key": member.key, "found": kind_found}
        _report(sink, member, Fault("section-type", (member.key,), None, details))
        return
    sink.sections.append((sink.index, member.key))
    reader = SectionReader(sink, kind, member.key, traps)
    reader.read(member)
