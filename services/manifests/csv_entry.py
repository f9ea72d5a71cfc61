"""One entry made of CSV rows: its examination, and where its cells stand."""

from dataclasses import dataclass, field

import msgspec

from services.manifests import carried, csv_clashes, csv_layout, csv_unsaid
from services.manifests.collector import Where, pointer
from services.manifests.columns import Row as EntryColumns
from services.manifests.csv_cells import Row
from services.manifests.csv_fields import Draft, Spot, kept_fields, spot_that_counts, spots_of
from services.manifests.entry_check import examine
from services.manifests.faults import Fault
from services.manifests.sink import Sink
from services.manifests.url_check import frame_keys


@dataclass(slots=True)
class CsvEntry:
    """One entry made of rows: its fields as JSON would give them, and their cells."""

    draft: Draft
    sink: Sink
    index: int
    _frames: list[str] = field(default_factory=list)
    #: Where faults stand that are about one cell of some that say the same field, by identity.
    _spots: dict[int, Spot] = field(default_factory=dict)

    def judge(self) -> EntryColumns:
        """Examine the entry and count it; returns its row."""
        meant = carried.meant(self.draft, self.sink.options.schema)
        self._frames = frame_keys(meant.fields) if self.draft.kind.is_composite else []
        made = examine(self.draft.kind, meant.fields, self.sink.options)
        clashes = csv_clashes.clashes(self.draft, self.sink.options.schema)
        faults = [*meant.faults, *made.faults]
        for clash in clashes:
            faults.append(csv_clashes.fault_of(self.draft, clash))
            self._spots[id(faults[-1])] = clash.at
        row = self.sink.judge(self.index, made, faults, self.locate, places=self.url_places())
        first = self.draft.rows[0][0]
        fields = meant.fields if meant.text is not None else kept_fields(meant.fields)
        kept = made.rewritten or fields
        is_text = meant.text is not None and not row.valid
        payload = (meant.text or "").encode() if is_text else msgspec.json.encode(kept)
        if not row.valid:
            schema = self.sink.options.schema
            beside = csv_unsaid.cells_beside(self.draft, clashes, schema)
            payload = csv_unsaid.put_before(payload, beside)
        return row._replace(
            start=first.start, length=first.length, line=first.line, payload=payload
        )

    def url_places(self) -> list[tuple[int, int]]:
        """Return line and column of each URL."""
        return [row.place(layout.place_of(csv_layout.URL) or 0) for row, layout in self.draft.rows]

    def locate(self, fault: Fault) -> Where:
        """Find the cell a fault of this entry is about."""
        row, place = self._cell_of(fault)
        line, column = row.place(place) if place is not None else (row.line, 1)
        return Where(line=line, column=column, pointer=pointer(f"/{self.index}", fault.path))

    def _cell_of(self, fault: Fault) -> tuple[Row, int | None]:
        rows, path = self.draft.rows, fault.path
        if known := self._spots.get(id(fault)):
            return rows[known[0]][0], known[1]
        step = path[0] if path else None
        frame = self._frames.index(step) if step in self._frames[: len(rows)] else None
        spots = spots_of([layout for _, layout in rows], path, frame)
        spot = spot_that_counts(spots, lambda at: rows[at[0]][0].cells[at[1]])
        return (rows[frame or 0][0], None) if spot is None else (rows[spot[0]][0], spot[1])
