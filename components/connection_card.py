"""Who and what answered: the connection in use, its check and its integrations."""

import pandas as pd
import streamlit as st

from components import focus, layout, session
from components.runtime import get_runtime
from components.tables import GRID
from components.text import code, moment
from services.encord_api.interface import Integration
from services.engine.connections import Check, Connection


def show(connection: Connection, *, key: str) -> None:
    """Draw the connection and the result of its last check; check once if there is none."""
    connections = get_runtime().connections
    check = connections.last_check(connection.id)
    if check is None:
        with st.spinner("Asking Encord who answers"):
            check = connections.check(connection.id)
    with layout.card_box("Connected to", key=key):
        _verdict(check)
        layout.facts(
            {
                "Place": connection.label,
                "Address": connection.domain,
                "Account": connection.account,
                "Last asked": f"{moment(check.at)}, answered in {check.milliseconds:,} ms",
            }
        )
        with st.container(horizontal=True):
            st.button(
                "Check again",
                key=f"{key}_check",
                icon=":material/refresh:",
                on_click=_check_again,
                args=(connection.id,),
            )
            if connection.kind == "session":
                st.button(
                    "Forget this key",
                    key=f"{key}_forget",
                    icon=":material/key_off:",
                    on_click=_forget,
                    args=(connection.id,),
                )


def _verdict(check: Check) -> None:
    if check.ok:
        st.success("Encord accepted the key.", title=check.title, icon=":material/check_circle:")
    else:
        # A place of its own: the focus goes to what stands beside the script.
        with st.container(gap=None):
            layout.error(
                check.title, code(check.remedy), reference=check.reference, symptom=check.symptom
            )
            focus.bring(int(check.at.timestamp() * 1_000_000))


def _check_again(connection: str) -> None:
    get_runtime().connections.check(connection)


def _forget(connection: str) -> None:
    get_runtime().connections.forget(connection, by=session.actor())
    session.revoke(connection)


def integrations(connection: Connection, *, key: str) -> None:
    """Draw the integrations this account may use."""
    check = get_runtime().connections.last_check(connection.id)
    with layout.card_box("Integrations", key=key, word="integration"):
        if check is None or not check.ok:
            st.caption("Not known: Encord did not answer the last check.")
            return
        if not check.integrations:
            st.caption("None yet. Create one in Encord under Integrations, then check again.")
            return
        proven = _last_proven(connection)
        st.dataframe(
            pd.DataFrame(
                {
                    "Title": [each.title for each in check.integrations],
                    "Last proven": [proven.get(each.id, "never") for each in check.integrations],
                    "Id": [each.id for each in check.integrations],
                }
            ),
            alt="Integrations this account may use",
            key=f"{key}_table",
            **GRID,
        )


def _last_proven(connection: Connection) -> dict[str, str]:
    """Say of each integration when it last delivered, and from which bucket."""
    proofs = get_runtime().buckets.records.proofs(connection.id)
    return {each.integration: f"{moment(each.at)}, {each.bucket}" for each in reversed(proofs)}


def known_integrations(connection: Connection) -> tuple[Integration, ...]:
    """Return the integrations of the last check; ask once if there was none."""
    connections = get_runtime().connections
    check = connections.last_check(connection.id) or connections.check(connection.id)
    return check.integrations
