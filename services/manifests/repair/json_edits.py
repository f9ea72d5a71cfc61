"""Change JSON text in place: only the bytes of what is changed differ afterwards."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.manifests import json_text
from services.manifests.faults import Path
from services.manifests.repair.actions import Action, Frames, KeepLast, Put, Remove, Rename, as_json

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_AFTER: Final = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")

#: A stretch of text and what takes its place.
Cut = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a member stands; list members have no key."""

    key_at: int
    value_at: int
    end: int


def find(text: str, path: Path) -> Spot | None:
    """Find the member a path leads to; of repeated keys the last one counts."""
    found = spots(text, path)
    return found[-1] if found else None


def spots(text: str, path: Path) -> list[Spot]:
    """Find every member with the path's last key, in the object the path leads to."""
    at = _skip(text, 0)
    if not path:
        return [Spot(at, at, len(text))]
    for step in path[:-1]:
        below = _members(text, at, step)
        if not below:
            return []
        at = below[-1].value_at
    return _members(text, at, path[-1])


def _members(text: str, at: int, step: str | int) -> list[Spot]:
    if text[at] == "{" and isinstance(step, str):
        return [Spot(k, v, e) for key, k, v, e in json_text.members(text, at) if key == step]
    if text[at] == "[" and isinstance(step, int):
        places = (place for n, place in enumerate(json_text.elements(text, at)) if n == step)
        return [Spot(place, place, _end(text, place)) for place in places]
    return []


def _end(text: str, at: int) -> int:
    return int(_DECODER.raw_decode(text, at)[1])


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def edited(text: str, actions: Iterable[Action]) -> str:
    """Return the text of an object with the actions applied, one after the other."""
    for action in actions:
        text = _spliced(text, _cuts(text, action))
    return text


def _spliced(text: str, cuts: Iterable[Cut]) -> str:
    """Replace stretches, last one first, so that the places of the others hold."""
    for start, end, new in sorted(cuts, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _cuts(text: str, action: Action) -> list[Cut]:
    match action:
        case Put(path, value):
            return _put(text, path, as_json(value))
        case Rename(path, name):
            found = find(text, path)
            return [_renamed(text, found, name)] if found else []
        case Remove(path):
            found = find(text, path)
            return [removal(text, found.key_at, found.end)] if found else []
        case KeepLast(path):
            return [removal(text, spot.key_at, spot.end) for spot in spots(text, path)[:-1]]
        case Frames():
            return _frame_cuts(text, action)


def _renamed(text: str, spot: Spot, name: str) -> Cut:
    return spot.key_at, _end(text, spot.key_at), as_json(name)


def _put(text: str, path: Path, written: str) -> list[Cut]:
    found = find(text, path)
    if found:
        return [(found.value_at, found.end, written)]
    outer = find(text, path[:-1])
    if outer is None:
        return _put(text, path[:-1], f"{{{as_json(path[-1])}: {written}}}")
    if text[outer.value_at] != "{":
        return []
    pairs = [end for *_, end in json_text.members(text, outer.value_at)]
    at = pairs[-1] if pairs else outer.value_at + 1
    return [(at, at, f"{', ' if pairs else ''}{as_json(path[-1])}: {written}")]


def removal(text: str, start: int, end: int) -> Cut:
    """Cut a member out together with the comma that no longer separates anything."""
    after = _AFTER.match(text, end)
    if after:
        return start, after.end(), ""
    before = text[:start].rstrip(" \t\r\n")
    return (len(before) - 1 if before.endswith(",") else start), end, ""


def _frame_cuts(text: str, action: Frames) -> list[Cut]:
    """Renumber the kept frames; dropped ones are cut first, in a pass of their own."""
    if action.drop:
        text_without = edited(text, [Remove((key,)) for key in action.drop])
        return [(0, len(text), edited(text_without, [Frames(action.keep)]))]
    found = ((n, key, find(text, (key,))) for n, key in enumerate(action.keep))
    return [
        _renamed(text, spot, f"objectUrl_{n}")
        for n, key, spot in found
        if spot and key != f"objectUrl_{n}"
    ]
