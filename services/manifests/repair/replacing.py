"""Find and replace over all URLs of a manifest: buckets, prefixes, and Google's two spellings.

`gs://b/k` names the object as it is; `https://storage.googleapis.com/b/k` names it percent-encoded.
A name that gs:// cannot carry, because it holds white space, keeps its https form.
"""

import mmap
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final
from urllib.parse import quote, unquote

import orjson

from services.domain import urls
from services.domain.nearest import fold
from services.jobs import Progress, unwatched
from services.manifests import carried, csv_layout
from services.manifests.checked import CheckedManifest
from services.manifests.csv_cells import Row
from services.manifests.csv_layout import Layout
from services.manifests.document import open_text
from services.manifests.faults import Path
from services.manifests.options import CheckOptions
from services.manifests.repair.actions import Action, Change, Preview, Put
from services.manifests.repair.csv_source import CsvSource, is_header
from services.manifests.repair.csv_subject import Line
from services.manifests.repair.json_source import JsonSource
from services.manifests.repair.json_subject import JsonSubject
from services.manifests.repair.lineage import keep
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Opened
from services.manifests.repair.splicing import Cut, spliced, watched
from services.manifests.repair.subject import Mended
from services.manifests.scene_check import scene_urls
from services.manifests.store import ManifestStore

_URL: Final = re.compile(rb'"(objectUrl(?:_[0-9]+)?)"[ \t\r\n]*:[ \t\r\n]*("(?:[^"\\]|\\.)*")')
_WIRE_FRAMES: Final = ("images", "dicomFiles")
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Kind(StrEnum):
    """What is replaced."""

    BUCKET = "bucket"
    PREFIX = "prefix"
    TO_GS = "https-to-gs"
    TO_HTTPS = "gs-to-https"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One find and replace over URLs."""

    kind: Kind
    #: The bucket's name, or how the URLs begin; not used for spellings.
    old: str = ""
    new: str = ""

    def of(self, url: str) -> str:
        """Return a URL after the replacement; the same when it is not concerned.

        A good URL never becomes one that is refused.
        """
        made = _REPLACERS[self.kind](self, url)
        if made != url and urls.fault_of(made) and not urls.fault_of(url):
            return url
        return made


def _bucket(asked: Replacement, url: str) -> str:
    head = f"gs://{asked.old}/"
    if asked.old and asked.new and url.startswith(head):  # most URLs
        return f"gs://{asked.new}/{url[len(head) :]}"
    parts = urls.split(url)
    if isinstance(parts, urls.UrlFault) or parts.bucket != asked.old or not asked.new:
        return url
    at = len(parts.scheme) + len("://")
    if parts.host and not parts.in_host:
        at = url.index("/", at) + 1
    return url[:at] + asked.new + url[at + len(asked.old) :]


def _prefix(asked: Replacement, url: str) -> str:
    if not asked.old or not url.startswith(asked.old):
        return url
    return asked.new + url[len(asked.old) :]


def _to_gs(_: Replacement, url: str) -> str:
    parts = urls.split(url)
    if (
        isinstance(parts, urls.UrlFault)
        or parts.scheme != "https"
        or not urls.is_google(parts.host)
    ):
        return url
    if (parts.query and not parts.is_signed) or _ESCAPE.search(parts.key):
        return url
    try:
        return f"gs://{parts.bucket}/{unquote(parts.key, errors='strict')}"
    except UnicodeDecodeError:
        return url


def _to_https(_: Replacement, url: str) -> str:
    parts = urls.split(url)
    if isinstance(parts, urls.UrlFault) or parts.scheme != "gs":
        return url
    return f"https://{urls.GOOGLE_HOST}/{parts.bucket}/{quote(parts.key, safe=urls.UNQUOTED)}"


_REPLACERS: Final[Mapping[Kind, Callable[[Replacement, str], str]]] = {
    Kind.BUCKET: _bucket,
    Kind.PREFIX: _prefix,
    Kind.TO_GS: _to_gs,
    Kind.TO_HTTPS: _to_https,
}


def preview_urls(
    checked: CheckedManifest,
    replacement: Replacement,
    limit: int = 20,
    *,
    progress: Progress = unwatched,
) -> Preview:
    """Say which URLs would change, without changing anything."""
    notes, opened = Notes(limit), Opened(checked)
    for _ in watched(_rewritten(opened, replacement, notes), opened.document, progress):
        pass
    return notes.preview()


def replace_urls(
    store: ManifestStore,
    fingerprint: str,
    replacement: Replacement,
    options: CheckOptions | None = None,
    *,
    progress: Progress = unwatched,
) -> str:
    """Replace in all URLs, those of refused entries too; returns the new manifest's fingerprint.

    Args:
        store: The folder of manifests.
        fingerprint: The manifest to change.
        replacement: What to replace.
        options: A check that was made already, to save time.
        progress: Is told how far the work is, and may end it.
    """
    opened = Opened(store.check(fingerprint, options or CheckOptions()))
    notes = Notes()
    blocks = watched(_rewritten(opened, replacement, notes), opened.document, progress)
    detail = {"kind": str(replacement.kind), "old": replacement.old, "new": replacement.new}
    return keep(store, fingerprint, blocks, notes, operation="replace", detail=detail)


def _rewritten(opened: Opened, replacement: Replacement, notes: Notes) -> Iterator[bytes]:
    if opened.is_csv:
        return _Rows(opened, replacement, notes).rewritten()
    return _rewritten_json(opened, replacement, notes)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a CSV, each with its URL replaced."""

    opened: Opened
    replacement: Replacement
    notes: Notes

    def rewritten(self) -> Iterator[bytes]:
        """Yield the document."""
        source = CsvSource(self.opened)
        return source.rewritten(self.opened.none(), lambda _: None, self.notes, self._replaced)

    def _replaced(self, row: Row, layout: Layout) -> str:
        place = layout.place_of(csv_layout.URL)
        if row.problem or place is None or place >= len(row.cells) or is_header(row):
            return row.text
        if layout.is_ours and carried.problem_of(row, layout):
            return row.text  # its cells stay as they are until a person has put them right
        line = Line(row, layout, tuple(row.cells))
        before = line.cell(place)
        after = self.replacement.of(before)
        if after == before:
            return row.text
        if not self.notes.is_full():
            self.notes.add([_change(None, "objectUrl", before, after)], lambda: row.line)
        return line.with_cell(place, after).text


