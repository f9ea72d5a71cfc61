"""Which metadata schema a manifest was checked against, news of it, and the choice of another."""

from typing import Final

import streamlit as st

from components import connection, layout, manifests, session, watching
from components.runtime import get_runtime
from components.text import code, count, moment
from services.domain.metadata import SchemaProblem, parse_schema, unreadable
from services.engine.connections import Connection
from services.engine.schemas import Change
from services.manifests.basis import Basis, Source

#: Seconds a page waits for news of the schema; later news come by themselves.
GLANCE: Final = 0.1
PLACE: Final = "schema"
LIMIT_MB: Final = 5
NAMED: Final = 5


def look() -> None:
    """Ask for the connection's schema aside, so that it is known when a manifest needs it."""
    current = connection.current()
    if current:
        get_runtime().schemas.refresh(current.id, patience=GLANCE)


def show(fingerprint: str, *, key: str) -> None:
    """Draw what the manifest was checked against, and what can be done about it."""
    current, basis = connection.current(), manifests.basis(fingerprint)
    with st.container(border=True, key=key, gap="small"):
        st.markdown(f":material/schema: {sentence(basis)}")
        layout.notice(PLACE)
        if current and basis.source is Source.CONNECTION:
            _news(fingerprint, current, basis, key=key)
        elif current:
            _use_button(fingerprint, current, key=key)
        with st.expander("Check against another schema", type="compact"):
            _choices(fingerprint, basis, key=key)


def sentence(basis: Basis) -> str:
    """Say in words what metadata was compared with."""
    if basis.source is Source.NONE:
        return "Checked without a metadata schema: keys and values were compared with nothing."
    if basis.schema is None or basis.at is None:
        return (
            f"Checked without a metadata schema: {code(basis.name)} had not answered when the "
            "check began."
        )
    read = f"read {moment(basis.at)}"
    if not basis.schema:
        return f"{code(basis.name)} declares no metadata keys, {read}: there is nothing to compare."
    whose = "the schema of" if basis.source is Source.CONNECTION else "the schema in"
    said = f"Checked against {whose} {code(basis.name)}, {count(len(basis.schema), 'key')}, {read}."
    unknown = unreadable(basis.schema)
    return f"{said} {_unreadable(unknown)}" if unknown else said


def _unreadable(keys: tuple[str, ...]) -> str:
    return f"{_named(keys)}: declared in a way this dashboard does not know; any value passes."


def _news(fingerprint: str, current: Connection, basis: Basis, *, key: str) -> None:
    """Say what is known by now: an answer that came late, a change, or why there is none."""
    schemas = get_runtime().schemas
    last, change = schemas.last(current.id), schemas.change(basis, current.id)
    problem = schemas.problem(current.id)
    if schemas.is_reading(current.id):
        watching.until(
            lambda: not schemas.is_reading(current.id),
            lambda: st.caption("Asking Encord for the schema. You need not wait."),
            key=f"{key}_reading",
        )
    elif last and basis.at is None:
        st.info(f"Encord has answered: {count(len(last.schema), 'key')}.", icon=":material/info:")
        _use_button(fingerprint, current, key=key)
    elif change:
        st.warning(
            f"{_about(change)} What is shown here is the check against the older one.",
            title="The schema has changed since",
            icon=":material/sync_problem:",
        )
        _use_button(fingerprint, current, key=key)
    if problem:
        st.caption(
            f"The schema could not be read just now: {code(problem.title)}. {code(problem.remedy)}"
        )
        st.button(
            "Read the schema again",
            key=f"{key}_again",
            icon=":material/refresh:",
            on_click=_read_again,
            args=(current.id,),
        )


def _read_again(connection_id: str) -> None:
    get_runtime().schemas.refresh(connection_id, fresh=0.0)


def _about(change: Change) -> str:
    parts = (("Added", change.added), ("gone", change.removed), ("different", change.changed))
    said = "; ".join(f"{word}: {_named(keys)}" for word, keys in parts if keys)
    return f"{said[0].upper()}{said[1:]}."


def _named(keys: tuple[str, ...]) -> str:
    rest = f" and {len(keys) - NAMED:,} more" if len(keys) > NAMED else ""
    return ", ".join(map(code, keys[:NAMED])) + rest


def _choices(fingerprint: str, basis: Basis, *, key: str) -> None:
    widget = f"{key}_{session.nonce(key)}"
    st.file_uploader(
        "Schema file",
        type=["json"],
        key=widget,
        max_upload_size=LIMIT_MB,
        on_change=_use_file,
        args=(fingerprint, key, widget),
        help='JSON: keys and types, such as {"site": "text"}, or what the SDK prints',
    )
    if basis.source is not Source.NONE:
        st.button(
            "Check without a schema",
            key=f"{key}_none",
            icon=":material/block:",
            on_click=_use_none,
            args=(fingerprint,),
        )


def _use_button(fingerprint: str, current: Connection, *, key: str) -> None:
    st.button(
        f"Check against the schema of {current.label}",
        key=f"{key}_use",
        icon=":material/schema:",
        on_click=_use_connection,
        args=(fingerprint, current),
    )


def _use_connection(fingerprint: str, current: Connection) -> None:
    get_runtime().schemas.use_connection(fingerprint, current)
    _start(fingerprint)


def _use_none(fingerprint: str) -> None:
    get_runtime().schemas.use_none(fingerprint, connection.current())
    _start(fingerprint)


def _use_file(fingerprint: str, key: str, widget: str) -> None:
    upload = session.value(widget)
    if upload is None:
        return
    session.renew_nonce(key)
    try:
        schema = parse_schema(upload.getvalue())
    except SchemaProblem as problem:
        title = "This schema file cannot be used"
        session.notify(PLACE, session.Notice(title=title, body=code(problem)))
        return
    get_runtime().schemas.use_file(fingerprint, connection.current(), upload.name, schema)
    _start(fingerprint)


def _start(fingerprint: str) -> None:
    session.clear_notice(PLACE)
    manifests.start(fingerprint)
