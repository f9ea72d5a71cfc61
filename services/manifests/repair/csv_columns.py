"""Fixes that are about the columns of a CSV: a header is renamed, or a column taken out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from services.domain.nearest import nearest
from services.domain.rules import Fix
from services.manifests import csv_layout
from services.manifests.csv_cells import Row
from services.manifests.csv_layout import Column, Layout
from services.manifests.repair.actions import Change
from services.manifests.repair.csv_source import CsvSource, is_header
from services.manifests.repair.csv_subject import CsvSubject, written
from services.manifests.repair.fixes import is_better
from services.manifests.repair.notes import Notes
from services.manifests.repair.opened import Opened


@dataclass(slots=True)
class Columns:
    """One fix of columns: what each header becomes."""

    opened: Opened
    fix: Fix
    notes: Notes
    #: Metadata keys and the declared key that is meant by each.
    keys: dict[str, str] = field(default_factory=dict)

    def rewritten(self) -> Iterator[bytes]:
        """Yield the document with its columns mended."""
        source = CsvSource(self.opened)
        none = self.opened.none()
        return source.rewritten(none, lambda _: None, self.notes, self._reshaped)

    def learn_keys(self, code: str) -> None:
        """Find the declared keys meant by undeclared ones, where all values fit them."""
        refused: set[str] = set()
        for subject in CsvSource(self.opened).subjects(self.opened.mask(code)):
            assert isinstance(subject, CsvSubject)
            for fault in subject.faults(self.opened.options):
                if fault.code == code:
                    self._try_key(subject, str(fault.path[-1]), code, refused)
        for key in refused:
            self.keys.pop(key, None)

    def _try_key(self, subject: CsvSubject, key: str, code: str, refused: set[str]) -> None:
        name = nearest(key, self.opened.options.schema or {})
        if name is None or key in refused:
            return
        after = with_key(subject, key, name)
        taken = subject.value(("clientMetadata", name)) is not None
        options = self.opened.options
        if taken or not is_better(code, subject.faults(options), after.faults(options)):
            refused.add(key)
        else:
            self.keys[key] = name

    def _reshaped(self, row: Row, layout: Layout) -> str:
        headers = self._headers(layout)
        before = [column.header for column in layout.columns]
        if headers == before:
            return row.text
        header_row = is_header(row)
        if header_row:
            self._note(row, before, headers)
        is_same = not header_row and None not in headers
        if is_same or row.problem:
            return row.text
        if len(row.cells) != layout.width:
            # With fewer columns it would be as wide as they are, and its cells under wrong ones.
            fits_now = len(row.cells) == len(headers) - headers.count(None)
            return row.text + row.delimiter if fits_now else row.text
        pairs = zip(headers if header_row else row.cells, headers, strict=True)
        return written([cell or "" for cell, header in pairs if header is not None], row)

    def _headers(self, layout: Layout) -> list[str | None]:
        """Return the headers afterwards; None takes a column out."""
        headers: list[str | None] = [column.header for column in layout.columns]
        taken = {(column.role, column.key) for column in layout.columns if column.role}
        for place, column in enumerate(layout.columns):
            guess = self._guess(column)
            found = csv_layout.read_layout([guess]).columns[0] if guess else column
            if guess and (found.role, found.key) not in taken:
                taken.add((found.role, found.key))
                headers[place] = guess
            elif self.fix is Fix.REMOVE_KEY and not column.role:
                headers[place] = None
        # A file with one column is a list of videos: something else than before.
        left = [header for header in headers if header is not None]
        return headers if len(left) > 1 else [column.header for column in layout.columns]

    def _guess(self, column: Column) -> str | None:
        """Return the header that is meant by one."""
        if column.role == csv_layout.METADATA and column.key in self.keys:
            suffix = csv_layout.JSON_SUFFIX if column.is_json else ""
            return f"{csv_layout.KEY_PREFIX}{self.keys[column.key]}{suffix}"
        if column.role or self.keys or self.fix is Fix.REMOVE_KEY:
            return None
        # A column of metadata needs its key, which cannot be guessed.
        return nearest(column.header, csv_layout.COLUMNS)

    def _note(self, row: Row, before: Sequence[str], after: Sequence[str | None]) -> None:
        changes = [
            Change(entry=None, line=None, field=old, before=old, after=new)
            for old, new in zip(before, after, strict=True)
            if old != new
        ]
        self.notes.add(changes, lambda: row.line)


def with_key(subject: CsvSubject, key: str, name: str) -> CsvSubject:
    """Return an entry as it is when a metadata column has another key."""
    lines = tuple(
        replace(line, layout=replace(line.layout, columns=_renamed(line.layout, key, name)))
        for line in subject.lines
    )
    return replace(subject, lines=lines)


def _renamed(layout: Layout, key: str, name: str) -> list[Column]:
    return [
        replace(each, key=name) if each.role == csv_layout.METADATA and each.key == key else each
        for each in layout.columns
    ]
