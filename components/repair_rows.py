"""Edit only the entries that need it, one page of rows at a time, in a table."""

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from components import by_script, layout, mending, session
from components.text import count, number
from services.domain.paging import Page
from services.domain.rules import RULES
from services.domain.scripts import manifests as scripts
from services.domain.scripts.script import Script
from services.domain.urls import without_signature
from services.manifests.checked import CheckedManifest
from services.manifests.repair import EditableRow, EditOrder, RowsOrder

#: Entry to the fields that change.
Edits = dict[int, dict[str, str | None]]

ROWS: Final = 25
#: Names the page in the address; a number of so many digits is no page.
PAGE, LONGEST = "edit_page", 7
HELD: Final = "Everything that is held back"
LINE, REASON = "Line", "What is wrong"


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw the choice of a code, one page of its entries to edit, and the button that saves."""
    layout.section("Entries to fix", "Change cells, then save: the result is a new manifest")
    about_entries = [code for code in checked.summary.counts if code in RULES]
    chosen = st.selectbox(
        "Found",
        [HELD, *about_entries],
        key="edit_code",
        bind="query-params",
        width=300,
        on_change=session.set_value,
        args=(PAGE, 1),
    )
    code = None if chosen == HELD else chosen
    # A place of their own: what stands below would be drawn anew, and an open list would close,
    # when the rows arrive.
    with st.container():
        _rows(checked, code, key=key)


def _rows(checked: CheckedManifest, code: str | None, *, key: str) -> None:
    known = _asked()
    page = _look(checked, code, known, key=key)
    if page and page.total and not page.rows:
        known = -(-page.total // ROWS)
        page = _look(checked, code, known, key=f"{key}_last")
    if page is None:
        return
    if page.total:
        _table(checked, page, known, key=f"{key}_{checked.summary.fingerprint[:8]}_{code}_{known}")
    else:
        st.caption("No entry to show. Findings about the file itself are mended in the file.")


def _asked() -> int:
    """Return the page that is asked for, by the address before there is a field."""
    asked = str(session.value(PAGE) or st.query_params.get(PAGE, ""))
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < LONGEST else 1


def _look(
    checked: CheckedManifest, code: str | None, page: int, *, key: str
) -> Page[EditableRow] | None:
    order = RowsOrder(
        options=checked.options.to_json(), code=code, offset=(page - 1) * ROWS, limit=ROWS
    )
    fingerprint = checked.summary.fingerprint
    return mending.look(fingerprint, order, Page[EditableRow], key=f"{key}_rows")


def _table(checked: CheckedManifest, page: Page[EditableRow], known: int, *, key: str) -> None:
    start = (known - 1) * ROWS
    st.caption(
        f"{number(start + 1)} to {number(start + len(page.rows))} of {count(page.total, 'entry')}"
    )
    names = list(dict.fromkeys(name for row in page.rows for name in row.fields))
    st.data_editor(
        pd.DataFrame([_cells(row, names) for row in page.rows], columns=[LINE, REASON, *names]),
        hide_index=True,
        num_rows="fixed",
        # A table that reruns the page waits a moment first, and a click on save is faster: the
        # last edit would be lost. One that does not sends what it has with the click.
        on_change="ignore",
        disabled=[LINE, REASON],
        column_config={
            LINE: st.column_config.NumberColumn(format="localized", width=60),
            REASON: st.column_config.TextColumn(width=300),
        },
        key=key,
        alt="Entries to fix; cells can be edited",
    )
    pages = -(-page.total // ROWS)
    if pages > 1:
        st.caption("Save before you go to other rows: each save is a new manifest.")
        st.pagination(pages, key=PAGE, bind="query-params")
    st.button(
        "Save as a new manifest",
        key=f"{key}_save",
        type="secondary" if checked.summary.valid_entries else "primary",
        icon=":material/save:",
        on_click=_save,
        args=(checked, page.rows, names, key),
    )
    script = _script(checked, _edits(page.rows, names, key))
    by_script.show_edits(script, key=f"{key}_script", manifest=checked.summary.fingerprint)


def _script(checked: CheckedManifest, edits: Edits) -> Script | None:
    """Return how to save by script what was changed; no script holds the signature of a URL."""
    typed = [text for cells in edits.values() for text in cells.values() if text]
    if not edits or any(without_signature(text) != text for text in typed):
        return None
    file, target = mending.files(checked)
    return scripts.edit(file, checked.options.to_json(), target, edits)


def _cells(row: EditableRow, names: list[str]) -> dict[str, object]:
    reasons = " ".join(dict.fromkeys(_reasons(row)))
    texts = {name: row.fields.get(name) for name in names}
    return {LINE: row.line, REASON: reasons, **texts}


def _reasons(row: EditableRow) -> Iterator[str]:
    """Yield what is wrong with an entry; where no finding was kept, the heading of its code."""
    yield from (finding.message for finding in row.findings)
    kept = {finding.code for finding in row.findings}
    yield from (f"{RULES[code].title}." for code in row.codes if code not in kept)


def _save(
    checked: CheckedManifest, rows: Sequence[EditableRow], names: list[str], key: str
) -> None:
    edits = _edits(rows, names, key)
    if not edits:
        session.notify(
            "manifest",
            session.Notice(title="No cell was changed", body="Change a cell, then save."),
        )
        return
    order = EditOrder(options=checked.options.to_json(), edits=edits)
    mending.start(checked.summary.fingerprint, order)


def _edits(rows: Sequence[EditableRow], names: list[str], key: str) -> Edits:
    """Return what the table says was changed, which a callback has to ask for itself."""
    edited = (session.value(key) or {}).get("edited_rows", {})
    return {
        rows[int(place)].index: {name: text for name, text in cells.items() if name in names}
        for place, cells in edited.items()
    }
