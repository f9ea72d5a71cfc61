"""Read plain stretches of a CSV as columns: a row per line, one layout, one URL per entry.

A stretch that is anything else goes row by row. Rows that may have a finding are examined one by
one either way, so the two ways give the same answers.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from services.domain.entries import EntryType
from services.domain.metadata import VARCHAR_LIMIT, MetadataKey, MetadataSchema, ValueType
from services.manifests import csv_layout
from services.manifests.columns import KINDS, SCHEMA, Row
from services.manifests.csv_layout import Column, Layout
from services.manifests.entry_check import MAX_TITLE
from services.manifests.metadata_check import key_problem
from services.manifests.options import CheckOptions
from services.manifests.url_columns import doubtful_urls

#: Bytes looked at in one go.
STRETCH: Final = 4 << 20
#: A line longer than this is not plain.
_LONGEST: Final = 1 << 20
_HEADER: Final = r"(?i)object[ _-]*url"
_NEWLINE, _TAB, _DELETE, _PRINTABLE = 10, 9, 127, 32
_UNFILTERED: Final = frozenset({EntryType.SCENE, EntryType.TIME_SERIES})

_FITS: Final = {
    ValueType.BOOLEAN: r"^(?:true|false)$",
    ValueType.NUMBER: r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?$",
    ValueType.UUID: r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
    ValueType.DATETIME: (
        r"^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
        r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?Z)?$"
    ),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Plain rows as columns, ready to be entered."""

    frame: pl.DataFrame
    #: URL, row and place of every row that needs no examination.
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    suspects: list[int]

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.frame.height


def read_stretch(
    chunk: bytes, at: int, layout: Layout, delimiter: str, options: CheckOptions
) -> Stretch | None:
    """Read whole lines of a document as columns; None when they are not plain."""
    if layout.is_ours or options.strict_client_only or not _is_plain(layout, options.schema):
        return None
    text = chunk.replace(b"\r\n", b"\n") if b"\r" in chunk else chunk
    lines = _lines_of(chunk, at)
    if lines is None or b"\r" in text or _has_header(text):
        return None
    starts, lengths = lines
    if not _has_width(text, len(starts), layout.width, delimiter):
        return None
    frame = _cells(text, layout.width, delimiter)
    if frame is None or frame.height != len(starts):
        return None
    return _columns(frame, layout, options, starts, lengths)


def _is_plain(layout: Layout, schema: MetadataSchema | None) -> bool:
    """Whether the columns are those that can be looked at as a whole."""
    keys = [column.key for column in layout.columns if column.role == "metadata"]
    if len(set(keys)) != len(keys) or any(map(key_problem, keys)):
        return False
    if any(key.lower().startswith("key") for key in keys):  # perhaps keyframes
        return False
    roles = [column.role for column in layout.columns if column.role not in {"", "metadata"}]
    return len(set(roles)) == len(roles) and (schema is None or set(keys) <= set(schema))


