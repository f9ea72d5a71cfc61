"""Guess what the columns of a foreign CSV mean, from their headers and from their values."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.domain import urls
from services.domain.content_types import USUAL
from services.domain.entries import EntryType
from services.domain.nearest import fold, nearest
from services.manifests import mapping as m
from services.manifests.csv_layout import COLUMNS, KEY_PREFIX, type_of
from services.manifests.mapping import ColumnMapping, Mapped, Sample
from services.manifests.metadata_check import KEY
from services.manifests.url_check import FAMILIES

#: Headers people use, by what they mean; compared without case, blanks and underscores.
SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    m.URL: (
        "objecturl",
        "url",
        "uri",
        "link",
        "href",
        "fileurl",
        "imageurl",
        "videourl",
        "audiourl",
        "mediaurl",
        "asseturl",
        "dataurl",
        "gcsuri",
        "gcsurl",
        "gcspath",
        "gsutiluri",
        "s3uri",
        "s3url",
        "sourceurl",
        "storageurl",
        "cloudurl",
        "externalurl",
        "fileuri",
        "imageuri",
        "inputuri",
        "objecturi",
        "location",
        "imagegcsuri",
    ),
    m.TYPE: (
        "type",
        "kind",
        "mediatype",
        "datatype",
        "filetype",
        "assettype",
        "itemtype",
        "modality",
    ),
    m.TITLE: (
        "title",
        "name",
        "displayname",
        "itemname",
        "label",
        "caption",
        "videotitle",
        "imagetitle",
        "externalid",
    ),
    m.GROUP: (
        "group",
        "groupname",
        "groupid",
        "series",
        "seriesid",
        "sequence",
        "sequenceid",
        "imagegroup",
        "imagegrouptitle",
        "album",
        "stack",
        "studyid",
    ),
    m.CREATE: ("createvideo", "makevideo", "asvideo"),
}
_BUCKETS: Final = ("bucket", "bucketname", "gcsbucket", "s3bucket", "container", "storagebucket")
_KEYS: Final = (
    "path",
    "key",
    "objectkey",
    "objectname",
    "object",
    "blob",
    "blobname",
    "filepath",
    "objectpath",
    "fullpath",
    "filename",
    "file",
    "gcskey",
    "s3key",
    "relativepath",
    "imagepath",
    "videopath",
)
_FOLDERS: Final = ("folder", "prefix", "directory", "dir")
_FILES: Final = frozenset({"filename", "file"})

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_EXTENSION: Final = re.compile(r"\.([A-Za-z0-9]{1,8})$")
_ODD: Final = re.compile(r"[^A-Za-z0-9 ._-]+")
#: The share of values that must agree before values alone decide.
_MOST: Final = 0.8

#: A column and why it was chosen.
_Found = tuple[int, str] | None
_Test = Callable[[str], object]


def suggest(sample: Sample) -> ColumnMapping:
    """Guess a mapping; what is not understood becomes metadata, so that nothing is lost unseen.

    The guess does not depend on the order of the columns, except between equally good ones.
    """
    chosen: dict[int, Mapped] = {}
    for guess in (_by_name, _by_value, _by_slip):
        for target in COLUMNS:
            if all(each.target != target for each in chosen.values()):
                _choose(sample, target, chosen, guess(sample, target, chosen))
    template, used = ("", set[int]())
    if all(each.target != m.URL for each in chosen.values()):
        template, used = _template(sample, chosen)
    columns = tuple(
        chosen.get(place) or _rest(sample, place, header, is_used=place in used)
        for place, header in enumerate(sample.headers)
    )
    made = ColumnMapping(
        columns=_without_clashes(columns),
        delimiter=sample.delimiter,
        template=template,
    )
    return made if made.place_of(m.TYPE) is not None else _with_type(sample, made)


def _choose(sample: Sample, target: str, chosen: dict[int, Mapped], found: _Found) -> None:
    if found is not None:
        place, reason = found
        chosen[place] = Mapped(header=sample.headers[place], target=target, reason=reason)


def _by_name(sample: Sample, target: str, chosen: Mapping[int, Mapped]) -> _Found:
    """Find a column whose header is a known word; its values must not contradict it."""
    for word in SYNONYMS[target]:
        for place, header, values in sample.columns():
            if place not in chosen and fold(header.strip()) == word and _allows(target, values):
                return place, "by its name"
    return None


def _by_value(sample: Sample, target: str, chosen: Mapping[int, Mapped]) -> _Found:
    """Find a column whose values are URLs or types."""
    test = _TESTS.get(target)
    if test is None or target == m.CREATE:  # any column of yes and no looks like the latter
        return None
    for place, _, values in sample.columns():
        if place not in chosen and _share(values, test) >= _MOST:
            return place, "by its values"
    return None


def _by_slip(sample: Sample, target: str, chosen: Mapping[int, Mapped]) -> _Found:
    """Find a column whose header is a slip of the target's own name."""
    for place, header, values in sample.columns():
        if place not in chosen and nearest(header.strip(), [target]) and _allows(target, values):
            return place, f"its name is near {target}"
    return None


