"""Read CSV into a sink: Encord's dialect and our superset become the entries JSON would give."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from services.domain.entries import EntryType
from services.domain.nearest import hint
from services.manifests import csv_layout
from services.manifests.collector import Where, always, pointer
from services.manifests.csv_cells import Row, rows_of
from services.manifests.csv_layout import Column, Layout
from services.manifests.csv_values import read_cell, unneutralized
from services.manifests.entry_check import examine
from services.manifests.faults import Fault
from services.manifests.schema import MetadataSchema
from services.manifests.sink import Sink

#: Encord's own form refuses more rows.
ROW_LIMIT: Final = 10_000
_DELIMITERS: Final = ",;\t"
_STEP: Final = 4_096


def sniff_delimiter(head: str) -> str:
    """Choose the separator that the header row has most of, outside quotes."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    bare = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=bare.count) if any(map(bare.count, _DELIMITERS)) else ","


@dataclass(slots=True)
class _Draft:
    """An entry whose rows are still being collected."""

    kind: EntryType
    rows: list[tuple[Row, Layout]] = field(default_factory=list)


@dataclass(slots=True)
class CsvReader:
    """One pass over the rows of a CSV."""

    sink: Sink
    rows: int = 0
    layout: Layout | None = None
    #: Groups by identity, in the order of their first rows.
    drafts: dict[object, _Draft] = field(default_factory=dict)
    _warned_dicom: bool = False
    _encord: bool = False

    def read(self) -> None:
        """Read every row; a file without a URL column is one finding."""
        data = self.sink.document.data
        delimiter = sniff_delimiter(data[:65_536].decode("utf-8", "ignore"))
        self.sink.delimiter = delimiter
        self.sink.format = "csv"
        for row in rows_of(data, delimiter):
            if self.layout is None or (not row.problem and csv_layout.is_header(row.cells)):
                if not self._take_header(row):
                    return
            else:
                self._take_row(row, self.layout)
                if self.rows % _STEP == 0:
                    self.sink.hash_pending()
                    self.sink.progress(min(row.line / max(data.count(b"\n"), 1), 1.0))
        self._finish()

    def _take_header(self, row: Row) -> bool:
        """Read a header row; returns whether the rows below can be read."""
        sink = self.sink
        if row.problem:
            fault = Fault("csv-syntax", (), row.text, {"problem": row.problem})
            sink.collector.add(fault, None, always(Where(line=row.line, column=1)))
            return False
        layout = csv_layout.read_layout(row.cells)
        if layout.place_of(csv_layout.URL) is None:
            columns = ", ".join(cell[:40] for cell in row.cells[:20])
            fault = Fault("csv-header-missing", (), row.text, {"columns": columns})
            sink.collector.add(fault, None, always(Where(line=row.line, column=1)))
            return False
        for column, fault in csv_layout.header_faults(layout):
            line, at = row.place(column)
            sink.collector.add(fault, None, always(Where(line=line, column=at)))
        if layout.width == 1:
            fault = Fault("csv-single-column", (), row.text)
            sink.collector.add(fault, None, always(Where(line=row.line, column=1)))
        self._encord = self._encord or layout.kind is not None
        self.layout = layout
        return True

    def _take_row(self, row: Row, layout: Layout) -> None:
        self.rows += 1
        if row.problem or len(row.cells) != layout.width:
            self._refuse(row, layout, _row_fault(row, layout))
            return
        kind = layout.kind or self._kind_of(row, layout)
        if kind is None:
            return
        if kind is EntryType.DICOM_SERIES and not self._warned_dicom:
            self._warned_dicom = True
            where = Where(line=row.line, column=1)
            self.sink.collector.add(Fault("csv-dicom"), None, always(where))
        if kind.is_composite:
            self._collect(row, layout, kind)
        else:
            self._enter(_Draft(kind, [(row, layout)]))

    def _kind_of(self, row: Row, layout: Layout) -> EntryType | None:
        """Read the type cell; a row without a known type is refused."""
        place = layout.place_of(csv_layout.TYPE)
        word = row.cells[place].strip() if place is not None else ""
        kind = csv_layout.type_of(word)
        if kind is None:
            problem = f"{word[:80]!r} is not a type of entry" if word else "The row has no type"
            guess = hint(word, list(EntryType)) if word else ""
            fault = Fault("entry-type", ("type",), word, {"problem": problem, "hint": guess})
            self._refuse(row, layout, fault, place)
        return kind

    def _refuse(self, row: Row, layout: Layout, fault: Fault, place: int | None = None) -> None:
        """Hold a row that cannot be read as an entry, with its cells as far as they fit."""
        names = [column.header for column in layout.columns]
        fields: dict[str, object] = {}
        if not row.problem:
            fields = dict(zip(names, row.cells, strict=False))
            url = layout.place_of(csv_layout.URL)
            if url is not None and url < len(row.cells):
                fields["objectUrl"] = row.cells[url]
        held = {**fields, csv_layout.ROW_HEADER: row.text}
        line, column = row.place(place or 0)
        prefix = f"/{self.sink.index}"
        where = Where(line=line, column=column, pointer=pointer(prefix, fault.path))
        self.sink.refused(fault, always(where), fields=held, line=row.line)

    def _collect(self, row: Row, layout: Layout, kind: EntryType) -> None:
        """Add a row to its group; rows of one group need not stand together."""
        identity = self._identity(row, layout, kind)
        draft = self.drafts.setdefault(identity, _Draft(kind))
        draft.rows.append((row, layout))

    def _identity(self, row: Row, layout: Layout, kind: EntryType) -> object:
        role = csv_layout.TITLE if layout.groups_by_title else csv_layout.GROUP
        cell = _cell(row, layout, role) or _cell(row, layout, csv_layout.TITLE)
        family = EntryType.IMAGE_GROUP if kind is EntryType.IMAGE_SEQUENCE else kind
        return (family, cell) if cell else row.line

    def _enter(self, draft: _Draft) -> None:
        """Examine one entry made of its rows."""
        entry = _CsvEntry(draft, self.sink)
        fields = entry.fields(self.sink.options.schema)
        made = examine(draft.kind, fields, self.sink.options)
        kept = {k: v for k, v in fields.items() if v != "" or k.startswith("objectUrl")}
        payload = msgspec.json.encode(made.rewritten or kept)
        line = draft.rows[0][0].line
        self.sink.examined(
            made, entry.locate, line=line, payload=payload, places=entry.url_places()
        )

    def _finish(self) -> None:
        for draft in self.drafts.values():
            self._enter(draft)
        self.sink.format = "csv-encord" if self._encord else "csv"
        if self.rows > ROW_LIMIT:
            fault = Fault("csv-entry-limit", details={"rows": f"{self.rows:,}"})
            self.sink.collector.add(fault, None, always(Where()))


