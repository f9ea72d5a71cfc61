"""A run's history: who did what, when."""

from typing import Final

from components.runtime import get_runtime
from components.tables import Column, PagedTable
from components.text import moment
from services.ledger.views import EventRow

TABLE: Final = PagedTable[EventRow](
    noun="event",
    alt="The run's history, newest first",
    columns=(
        Column("When", lambda row: moment(row.at), width=240),
        Column("Who", lambda row: row.actor, width=100),
        Column("What", lambda row: row.what, width=160),
        Column("Detail", lambda row: row.detail, width=440),
    ),
)


def show(run_id: str, *, key: str) -> None:
    """Draw the events, newest first."""
    ledger = get_runtime().ledger
    TABLE.show(
        lambda offset, limit: ledger.events(run_id, offset=offset, limit=limit),
        key=key,
        name="run_history_page",
    )