def _lines_of(chunk: bytes, at: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
    """Return where the lines begin and how long they are; None for empty or odd ones."""
    whole = np.frombuffer(chunk, np.uint8)
    odd = (whole < _PRINTABLE) & (whole != _NEWLINE) & (whole != _TAB) & (whole != ord("\r"))
    if bool(odd.any()) or bool((whole == _DELETE).any()):
        return None
    breaks = np.flatnonzero(whole == _NEWLINE)
    ends = breaks if chunk.endswith(b"\n") else np.append(breaks, len(chunk))
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts
    if b"\r" in chunk:
        lengths = lengths - (whole[ends - 1] == ord("\r"))
    if not len(lengths) or int(lengths.min()) == 0 or int(lengths.max()) > _LONGEST:
        return None
    return starts + at, lengths


def _has_header(text: bytes) -> bool:
    """Whether another header row may stand among the lines."""
    if b"object" not in text.lower():
        return False
    return bool(pl.Series([text.decode()]).str.contains(_HEADER)[0])


def _has_width(text: bytes, lines: int, width: int, delimiter: str) -> bool:
    """Whether every line is strictly quoted and none can have too few cells."""
    if b'"' not in text:
        return text.count(delimiter.encode()) == lines * (width - 1)
    cell = f'(?:"(?:[^"]|"")*"|[^"{delimiter}]*)'
    rows = pl.Series(text.decode().removesuffix("\n").split("\n"))
    return bool(rows.str.contains(f"^{cell}(?:{delimiter}{cell}){{{width - 1}}}$").all())


def _cells(text: bytes, width: int, delimiter: str) -> pl.DataFrame | None:
    """Cut plain lines; too many cells are an error of the reader, too few were counted before."""
    try:
        frame = pl.read_csv(
            text,
            has_header=False,
            separator=delimiter,
            quote_char='"' if b'"' in text else None,
            schema={f"c{place}": pl.String for place in range(width)},
        )
    except pl.exceptions.PolarsError:
        return None
    return frame.with_columns(pl.all().fill_null(""))


def _columns(
    frame: pl.DataFrame,
    layout: Layout,
    options: CheckOptions,
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
) -> Stretch | None:
    kinds = _kinds(frame, layout)
    if kinds is None:
        return None
    url = frame[f"c{layout.place_of(csv_layout.URL)}"].alias("url")
    title_at = layout.place_of(csv_layout.TITLE)
    title = frame[f"c{title_at}"] if title_at is not None else pl.repeat("", len(url), eager=True)
    # Lines with control characters are not plain, so only U+FFFD can make a title doubtful.
    doubt = _doubtful(url, kinds, options) | title.str.contains("\ufffd", literal=True)
    doubt = doubt | (title.str.len_chars() > MAX_TITLE)
    for place, column in enumerate(layout.columns):
        doubt = doubt | _doubtful_cells(frame[f"c{place}"], column, options)
    columns = {
        "type": kinds,
        "title": title.replace("", None),
        "url": url,
        "url_count": pl.repeat(1, len(url), eager=True),
        "valid": pl.repeat(value=True, n=len(url), eager=True),
        "start": pl.Series(starts),
        "length": pl.Series(lengths),
        "line": pl.repeat(None, len(url), dtype=pl.UInt32, eager=True),
        "payload": pl.repeat(None, len(url), dtype=pl.Binary, eager=True),
    }
    rows = pl.DataFrame(columns).cast(dict(SCHEMA))  # type: ignore[arg-type]
    return Stretch(rows, starts, lengths, doubt.arg_true().to_list())


def _kinds(frame: pl.DataFrame, layout: Layout) -> pl.Series | None:
    """Return the type of every row; None when one needs more than a look at its own row."""
    if layout.kind is not None:
        if layout.kind.is_composite:
            return None
        return pl.repeat(layout.kind.value, frame.height, dtype=KINDS, eager=True)
    place = layout.place_of(csv_layout.TYPE)
    if place is None:
        return None
    words = frame[f"c{place}"]
    known = {word: csv_layout.type_of(word) for word in words.unique()}
    if any(kind is None or kind.is_composite or kind in _UNFILTERED for kind in known.values()):
        return None
    values = {word: kind.value for word, kind in known.items() if kind}
    return words.replace_strict(values, return_dtype=KINDS)


def _doubtful(url: pl.Series, kinds: pl.Series, options: CheckOptions) -> pl.Series:
    """Mark URLs that have to be looked at one by one, by the type of their rows."""
    present = kinds.unique().to_list()
    if len(present) == 1:
        return doubtful_urls(url, EntryType(present[0]), options)
    doubt = pl.repeat(value=False, n=len(url), eager=True)
    for kind in present:
        doubt = doubt | ((kinds == kind) & doubtful_urls(url, EntryType(kind), options))
    return doubt


def _doubtful_cells(cells: pl.Series, column: Column, options: CheckOptions) -> pl.Series:
    """Mark cells that may have a finding of their own."""
    given = cells != ""
    if column.role == "metadata" and not column.is_json:
        declared = options.schema.get(column.key) if options.schema else None
        return given & ~_fits(cells, declared) if declared else given & False
    plain = {csv_layout.URL, csv_layout.TITLE, csv_layout.TYPE, csv_layout.GROUP, ""}
    if column.role in plain or column.role == csv_layout.IGNORED:
        return given & False
    return given


def _fits(cells: pl.Series, declared: MetadataKey) -> pl.Series:
    """Mark cells that certainly fit their declared type."""
    if declared.type is ValueType.ENUM:
        return cells.is_in(list(declared.options))
    if declared.type is ValueType.VARCHAR:
        return cells.str.len_chars() <= (declared.size or VARCHAR_LIMIT)
    if declared.type is ValueType.TEXT:
        return cells.is_not_null()
    pattern = _FITS.get(declared.type)
    return cells.str.contains(pattern) if pattern else cells.is_null()


def put_over(frame: pl.DataFrame, rows: dict[int, Row]) -> pl.DataFrame:
    """Put examined rows in the places of accepted ones."""
    if not rows:
        return frame
    places = pl.Series("place", list(rows), dtype=pl.UInt32)
    others = pl.DataFrame(list(rows.values()), schema=SCHEMA, orient="row").with_columns(places)
    numbered = frame.with_row_index("place").filter(~pl.col("place").is_in(list(rows)))
    return pl.concat([numbered, others.select(numbered.columns)]).sort("place").drop("place")