def _allows(target: str, values: Sequence[str]) -> bool:
    """Whether values may be what a header says."""
    test = _TESTS.get(target)
    return test is None or not values or _share(values, test) > 1 - _MOST


def _share(values: Sequence[str], test: _Test) -> float:
    return sum(bool(test(value)) for value in values) / len(values) if values else 0.0


def _is_url(value: str) -> bool:
    return isinstance(urls.split(value), urls.ObjectUrl) or bool(
        re.match(r"(?:gs|s3|https)://", value, re.IGNORECASE)
    )


_TESTS: Final[Mapping[str, _Test]] = {
    m.URL: _is_url,
    m.TYPE: lambda value: type_of(value) is not None,
    m.CREATE: lambda value: value.lower() in {"true", "false", "yes", "no", "0", "1"},
}


def _template(sample: Sample, chosen: Mapping[int, Mapped]) -> tuple[str, set[int]]:
    """Compose URLs from a bucket column and a path column."""
    bucket = _named(sample, _BUCKETS, chosen, _BUCKET.fullmatch)
    path = _named(sample, _KEYS, chosen, lambda value: "://" not in value)
    if bucket is None or path is None:
        return "", set()
    parts, used = [bucket], {bucket, path}
    if fold(sample.headers[path]) in _FILES:
        folder = _named(sample, _FOLDERS, {**chosen, path: chosen.get(path)}, lambda _: True)
        if folder is not None:
            parts.append(folder)
            used.add(folder)
    names = "/".join(f"{{{sample.headers[place]}}}" for place in [*parts, path])
    return f"gs://{names}", used


def _named(
    sample: Sample, words: Iterable[str], chosen: Mapping[int, object], test: _Test
) -> int | None:
    for word in words:
        for place, header, values in sample.columns():
            is_free = place not in chosen and fold(header.strip()) == word
            if is_free and _share(values, test) >= _MOST:
                return place
    return None


def _rest(sample: Sample, place: int, header: str, *, is_used: bool) -> Mapped:
    """Decide about a column that is none of ours."""
    if is_used:
        return Mapped(header=header, target=m.IGNORE, reason="part of the URL")
    bare = header.strip()
    if bare.lower().startswith(KEY_PREFIX) and len(bare) > len(KEY_PREFIX):
        return Mapped(
            header=header, target=KEY_PREFIX + bare[len(KEY_PREFIX) :], reason="by its name"
        )
    if sample.is_whole and not sample.values(place):
        return Mapped(header=header, target=m.IGNORE, reason="nothing in it")
    declared = {fold(key): key for key in sample.schema_keys}
    if key := declared.get(fold(bare)) or nearest(bare, sample.schema_keys):
        return Mapped(header=header, target=KEY_PREFIX + key, reason="a key of the metadata schema")
    key = _ODD.sub("_", bare).strip("_ ")
    if not KEY.fullmatch(key):
        return Mapped(header=header, target=m.IGNORE, reason="no name for a metadata key")
    return Mapped(header=header, target=KEY_PREFIX + key, reason="kept as metadata")


def _without_clashes(columns: tuple[Mapped, ...]) -> tuple[Mapped, ...]:
    """Leave out columns that would become the same one."""
    seen: set[str] = set()
    kept: list[Mapped] = []
    for column in columns:
        if column.target and column.target in seen:
            kept.append(replace(column, target=m.IGNORE, reason=f"{column.target} is taken"))
        else:
            kept.append(column)
        seen.add(column.target)
    return tuple(kept)


def _with_type(sample: Sample, made: ColumnMapping) -> ColumnMapping:
    """Tell the type from extensions: one for all rows, or row by row where they differ."""
    found = Counter(
        kind for row in sample.rows if (kind := type_of_url(url_of(made, row))) is not None
    )
    if len(found) == 1:
        return replace(made, constant_type=_grouped(next(iter(found)), made))
    return replace(made, type_by_extension=bool(found))


def _grouped(kind: EntryType, made: ColumnMapping) -> EntryType:
    """Images that a column groups are groups."""
    is_group = kind is EntryType.IMAGE and made.place_of(m.GROUP) is not None
    return EntryType.IMAGE_GROUP if is_group else kind


def url_of(mapping: ColumnMapping, row: Sequence[str]) -> str:
    """Return the URL of a row as the mapping makes it."""
    place = mapping.place_of(m.URL)
    if place is not None and not mapping.template:
        return row[place].strip() if place < len(row) else ""
    return m.fill_template(mapping.template, dict(zip(mapping.headers, row, strict=False)))


def type_of_url(url: str) -> EntryType | None:
    """Return the type of single file that an extension tells; None for unknown ones."""
    match = _EXTENSION.search(url.partition("?")[0].removesuffix(".gz"))
    family = FAMILIES.get(match[1].lower(), "") if match else ""
    # A CSV is as likely a time series, or a manifest, as text.
    return None if family == "csv" else USUAL.get(family)
