"""From where Encord's pages open objects: what a bucket's CORS rules have to allow."""

from typing import Final

import streamlit as st

from components import connection, session
from components.runtime import get_runtime
from services.domain import cors

OWN: Final = "Own"
CHOICE, FIELD = "encord_pages", "own_origin"
_US: Final = ".us.encord.com"


def show() -> None:
    """Draw the choice of Encord's region, or of an origin of one's own."""
    regions = [*cors.ORIGINS, OWN]
    st.radio(
        "Encord's pages",
        regions,
        index=_default(),
        key=CHOICE,
        bind="query-params",
        horizontal=True,
    )
    if _chosen() == OWN:
        st.text_input("Origin", key=FIELD, placeholder="https://app.encord.example.com")
        if _typed() and not cors.is_origin(_typed()):
            st.warning(
                "Write scheme and host in lower case and nothing after them, e.g. "
                "`https://app.encord.example.com`; a port only if it is not the usual one.",
                title="Not an origin",
            )
    st.text(", ".join(origins()) or "No origin is named yet.")


def origins() -> tuple[str, ...]:
    """Return the origins in question; none while an own one is asked for and not given."""
    chosen = _chosen()
    if chosen != OWN:
        return cors.ORIGINS[chosen]
    if cors.is_origin(_typed()):
        return (_typed(),)
    return get_runtime().settings.encord_origins


def app_origin() -> str:
    """Return the origin of the page on which people work."""
    known = origins() or cors.ORIGINS["EU"]
    return known[0]


def _chosen() -> str:
    return str(session.value(CHOICE) or [*cors.ORIGINS, OWN][_default()])


def _typed() -> str:
    return session.typed(FIELD)


def _default() -> int:
    current = connection.current()
    if get_runtime().settings.encord_origins:
        return len(cors.ORIGINS)
    return list(cors.ORIGINS).index("US" if current and _US in current.domain else "EU")
