"""A field for a UUID of Encord's that is not looked up at once: it says when that is none."""

from typing import Final

import streamlit as st

from components import layout, session
from services.domain.uuids import read_uuid

PLACEHOLDER: Final = "00000000-0000-0000-0000-000000000000"
NO_UUID: Final = "This is not a UUID"
FORM: Final = (
    "One has 8, 4, 4, 4 and 12 digits or letters from a to f, with hyphens between them. "
    "Encord shows it in the address of its page."
)


def show(label: str, *, key: str, value: str = "", tip: str | None = None) -> None:
    """Draw the field, which may be left empty."""
    st.text_input(label, value=value, key=key, placeholder=PLACEHOLDER, help=tip)
    if is_wrong(key):
        layout.error(NO_UUID, FORM)


def is_wrong(key: str) -> bool:
    """Whether something stands in the field that is no UUID."""
    return bool(session.typed(key)) and uuid(key) is None


def uuid(key: str) -> str | None:
    """Return the UUID in the field as Encord spells it; None where there is none."""
    return read_uuid(session.typed(key))
