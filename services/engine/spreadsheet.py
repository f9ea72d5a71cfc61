"""CSV for people: quoted throughout, with no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable

from services.manifests.csv_values import neutralized


def csv_bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """Write rows; None is an empty cell, text is made harmless (`neutralized` says how)."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows(
        [neutralized(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return text.getvalue().encode()
