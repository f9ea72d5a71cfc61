"""The parts every page is put together from: head, cards, empty state, notices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import focus, glossary, session, troubleshooting
from components.status import Status
from components.text import number

#: Of facts whose names are known.
NO_WORDS: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One number on a card, with its unit or meaning below."""

    label: str
    value: str
    icon: str
    note: str = ""
    #: The glossary's word that is new here.
    word: str = ""


def page_head(
    title: str, line: str, action: Callable[[], None] | None = None, *, word: str = ""
) -> DeltaGenerator:
    """Draw the title, one line saying where things stand, and the primary action.

    The meaning of `word` is the help beside the line, for whoever meets it here first. Returns the
    place of the action, for a page that knows it only after what stands below.
    """
    with st.container(
        horizontal=True,
        vertical_alignment="bottom",
        horizontal_alignment="distribute",
        key="page_head",
    ):
        with st.container(width="stretch", gap=None):
            st.title(title, anchor=False)
            st.caption(line, help=glossary.about(word))
        place = st.container(width="content", horizontal=True)
        if action:
            with place:
                action()
    return place


def section(title: str, line: str = "", *, word: str = "") -> None:
    """Draw the heading of a part of the page, with the meaning of `word` where it is new."""
    st.subheader(title, anchor=False, help=glossary.about(word))
    if line:
        st.caption(line)


def cards(*entries: Card) -> None:
    """Draw numbers side by side; all cards have the same parts."""
    with st.grid(len(entries), min_column_width=150):
        for card in entries:
            st.metric(
                card.label,
                card.value,
                icon=card.icon,
                border=True,
                height="stretch",
                delta=card.note or None,
                delta_color="off",
                delta_arrow="off",
                help=glossary.about(card.word),
            )


def status_card(look: Status, value: int, note: str = "", *, word: str = "") -> Card:
    """Return how many have a status, as a number on a card."""
    return Card(label=look.word, value=number(value), icon=look.icon, note=note, word=word)


def empty_state(
    *, icon: str, title: str, body: str, action: Callable[[], None] | None = None
) -> None:
    """Say what will be here and how to get there."""
    with st.container(border=True, horizontal_alignment="center", gap="xsmall"):
        st.space("small")
        st.markdown(f"## :gray[{icon}]", text_alignment="center", width="content")
        st.subheader(title, anchor=False, text_alignment="center")
        st.caption(body, text_alignment="center")
        if action:
            action()
        st.space("small")


def filtered_out(filters: Mapping[str, object], *, key: str) -> None:
    """Say that nothing passes a filter, and offer to clear it.

    Args:
        filters: The widgets that filter, by key, with the value that lets everything pass.
        key: Names the button.
    """
    empty_state(
        icon=":material/filter_alt_off:",
        title="Nothing matches",
        body="The filter leaves nothing over.",
        action=lambda: _clear_button(filters, key),
    )


def _clear_button(filters: Mapping[str, object], key: str) -> None:
    st.button(
        "Clear the filter",
        key=f"{key}_clear",
        icon=":material/filter_alt_off:",
        on_click=_clear,
        args=(filters,),
    )


def _clear(filters: Mapping[str, object]) -> None:
    for name, everything in filters.items():
        session.set_value(name, everything)


def notice(place: str) -> None:
    """Show what the last callback had to say here; good news once, problems until they change."""
    said = session.notice(place)
    # Its place is kept: what stands below would be drawn anew when it comes, and lose the focus.
    slot = st.empty()
    if said is None:
        return
    if said.good:
        session.clear_notice(place)
        slot.success(said.body, title=said.title, icon=":material/check_circle:")
    else:
        with slot.container(gap=None, key=f"notice_{place}"):
            say(said)
            focus.bring(said.turn)


def say(problem: session.Notice) -> None:
    """Draw what is told of a problem."""
    error(problem.title, problem.body, reference=problem.reference, symptom=problem.symptom)


def error(title: str, remedy: str, *, reference: str | None = None, symptom: str = "") -> None:
    """Say what failed and what to do. Both texts static, or passed through `text.code`."""
    st.error(remedy, title=title, icon=":material/error:")
    if symptom:
        troubleshooting.link(symptom)
    if reference:
        st.caption("Reference for Encord's support")
        st.code(reference, language=None)


def card_box(title: str, *, key: str, word: str = "") -> DeltaGenerator:
    """Open a bordered box with a heading, with the meaning of `word` where it is new."""
    box = st.container(border=True, key=key)
    box.subheader(title, anchor=False, help=glossary.about(word))
    return box


def facts(
    rows: dict[str, str], *, width: int = 110, words: Mapping[str, Sequence[str]] = NO_WORDS
) -> None:
    """Draw names and values; the values may be untrusted.

    Args:
        rows: Values by name.
        width: Of the names, in pixels.
        words: The glossary's words that are new here, by name.
    """
    for name, value in rows.items():
        with st.container(horizontal=True, gap="small", wrap=False):
            st.caption(name, width=width, help=glossary.about(*words.get(name, ())))
            st.text(value, width="stretch")
