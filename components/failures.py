"""Failures grouped by what fixes them, each with examples and a retry of its own."""

from collections.abc import Callable, Sequence

import streamlit as st

from components import by_script, retries, status, troubleshooting
from components.text import code, count
from services.domain.outcomes import Outcome
from services.domain.scripts.script import Script
from services.domain.symptoms import of_cause
from services.ledger.views import CauseGroup

#: Returns the script of a retry, of a cause or of all.
Scripted = Callable[[str | None], Script]
#: Called with a cause's code, or None for all causes.
Retry = Callable[[str | None], None]


def show(groups: Sequence[CauseGroup], *, key: str, on_retry: Retry, scripted: Scripted) -> None:
    """Draw the causes, most entries first."""
    total = sum(group.count for group in groups)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(width="content", gap=None):
            st.subheader("What failed, and why", anchor=False)
            st.caption(f"{count(total, 'entry')} in {count(len(groups), 'group')}, by cause")
        if len(groups) > 1:
            with st.container(horizontal=True, width="content", vertical_alignment="center"):
                _retry_button(f"Retry all {count(total, 'entry')}", f"{key}_all", on_retry, None)
                by_script.show(scripted(None), key=f"{key}_all_script")
    for group in groups:
        _group(group, key=f"{key}_{group.cause.code}", on_retry=on_retry, scripted=scripted)


def _group(group: CauseGroup, *, key: str, on_retry: Retry, scripted: Scripted) -> None:
    with st.container(border=True, key=key, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown(f"**{group.cause.title}**", width="content")
            status.badge(status.OUTCOMES[Outcome.FAILED], count(group.count, "entry"))
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.caption(group.cause.remedy, width="content")
            troubleshooting.link(of_cause(group.cause.code))
        st.markdown("\n\n".join(_sample(*each) for each in group.samples))
        if group.count > len(group.samples):
            st.caption(
                f"and {count(group.count - len(group.samples), 'more entry', 'more entries')}"
            )
        with st.container(horizontal=True, vertical_alignment="center"):
            _retry_button(
                f"Retry {count(group.count, 'entry')}", f"{key}_retry", on_retry, group.cause.code
            )
            by_script.show(scripted(group.cause.code), key=f"{key}_script")


def _sample(url: str, message: str, reference: str) -> str:
    quoted = f"  \nEncord: {code(message)}" if message else ""
    quoted += f", reference {code(reference)}" if reference else ""
    return f"{code(url)}{quoted}"


def _retry_button(label: str, key: str, on_retry: Retry, cause: str | None) -> None:
    st.button(
        label,
        key=f"{key}_button",
        icon=":material/refresh:",
        on_click=on_retry,
        args=(cause,),
        help=retries.HELP,
    )
