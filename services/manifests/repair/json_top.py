"""The top level of a registration document while it is mended: keys and flags, not entries."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

import msgspec

from services.domain.nearest import fold, nearest
from services.domain.rules import Fix
from services.manifests import json_text, wire
from services.manifests.json_reader import FLAGS, KNOWN, SPELLINGS
from services.manifests.json_split import KEY, TopKey, walk_top
from services.manifests.repair import values
from services.manifests.repair.actions import Change, as_json, as_text
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Opened
from services.manifests.repair.splicing import Cut, dropped_members

#: Codes of findings about the top level; the one of repeated keys is about entries too.
CODES: Final = frozenset({"key-unknown", "key-case", "flag-type", "json-duplicate-key"})

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
#: Longer values are lists of entries, which are not shown.
_SHOWN: Final = 200


def cuts(opened: Opened, code: str, fix: Fix, notes: Notes) -> Iterator[Cut]:
    """Yield what a fix replaces at the top level."""
    data = opened.document.read_bytes()
    return dropped_members(data, _cuts(data, opened, code, fix, notes))


def _cuts(data: bytes, opened: Opened, code: str, fix: Fix, notes: Notes) -> Iterator[Cut]:
    """Yield the keys to rename, values to write and members to drop."""
    keys = top_keys(data)
    names = {key.name: key.name for key in keys}
    for place, key in enumerate(keys):
        is_wire = opened.summary.format == "json-wire" and key.name in {*wire.KEYS, wire.FROM_ITEMS}
        if is_wire and code in {"key-unknown", "key-case"}:
            continue
        if code == "json-duplicate-key":
            later = [other for other in keys[place + 1 :] if other.name == key.name]
            cut = _repeated(data, key, later[-1]) if later else None
        else:
            cut = _PLANS[code, fix](data, key, names)
        if cut is not None:
            notes.add([_change(data, key, cut)], partial(opened.line_of, key.key_at))
            yield cut


def _change(data: bytes, key: TopKey, cut: Cut) -> Change:
    """Describe a cut."""
    value = data[key.value_at : min(key.end, key.value_at + _SHOWN)].decode("utf-8", "replace")
    after = cut.new.decode() if cut.new else None
    before = key.name if cut.start == key.key_at and after else value
    if cut.start == key.key_at and after:
        after = str(msgspec.json.decode(after))
    return Change(entry=None, line=None, field=key.name, before=before, after=after)


def top_keys(data: bytes) -> list[TopKey]:
    """Find the keys of the document; values are measured, not read."""
    try:
        values_of = _OBJECT.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        return _slowly(data)
    return _walk(data, values_of) or _slowly(data)


def _walk(data: bytes, values_of: Mapping[str, msgspec.Raw]) -> list[TopKey]:
    """Walk over values of known length; none when a repeated key makes lengths uncertain."""

    def measure(name: str, match: re.Match[bytes]) -> int:
        raw = memoryview(values_of[name])
        end = match.end() + len(raw)
        return end if memoryview(data)[match.end() : end] == raw else 0

    found = walk_top(data, measure)
    return found if len(found) == len(values_of) else []


def _slowly(data: bytes) -> list[TopKey]:
    """Walk value by value, as Latin-1, where characters are bytes."""
    text = data.decode("latin-1")
    start = text.find("{")
    try:
        found = list(json_text.members(text, start)) if start >= 0 else []
    except (ValueError, IndexError, RecursionError, StopIteration):
        return []
    return [
        TopKey(
            key.encode("latin-1", "replace").decode("utf-8", "replace"), at, _end(data, at), v, e
        )
        for key, at, v, e in found
    ]


def _end(data: bytes, at: int) -> int:
    match = KEY.match(data, at)
    return match.end(1) if match else at


def _known_name(key: TopKey) -> str | None:
    return SPELLINGS.get(fold(key.name))


def _renamed(key: TopKey, name: str | None, names: dict[str, str]) -> Cut | None:
    """Rename a key unless another one has the name, or gets it: one of the two would be lost.

    Args:
        key: The key to rename.
        name: What is meant by it, if known.
        names: The names that are taken, and the key that each one stands for.
    """
    if name is None or name == key.name or names.setdefault(name, key.name) != key.name:
        return None
    return Cut(key.key_at, key.key_end, as_json(name).encode())


def _rename_unknown(_: bytes, key: TopKey, names: dict[str, str]) -> Cut | None:
    if _known_name(key) is not None:
        return None
    return _renamed(key, nearest(key.name, KNOWN), names)


def _rename_case(_: bytes, key: TopKey, names: dict[str, str]) -> Cut | None:
    return _renamed(key, _known_name(key), names)


def _remove_unknown(_data: bytes, key: TopKey, _: dict[str, str]) -> Cut | None:
    if _known_name(key) is not None:
        return None
    return Cut(key.key_at, key.end, None)


def _retype(data: bytes, key: TopKey, _: dict[str, str]) -> Cut | None:
    if _known_name(key) not in FLAGS:
        return None
    value = json_text.value_of(data[key.value_at : key.end].decode())
    made = values.UNSURE if isinstance(value, bool) else values.to_boolean(value)
    if not isinstance(made, bool):
        return None
    return Cut(key.value_at, key.end, (as_text(made) or "").encode())


def _repeated(data: bytes, key: TopKey, last: TopKey) -> Cut | None:
    """Cut an earlier one of two that say the same; two lists of entries are not the same."""
    same = data[key.value_at : key.end] == data[last.value_at : last.end]
    if not same and _known_name(key) not in FLAGS:
        return None
    return Cut(key.key_at, key.end, None)


_PLANS: Final[Mapping[tuple[str, Fix], Callable[[bytes, TopKey, dict[str, str]], Cut | None]]] = {
    ("key-unknown", Fix.RENAME_KEY): _rename_unknown,
    ("key-unknown", Fix.REMOVE_KEY): _remove_unknown,
    ("key-case", Fix.RENAME_KEY): _rename_case,
    ("flag-type", Fix.RETYPE): _retype,
}