def _rewritten_json(opened: Opened, replacement: Replacement, notes: Notes) -> Iterator[bytes]:
    source = JsonSource(opened)
    text = open_text(opened.document)
    return spliced(text, _cuts(source, text, replacement, notes))


def _cuts(
    source: JsonSource, text: bytes | mmap.mmap, replacement: Replacement, notes: Notes
) -> Iterator[Cut]:
    """Yield the URLs to replace; entries of the usual shape are not parsed into places."""
    for place in source.places(source.opened.every()):
        raw = text[place.start : place.start + place.length]
        plain = _plain_urls(raw)
        if plain is None:
            subject = source.subject(text, place)
            mended = _mended(subject, replacement)
            if mended and isinstance(mended.subject, JsonSubject):
                notes.take(subject, mended, partial(source.opened.line_of, place.start))
                new = mended.subject.text.encode()
                yield Cut(place.start, place.start + place.length, new)
            continue
        for start, end, key, before in plain:
            after = replacement.of(before)
            if after == before:
                continue
            if not notes.is_full():
                change = _change(place.index, key, before, after)
                notes.add([change], partial(source.opened.line_of, place.start))
            yield Cut(place.start + start, place.start + end, orjson.dumps(after))


def _change(entry: int | None, field: str, before: str, after: str) -> Change:
    return Change(entry=entry, line=None, field=field, before=before, after=after)


def _plain_urls(raw: bytes) -> list[tuple[int, int, str, str]] | None:
    """Find the URLs of an entry whose every mention of objectUrl is a key of its own."""
    try:
        fields = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict) or "scene" in fields:
        return None
    keys = [key for key in fields if key.startswith("objectUrl")]
    found = [
        (match.start(2), match.end(2), match[1].decode(), orjson.loads(match[2]))
        for match in _URL.finditer(raw)
    ]
    usual = len(found) == len(keys) == raw.count(b'"objectUrl') and found
    return found if usual else None


def _mended(subject: JsonSubject, replacement: Replacement) -> Mended | None:
    """Replace in an entry of any shape."""
    actions: list[Action] = []
    for path, url in _url_paths(subject):
        if isinstance(url, str) and replacement.of(url) != url:
            actions.append(Put(path, replacement.of(url)))
    return Mended(subject.mended(actions), tuple(actions)) if actions else None


def _url_paths(subject: JsonSubject) -> Iterator[tuple[Path, object]]:
    single = [key for key in subject.given if fold(key) == "objecturl"]
    for key in (*single, *subject.frame_keys()):
        yield (key,), subject.value((key,))
    yield from scene_urls(subject.value(("scene",)))
    for key in _WIRE_FRAMES:
        frames = subject.value((key,))
        for place in range(len(frames) if isinstance(frames, list) else 0):
            yield (key, place, "url"), subject.value((key, place, "url"))
