"""What can be asked about a manifest, as data: the same order is the same work, in any process."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from services.domain.paging import Page
from services.domain.rules import Fix
from services.domain.schema.readings import Readings
from services.domain.statistics import Statistics
from services.jobs import Progress
from services.manifests import mapping_apply
from services.manifests.checked import CheckedManifest
from services.manifests.mapping import ColumnMapping
from services.manifests.options import CheckOptions
from services.manifests.readings import read_values
from services.manifests.repair import mending, replacing, rows
from services.manifests.repair.actions import Preview
from services.manifests.repair.replacing import Replacement
from services.manifests.repair.rows import EditableRow
from services.manifests.statistics import measure
from services.manifests.store import ManifestStore
from services.manifests.writing import Form, ending_of, write

#: The file that a `HoldOrder` makes in its job's folder.
HELD: Final = "held.csv"

#: What an order is answered with: the fingerprint of a new manifest, what would change, rows to
#: edit, figures, what values read as, or how many entries there are.
Answer = str | Preview | Page[EditableRow] | Statistics | Readings | int


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order is carried out."""

    store: ManifestStore
    fingerprint: str
    #: The job's folder.
    folder: Path
    progress: Progress

    def checked(self, options: CheckOptions) -> CheckedManifest:
        """Open the check that an order is about."""
        return self.store.check(self.fingerprint, options)


class _Order(msgspec.Struct, frozen=True, kw_only=True, tag_field="work"):
    #: The check the order is about, as `CheckOptions.to_json` writes it.
    options: str

    @property
    def asked(self) -> CheckOptions:
        """The check the order is about."""
        return CheckOptions.from_json(self.options)

    @property
    def makes_manifest(self) -> bool:
        """Whether the answer is a new manifest rather than a look at this one."""
        return False

    @property
    def name(self) -> str:
        """Name the order: the same for the same order, in any process."""
        return hashlib.sha256(self.written().encode()).hexdigest()[:24]

    def written(self) -> str:
        """Write what `read_order` reads."""
        return msgspec.json.encode(self).decode()


class CheckOrder(_Order, frozen=True, kw_only=True, tag="check"):
    """Check the manifest."""

    def carry_out(self, at: Place) -> int:
        """Return how many entries there are."""
        return at.store.check(at.fingerprint, self.asked, progress=at.progress).summary.entries


class FixOrder(_Order, frozen=True, kw_only=True, tag="fix"):
    """Fix all findings of a code, or only show what that would change."""

    code: str
    fix: Fix
    preview: bool = False

    @property
    def makes_manifest(self) -> bool:
        """Not when it only looks."""
        return not self.preview

    def carry_out(self, at: Place) -> str | Preview:
        """Return the new manifest, or what would change."""
        if self.preview:
            return mending.preview(
                at.checked(self.asked), self.code, self.fix, progress=at.progress
            )
        return mending.apply(
            at.store, at.fingerprint, self.asked, self.code, self.fix, progress=at.progress
        )


class ReplaceOrder(_Order, frozen=True, kw_only=True, tag="replace"):
    """Replace in all URLs, or only show what that would change."""

    replacement: Replacement
    preview: bool = False

    @property
    def makes_manifest(self) -> bool:
        """Not when it only looks."""
        return not self.preview

    def carry_out(self, at: Place) -> str | Preview:
        """Return the new manifest, or what would change."""
        if self.preview:
            checked = at.checked(self.asked)
            return replacing.preview_urls(checked, self.replacement, progress=at.progress)
        return replacing.replace_urls(
            at.store, at.fingerprint, self.replacement, self.asked, progress=at.progress
        )


class EditOrder(_Order, frozen=True, kw_only=True, tag="edit"):
    """Write edited rows."""

    #: Entry index to the fields that change; None removes a field.
    edits: dict[int, dict[str, str | None]]

    @property
    def makes_manifest(self) -> bool:
        """Always."""
        return True

    def carry_out(self, at: Place) -> str:
        """Return the new manifest."""
        return rows.edit(at.store, at.fingerprint, self.edits, self.asked, progress=at.progress)


class MapOrder(_Order, frozen=True, kw_only=True, tag="map"):
    """Write a foreign CSV in our columns."""

    #: As `ColumnMapping.to_json` writes it.
    mapping: str

    @property
    def makes_manifest(self) -> bool:
        """Always."""
        return True

    def carry_out(self, at: Place) -> str:
        """Return the new manifest."""
        mapping = ColumnMapping.from_json(self.mapping)
        return mapping_apply.apply(
            at.store, at.fingerprint, mapping, self.asked, progress=at.progress
        )


class RowsOrder(_Order, frozen=True, kw_only=True, tag="rows"):
    """Read one page of the entries to edit."""

    #: None for all that are held back.
    code: str | None
    offset: int
    limit: int

    def carry_out(self, at: Place) -> Page[EditableRow]:
        """Return the page."""
        return rows.failing_rows(at.checked(self.asked), self.code, self.offset, self.limit)


class HoldOrder(_Order, frozen=True, kw_only=True, tag="hold"):
    """Write the entries that are held back as a file, `HELD`."""

    def carry_out(self, at: Place) -> int:
        """Return how many there are."""
        return at.checked(self.asked).write_held(at.folder / HELD, progress=at.progress)


class WriteOrder(_Order, frozen=True, kw_only=True, tag="write"):
    """Write the entries that are ready in another format, as a file of this `file_name`."""

    form: Form

    @property
    def file_name(self) -> str:
        """Where the file is, in the job's folder."""
        return f"written{ending_of(self.form)}"

    def carry_out(self, at: Place) -> int:
        """Return how many there are."""
        checked = at.checked(self.asked)
        ready = checked.valid_indexes()
        write(checked.source, ready, at.folder / self.file_name, self.form)
        return len(ready)


class MeasureOrder(_Order, frozen=True, kw_only=True, tag="measure-1"):
    """Count what the entries hold. Whoever changes `Statistics` raises the number of the tag."""

    def carry_out(self, at: Place) -> Statistics:
        """Return the figures."""
        return measure(at.checked(self.asked), progress=at.progress)


class ReadOrder(_Order, frozen=True, kw_only=True, tag="read-1"):
    """Read what values could be. Whoever changes `Readings` raises the number of the tag."""

    def carry_out(self, at: Place) -> Readings:
        """Return the counts that a schema is proposed from."""
        return read_values(at.checked(self.asked), progress=at.progress)


Order = (
    CheckOrder
    | FixOrder
    | ReplaceOrder
    | EditOrder
    | MapOrder
    | RowsOrder
    | HoldOrder
    | MeasureOrder
    | WriteOrder
    | ReadOrder
)

_DECODER: Final[msgspec.json.Decoder[Order]] = msgspec.json.Decoder(Order)


def read_order(text: str) -> Order:
    """Read what `written` wrote."""
    return _DECODER.decode(text)


def carry_out(order: Order, at: Place) -> bytes:
    """Do what an order asks for; returns the answer as JSON."""
    return msgspec.json.encode(order.carry_out(at))
