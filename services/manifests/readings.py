"""Read every metadata value of a checked manifest as what it could be, in one pass.

The judgement is `services.domain.schema.proposal`. What is kept does not grow with the manifest: of
each key counts, a few examples, and texts only as long as they are few enough to be options.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import orjson
import polars as pl

from services.domain.metadata import VARCHAR_LIMIT
from services.domain.schema.readings import (
    Example,
    KeyReadings,
    Option,
    Reading,
    Readings,
    Shape,
)
from services.jobs import Progress, unwatched
from services.manifests.checked import CheckedManifest
from services.manifests.csv_values import NUMBER, SAFE_DIGITS
from services.manifests.faults import shown
from services.manifests.metadata_check import UUID, is_datetime, is_exact, is_number
from services.manifests.stored import metadata_by_part

#: Keys whose values are looked at; a manifest with more has data where keys should be.
MOST_KEYS: Final = 500
#: Different texts that may still be options.
MOST_OPTIONS: Final = 400
#: Where one text is longer than this, nobody chose among options.
LONGEST_OPTION: Final = 255
#: Sizes of lists that are told apart.
MOST_SIZES: Final = 32
#: Values of each shape that are kept to be shown, and how much of each.
EXAMPLES, SHOWN = 5, 80
_PLACES: Final = frozenset(
    {
        *("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"),
        *("GeometryCollection", "Feature", "FeatureCollection"),
    }
)
_CODE: Final = rf"^(?:0[0-9]+|[0-9]{{{SAFE_DIGITS + 1},}})$"
_JSON: Final = ("[", "{")

#: A shape, and the size of a list.
_Kind = tuple[Shape, int]


@dataclass(slots=True)
class _Count:
    count: int = 0
    texts: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, count: int, first: Iterable[Example], *, is_text: bool) -> None:
        self.count += count
        self.texts += count if is_text else 0
        self.examples.extend(list(first)[: EXAMPLES - len(self.examples)])


@dataclass(slots=True)
class _Key:
    """What is known of one key so far."""

    #: Whether texts are cells, which a schema reads as numbers and the like.
    is_cells: bool
    filled: int = 0
    longest: int = 0
    counts: dict[_Kind, _Count] = field(default_factory=dict)
    #: Text to how often, and where first; None once there are too many.
    options: dict[str, tuple[int, int]] | None = field(default_factory=dict)

    def add(self, entries: Sequence[int], values: Sequence[object]) -> None:
        """Take the values of some entries, none of them null."""
        self.filled += len(values)
        texts = [n for n, value in enumerate(values) if isinstance(value, str)]
        if texts:
            self._add_texts([entries[n] for n in texts], [str(values[n]) for n in texts])
        for entry, value in zip(entries, values, strict=True):
            if not isinstance(value, str):
                self._add_one(entry, value, kind_of(value), is_text=False)

    def _add_one(self, entry: int, value: object, kind: _Kind, *, is_text: bool) -> None:
        count = self._count(kind)
        count.count += 1
        count.texts += is_text
        if len(count.examples) < EXAMPLES:
            count.examples.append(_example(entry, value))

    def _count(self, kind: _Kind) -> _Count:
        if kind not in self.counts and len(self.counts) >= MOST_SIZES:
            kind = (kind[0], 0)
        return self.counts.setdefault(kind, _Count())

    def _add_texts(self, entries: list[int], texts: list[str]) -> None:
        """Count texts that are alike at once."""
        alike = (
            pl.DataFrame({"entry": entries, "text": texts})
            .group_by("text", maintain_order=True)
            .agg(pl.len().alias("count"), pl.col("entry").first())
        )
        self.longest = max(self.longest, int(alike["text"].str.len_chars().max() or 0))  # type: ignore[arg-type]  # a number
        shaped = alike.with_columns(shape=_shapes(alike["text"], is_cells=self.is_cells))
        for (shape,), rows in shaped.group_by("shape", maintain_order=True):
            self._add_shape(Shape(str(shape)), rows)
        self._add_options(alike)

    def _add_shape(self, shape: Shape, rows: pl.DataFrame) -> None:
        if shape is Shape.OTHER:  # a cell that looks like JSON
            for text, count, entry in rows.select("text", "count", "entry").iter_rows():
                self._add_cell(entry, text, count)
            return
        first = rows.head(EXAMPLES).select("entry", "text").iter_rows()
        examples = (_example(entry, text) for entry, text in first)
        self._count((shape, 0)).add(int(rows["count"].sum()), examples, is_text=True)

    def _add_cell(self, entry: int, text: str, count: int) -> None:
        kind = kind_of(_parsed(text))
        self._count(kind).add(count, [_example(entry, text)], is_text=True)

    def _add_options(self, alike: pl.DataFrame) -> None:
        options = self.options
        if options is None:
            return
        if alike.height > MOST_OPTIONS or self.longest > LONGEST_OPTION:
            self.options = None
            return
        for text, count, entry in alike.select("text", "count", "entry").iter_rows():
            before, first = options.get(text, (0, entry))
            options[text] = (before + count, first)
        if len(options) > MOST_OPTIONS:
            self.options = None


def read_values(checked: CheckedManifest, *, progress: Progress = unwatched) -> Readings:
    """Count what the metadata values of all entries read as."""
    is_cells = checked.summary.format.startswith("csv")
    keys: dict[str, _Key] = {}
    further: set[str] = set()
    first = 0
    for found in metadata_by_part(checked.source, checked.summary.entries):
        for key, (entries, values) in _columns(found, first).items():
            if key in keys or len(keys) < MOST_KEYS:
                keys.setdefault(key, _Key(is_cells)).add(entries, values)
            else:
                further.add(key)
        first += len(found)
        progress(first / max(checked.summary.entries, 1))
    return _with_lines(checked, keys, further)


def _columns(
    found: Sequence[Mapping[str, object]], first: int
) -> dict[str, tuple[list[int], list[object]]]:
    """Turn the metadata of entries into values by key, each with its entry; nulls are no values."""
    columns: dict[str, tuple[list[int], list[object]]] = {}
    for entry, metadata in enumerate(found, first):
        for key, value in metadata.items():
            if value is not None:
                entries, values = columns.setdefault(key, ([], []))
                entries.append(entry)
                values.append(value)
    return columns


def _shapes(texts: pl.Series, *, is_cells: bool) -> pl.Series:
    """Name the shape of each text; OTHER for a cell that has to be parsed first."""
    text, bare = pl.col("text"), pl.col("text").str.strip_chars()
    is_word = bare.str.to_lowercase().is_in(["true", "false"]) & is_cells
    is_json = bare.str.slice(0, 1).is_in(_JSON) & is_cells
    shape = (
        pl.when(bare == "")
        .then(pl.lit(Shape.BLANK.value))
        .when(text.str.len_chars() > VARCHAR_LIMIT)
        .then(pl.lit(Shape.LONG_TEXT.value))
        .when(bare.str.contains(_CODE))
        .then(pl.lit(Shape.CODE.value))
        .when(bare.str.contains(f"^(?:{NUMBER.pattern})$") & is_cells)
        .then(pl.lit(Shape.NUMBER.value))
        .when(is_word)
        .then(pl.lit(Shape.BOOLEAN.value))
        .when(text.str.contains(f"^(?:{UUID.pattern})$"))
        .then(pl.lit(Shape.UUID.value))
        .when(is_json)
        .then(pl.lit(Shape.OTHER.value))
        .otherwise(pl.lit(Shape.TEXT.value))
        .alias("shape")
    )
    found = pl.DataFrame({"text": texts}).with_columns(shape)
    is_dated = found["text"].str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}")
    dates = [
        Shape.DATETIME.value if dated and is_datetime(each) else None
        for each, dated in zip(found["text"], is_dated, strict=True)
    ]
    return pl.Series("shape", dates, dtype=pl.String).fill_null(found["shape"])


def kind_of(value: object) -> tuple[Shape, int]:
    """Name the shape of a value that is no text, with the size of a list of numbers."""
    if isinstance(value, bool):
        return Shape.BOOLEAN, 0
    if is_number(value):
        return (Shape.NUMBER if is_exact(value) else Shape.CODE), 0
    if isinstance(value, list) and value and all(map(is_number, value)):
        return Shape.NUMBERS, len(value)
    if isinstance(value, Mapping) and value.get("type") in _PLACES:
        return Shape.PLACE, 0
    return (Shape.TEXT if isinstance(value, str) else Shape.OTHER), 0


def _parsed(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _example(entry: int, value: object) -> Example:
    text = shown(value) or ""
    cut = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    return Example(entry=entry, line=None, value=cut)


def _with_lines(checked: CheckedManifest, keys: dict[str, _Key], further: set[str]) -> Readings:
    """Put the lines to the entries that are shown."""
    found = [_key_readings(key, each) for key, each in keys.items() if each.filled]
    entries = [one.entry for each in found for one in _examples(each)]
    rows = checked.rows(pl.Series(entries, dtype=pl.UInt32))
    lines = {index: row.line for index, row in rows.items()}
    found.sort(key=lambda each: (-each.filled, each.key))
    return Readings(
        entries=checked.summary.entries,
        keys=tuple(_placed(each, lines) for each in found),
        further_keys=len(further),
    )


def _key_readings(key: str, found: _Key) -> KeyReadings:
    ordered = sorted(found.counts.items(), key=lambda item: -item[1].count)
    return KeyReadings(
        key=key,
        filled=found.filled,
        readings=tuple(
            Reading(
                shape=shape,
                size=size,
                count=each.count,
                texts=each.texts,
                examples=tuple(each.examples),
            )
            for (shape, size), each in ordered
        ),
        options=_options(found),
        longest=found.longest,
    )


def _options(found: _Key) -> tuple[Option, ...] | None:
    if found.options is None:
        return None
    ordered = sorted(found.options.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(
        Option(value=text, count=count, first=_example(entry, text))
        for text, (count, entry) in ordered
    )


def _examples(found: KeyReadings) -> Iterable[Example]:
    yield from (one for each in found.readings for one in each.examples)
    yield from (each.first for each in found.options or ())


def _placed(found: KeyReadings, lines: Mapping[int, int]) -> KeyReadings:
    def at(example: Example) -> Example:
        return replace(example, line=lines.get(example.entry))

    return replace(
        found,
        readings=tuple(replace(r, examples=tuple(map(at, r.examples))) for r in found.readings),
        options=found.options and tuple(replace(o, first=at(o.first)) for o in found.options),
    )
