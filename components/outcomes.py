"""What became of every entry of a run, as a table with a filter, and its download."""

from typing import Final

import streamlit as st

from components import glossary, retries, search_field, session, status, watching
from components.retries import Narrowed
from components.runtime import get_runtime
from components.tables import Column, PagedTable, status_column
from components.text import count
from services.domain.outcomes import BY_CODE, Outcome
from services.ledger.views import OutcomeRow, RunView

NOTHING: Final = "Outcomes appear here once Encord has answered."
ANY: Final = "Any outcome"
ANY_CAUSE: Final = "Any cause"
FIND, OUTCOME, CAUSE = "run_find", "run_outcome", "run_cause"
CAUSES: Final = {cause.title: code for code, cause in BY_CODE.items()}
WORDS: Final = {look.word: outcome for outcome, look in status.OUTCOMES.items()}

TABLE: Final = PagedTable[OutcomeRow](
    noun="entry",
    alt="What became of each entry",
    columns=(
        Column("Entry", lambda row: row.entry + 1, width=65),
        Column(
            "Outcome",
            lambda row: [status.OUTCOMES[row.outcome].word],
            status_column("Outcome", status.OUTCOMES),
        ),
        Column("Object URL", lambda row: row.url, width=330, word="object URL"),
        Column("Title", lambda row: row.title or "", width=150),
        Column("Cause", lambda row: BY_CODE[row.cause].title if row.cause else "", width=230),
        Column("Message", lambda row: row.message, width=260),
        Column("Item", lambda row: row.item_uuid or "", width=150, word="folder, item"),
    ),
)


def show(run: RunView, *, key: str) -> None:
    """Draw the filter, the table and the download."""
    runtime = get_runtime()
    total = runtime.ledger.outcomes(run.id, limit=1).total
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search_field.ask(key=FIND, placeholder="URL, title or message")
        chosen = st.selectbox(
            "Outcome",
            [ANY, *WORDS],
            key=OUTCOME,
            bind="query-params",
            width=200,
            help=glossary.meaning("outcome"),
        )
        st.selectbox("Cause", [ANY_CAUSE, *CAUSES], key=CAUSE, bind="query-params", width=230)
        st.download_button(
            f"Download {count(total, 'row')}",
            lambda: b"".join(runtime.reports.csv(run.id)),
            file_name=f"outcomes-{run.id}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=not total,
            key=f"{key}_download",
        )
    if status.is_active(run) and not total:
        _await_first(run, key=f"{key}_first")
    else:
        _rows(run, WORDS.get(chosen), key=f"{key}_table")


def _await_first(run: RunView, *, key: str) -> None:
    """Say that there is no outcome yet, until there is one."""
    ledger = get_runtime().ledger

    def is_one() -> bool:
        # With the end of a run its progress draws the page anew, and tells of it.
        view = ledger.run(run.id) if ledger.outcomes(run.id, limit=1).total else None
        return view is not None and status.is_active(view)

    watching.until(is_one, lambda: st.caption(NOTHING), key=key)


def _narrowed() -> Narrowed:
    """Return what the fields say now, which a callback has to ask for itself: see `session`."""
    return Narrowed(CAUSES.get(session.value(CAUSE)), search_field.text(FIND))


def _rows(run: RunView, outcome: Outcome | None, *, key: str) -> None:
    ledger, (cause, search) = get_runtime().ledger, _narrowed()
    retrying = bool(run.still_failed) and not status.is_active(run)
    show_rows = TABLE.choose if retrying else TABLE.show
    ticked = show_rows(
        lambda offset, limit: ledger.outcomes(
            run.id, outcome=outcome, cause=cause, search=search, offset=offset, limit=limit
        ),
        key=key,
        name="run_page",
        nothing=NOTHING,
        filters={FIND: "", OUTCOME: ANY, CAUSE: ANY_CAUSE},
    )
    if retrying:
        retries.offer(run, ticked, narrowed=_narrowed, key=key)
