"""The design under way: begun from what Encord answered, edited in a table, kept by the session."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from components import problems, session, watching
from components.runtime import get_runtime
from components.session import SchemaDesk
from services.domain.metadata import OrganisationSchema
from services.domain.schema.draft import Draft, DraftKey, KeyState, draft_of
from services.domain.schema.drift import KeyDrift, drift
from services.domain.schema.plan import Plan
from services.engine.connections import Connection
from services.engine.schemas import Snapshot
from services.ledger.snapshots import SchemaSnapshot

KEY, TYPE, OPTIONS, SIZE, STATE = "Key", "Type", "Options", "Size", "State"
PLACE: Final = "schema_page"
VIEW: Final = "schema_view"
DESIGN: Final = "Design"
#: Seconds a page waits for the schema; it comes in later all the same.
GLANCE: Final = 1.0


def current(connection: Connection) -> SchemaDesk | None:
    """Return the design of this session, begun now if there is none and Encord has answered."""
    desk = session.schema_desk()
    if desk and desk.connection == connection.id:
        return _kept(desk)
    schemas = get_runtime().schemas
    schemas.refresh(connection.id, patience=GLANCE)
    last = schemas.last(connection.id)
    if last is None:
        return None
    desk = SchemaDesk(
        connection=connection.id, base=last.whole, at=last.at, draft=draft_of(last.whole)
    )
    session.use_schema_desk(desk)
    return desk


def _kept(desk: SchemaDesk) -> SchemaDesk:
    """Put what was typed into the draft once the table has been out of sight and forgot it."""
    if desk.typed is None or session.value(editor(desk)) is not None:
        return desk
    take(desk, desk.typed)
    return session.schema_desk() or desk


def remember() -> None:
    """Remember what is typed into the table."""
    desk = session.schema_desk()
    if desk:
        session.use_schema_desk(replace(desk, typed=edited(desk)))


def waiting(connection: Connection) -> None:
    """Say that Encord has not answered yet, or why it did not."""
    schemas = get_runtime().schemas
    problem = schemas.problem(connection.id)
    if problem:
        problems.show(problem)
        st.button("Try again", key="schema_again", on_click=read_again, args=(connection,))
    else:
        watching.until(lambda: not schemas.is_reading(connection.id), _waiting)


def _waiting() -> None:
    st.skeleton(height=300)


def read_again(connection: Connection) -> None:
    """Forget the design and begin with what Encord answers now."""
    get_runtime().schemas.refresh(connection.id, patience=GLANCE, fresh=0.0)
    session.use_schema_desk(None)


def editor(desk: SchemaDesk) -> str:
    """Name the table's widget; another version is another table."""
    return f"schema_table_{desk.version}"


def edited(desk: SchemaDesk) -> Draft:
    """Return the draft with what was typed into the table since it was drawn."""
    return merged(desk.draft, session.value(editor(desk)) or {})


def take(desk: SchemaDesk, draft: Draft) -> None:
    """Go on with another draft; the table is drawn from it."""
    session.use_schema_desk(replace(desk, draft=draft, typed=None, version=desk.version + 1))


def restart(desk: SchemaDesk, base: OrganisationSchema, *, draft: Draft | None = None) -> None:
    """Go on from what is there now, with a draft if there is one."""
    session.use_schema_desk(
        replace(
            desk,
            base=base,
            at=datetime.now(UTC),
            draft=draft_of(base) if draft is None else draft,
            typed=None,
            version=desk.version + 1,
            snapshot=None,
        )
    )


def go_back(desk: SchemaDesk, snapshot: SchemaSnapshot | None) -> None:
    """Look at the way back to a snapshot, or at the draft again, under Design."""
    session.set_value(VIEW, DESIGN)
    session.use_schema_desk(
        replace(desk, draft=edited(desk), typed=None, version=desk.version + 1, snapshot=snapshot)
    )


def drift_of(desk: SchemaDesk, plan: Plan, last: Snapshot | None) -> tuple[KeyDrift, ...]:
    """Return what changed since the design began, as far as Encord was asked since."""
    if last is None or last.at <= desk.at:
        return ()
    return drift(plan, last.whole.answer)


def merged(draft: Draft, typed: Mapping[str, Any]) -> Draft:
    """Return a draft with the changes of a table: cells, rows added, rows removed."""
    cells: Mapping[int, Mapping[str, Any]] = {
        int(place): each for place, each in typed.get("edited_rows", {}).items()
    }
    removed = set(typed.get("deleted_rows", ()))
    kept = [
        _row(row, cells.get(place, {})) for place, row in enumerate(draft) if place not in removed
    ]
    blank = DraftKey(key="", type="")
    added = [_row(blank, each) for each in typed.get("added_rows", ()) if _is_written(each)]
    return (*kept, *added)


def _is_written(cells: Mapping[str, Any]) -> bool:
    """Whether a new row holds more than what the table put there."""
    return any(value for name, value in cells.items() if name != STATE)


def _row(row: DraftKey, cells: Mapping[str, Any]) -> DraftKey:
    options: Sequence[str] | None = cells.get(OPTIONS, row.options)
    return DraftKey(
        key=str(cells.get(KEY, row.key) or ""),
        type=str(cells.get(TYPE, row.type) or ""),
        options=tuple(str(each).strip() for each in options or () if str(each).strip()),
        size=str(cells.get(SIZE, row.size) or ""),
        state=KeyState(cells.get(STATE) or row.state),
    )