def _row_fault(row: Row, layout: Layout) -> Fault:
    if row.problem:
        return Fault("csv-syntax", (), row.text, {"problem": row.problem})
    details = {"found": len(row.cells), "expected": layout.width}
    return Fault("csv-row-width", (), row.text, details)


def _cell(row: Row, layout: Layout, role: str) -> str:
    place = layout.place_of(role)
    if place is None:
        return ""
    text = row.cells[place]
    return unneutralized(text) if layout.is_ours else text


@dataclass(slots=True)
class _CsvEntry:
    """One entry made of rows: its fields as JSON would give them, and their cells."""

    draft: _Draft
    sink: Sink

    def fields(self, schema: MetadataSchema | None) -> dict[str, object]:
        """Build the fields of the entry."""
        fields: dict[str, object] = {}
        composite = self.draft.kind.is_composite
        for number, (row, layout) in enumerate(self.draft.rows):
            for place, column in enumerate(layout.columns):
                text = row.cells[place]
                if layout.is_ours:
                    text = unneutralized(text)
                if column.role == csv_layout.URL:
                    fields[f"objectUrl_{number}" if composite else "objectUrl"] = text
                elif text:
                    _fill(fields, column, text, schema)
        self._name_group(fields)
        return fields

    def _name_group(self, fields: dict[str, object]) -> None:
        if not self.draft.kind.is_composite:
            return
        if "title" not in fields:
            row, layout = self.draft.rows[0]
            if group := _cell(row, layout, csv_layout.GROUP):
                fields["title"] = group
        if self.draft.kind is EntryType.IMAGE_SEQUENCE:
            fields["createVideo"] = True

    def url_places(self) -> list[tuple[int, int]]:
        """Return line and column of each URL."""
        return [row.place(layout.place_of(csv_layout.URL) or 0) for row, layout in self.draft.rows]

    def locate(self, fault: Fault) -> Where:
        """Find the cell a fault of this entry is about."""
        row, place = self._cell_of(fault.path)
        line, column = row.place(place) if place is not None else (row.line, 1)
        return Where(line=line, column=column, pointer=pointer(f"/{self.sink.index}", fault.path))

    def _cell_of(self, path: tuple[str | int, ...]) -> tuple[Row, int | None]:
        rows = self.draft.rows
        step = str(path[0]) if path else ""
        number = step.removeprefix("objectUrl_")
        row, layout = rows[int(number)] if number.isdigit() and step != number else rows[0]
        for place, column in enumerate(layout.columns):
            if _fills(column, step, path):
                return row, place
        return row, None


def _fills(column: Column, step: str, path: tuple[str | int, ...]) -> bool:
    if column.role == "metadata":
        return step == "clientMetadata" and len(path) > 1 and column.key == path[1]
    if column.role == "field":
        return column.key == step
    roles = {"title": csv_layout.TITLE, "createVideo": csv_layout.CREATE}
    role = csv_layout.URL if step.startswith("objectUrl") else roles.get(step)
    return column.role == role


def _fill(
    fields: dict[str, object], column: Column, text: str, schema: MetadataSchema | None
) -> None:
    """Put one cell where JSON has it; the first row of a group wins."""
    match column.role:
        case csv_layout.TITLE:
            fields.setdefault("title", text)
        case csv_layout.CREATE:
            fields.setdefault("createVideo", _flag(text))
        case "field":
            fields.setdefault(column.key, read_cell(text, is_json=True, declared=None))
        case "metadata":
            metadata = fields.setdefault("clientMetadata", {})
            declared = schema.get(column.key) if schema else None
            value = read_cell(text, is_json=column.is_json, declared=declared)
            if isinstance(metadata, dict):
                metadata.setdefault(column.key, value)


def _flag(text: str) -> object:
    return {"true": True, "false": False}.get(text.strip().lower(), text)


def read_csv(sink: Sink) -> None:
    """Read one CSV document."""
    CsvReader(sink).read()
