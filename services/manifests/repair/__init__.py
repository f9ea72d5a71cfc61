"""Mend a manifest: fixes by code, edits by row, find and replace, columns of foreign CSVs.

Every operation writes a new manifest, named by its bytes like an upload, with its lineage beside
it; undo is going back to the parent. Documents are streamed and keep their format.
"""

from services.manifests.repair.actions import Change, Preview
from services.manifests.repair.fixes import fixes_for
from services.manifests.repair.jobs import KnownOrder, RepairJobs
from services.manifests.repair.lineage import Step, file_name, lineage, parent_of
from services.manifests.repair.mending import apply, preview
from services.manifests.repair.orders import (
    EditOrder,
    FixOrder,
    HoldOrder,
    MapOrder,
    MeasureOrder,
    Order,
    ReadOrder,
    ReplaceOrder,
    RowsOrder,
    WriteOrder,
)
from services.manifests.repair.replacing import Kind, Replacement, preview_urls, replace_urls
from services.manifests.repair.rows import EditableRow, edit, failing_rows

__all__ = [
    "Change",
    "EditOrder",
    "EditableRow",
    "FixOrder",
    "HoldOrder",
    "Kind",
    "KnownOrder",
    "MapOrder",
    "MeasureOrder",
    "Order",
    "Preview",
    "ReadOrder",
    "RepairJobs",
    "ReplaceOrder",
    "Replacement",
    "RowsOrder",
    "Step",
    "WriteOrder",
    "apply",
    "edit",
    "failing_rows",
    "file_name",
    "fixes_for",
    "lineage",
    "parent_of",
    "preview",
    "preview_urls",
    "replace_urls",
]
