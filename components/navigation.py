"""The pages of the dashboard, as data, and the ways to go from one to another."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from components import session
from components.runtime import has_sandbox
from components.session import TourState

#: Names the guided tour in an address, so that a reload goes on with it.
TOUR: Final = "tour"
#: What an address names, see `links`.
IDS: Final = ("manifest", "run", "task", "receipt", "bucket", "object")
#: How often we set out for one place: where it cannot be reached, nobody is sent in circles.
TRIES: Final = 3
#: How long what a browser asked for before it had a page may come after it, in seconds.
MOMENT: Final = 0.5
PAGES_DIR: Final = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSpec:
    """One page: its file in `pages/`, which is its URL too, and how it appears in the list."""

    name: str
    title: str
    icon: str
    help: str
    default: bool = False
    listed: bool = True
    #: Listed only where the sandbox runs.
    needs_sandbox: bool = False


PAGES: Final = (
    PageSpec(
        name="overview",
        title="Overview",
        icon=":material/space_dashboard:",
        help="Where the onboarding stands and what comes next",
        default=True,
    ),
    PageSpec(
        name="connect",
        title="Connect",
        icon=":material/cable:",
        help="Choose Encord or the sandbox, and give a key",
    ),
    PageSpec(
        name="bucket",
        title="Bucket",
        icon=":material/database:",
        help="Check a bucket, mend its CORS rules, browse it, build a manifest from it",
    ),
    PageSpec(
        name="schema",
        title="Schema",
        icon=":material/schema:",
        help="Design the metadata schema of the organization, plan changes, go back",
    ),
    PageSpec(
        name="manifest",
        title="Manifest",
        icon=":material/fact_check:",
        help="Check a CSV or JSON manifest before anything is sent",
    ),
    PageSpec(
        name="submit",
        title="Submit",
        icon=":material/cloud_upload:",
        help="Review what will happen and start a run",
    ),
    PageSpec(
        name="runs",
        title="Runs",
        icon=":material/list_alt:",
        help="Find a run and see what became of its files",
    ),
    PageSpec(name="run", title="Run", icon=":material/play_circle:", help="One run", listed=False),
    PageSpec(
        name="datasets",
        title="Datasets",
        icon=":material/dataset:",
        help="Link a run's files to a dataset",
    ),
    PageSpec(
        name="verify",
        title="Verify",
        icon=":material/verified:",
        help="Prove that every expected file is in the dataset",
    ),
    PageSpec(
        name="passport",
        title="Passport",
        icon=":material/id_card:",
        help="See everything that is known about one object",
    ),
    PageSpec(
        name="reference",
        title="Reference",
        icon=":material/menu_book:",
        help="What goes wrong and what helps; every finding code, format, limit and word",
    ),
    PageSpec(
        name="demo",
        title="Demo studio",
        icon=":material/theaters:",
        help="Set up a scenario in the sandbox and present it",
        needs_sandbox=True,
    ),
)


def page_of(spec: PageSpec) -> st.Page:
    """Return Streamlit's page for a record."""
    return st.Page(
        PAGES_DIR / f"{spec.name}.py",
        title=spec.title,
        icon=spec.icon,
        help=spec.help,
        url_path=spec.name,
        default=spec.default,
        visibility="visible" if _is_listed(spec) else "hidden",
    )


def _is_listed(spec: PageSpec) -> bool:
    return spec.listed and (not spec.needs_sandbox or has_sandbox())


def current_page() -> st.Page:
    """Draw the list of pages and return the page that was asked for."""
    return st.navigation([page_of(spec) for spec in PAGES])


def follow(page: st.Page) -> None:
    """Go where a callback wanted to go, and set out again if the page that was left comes back.

    What a browser asked for before it had the new page, such as the end of an edit, draws the page
    that it had: with that page's address, and instead of the new one. Only that page within a
    moment is such a request; any other is where somebody wants to be.

    Args:
        page: The one that is about to be drawn.
    """
    wanted = session.destination()
    if wanted is None:
        return
    here, there = _place(name_of(page), st.query_params), _place(wanted.page, wanted.query)
    # The browser has a new address a little sooner than the page that belongs to it.
    is_back = here != there and here in (wanted.left, wanted.left[:1] + there[1:])
    is_moment = time.monotonic() - wanted.since < MOMENT
    if session.is_leaving() or (is_back and is_moment and wanted.tries < TRIES):
        session.set_out(here)
        query = _query(wanted.query)
        if wanted.page == name_of(page) and _is_named_anew(query):
            st.query_params.update(query)
            return
        st.switch_page(page_of(_spec(wanted.page)), query_params=query)
    if here != there or not is_moment:
        session.arrive()


def _is_named_anew(query: Mapping[str, str]) -> bool:
    """Tell whether a page stays what it is, but of another id: its tabs and filters stay then.

    They stay in any case, but `st.switch_page` would take them out of the address.
    """
    named = {each for each in IDS if each in st.query_params}
    return named <= query.keys() <= {*IDS, TOUR}


def _place(name: str, query: Mapping[str, str]) -> tuple[str, ...]:
    """Return a page and what its address names."""
    return (name, *(query.get(each, "") for each in IDS))


def _query(asked: dict[str, str]) -> dict[str, str]:
    """Return what an address carries: what was asked for, and the tour while it is on."""
    touring = session.tour()
    return asked if touring is TourState.OFF else {**asked, TOUR: touring.value}


def link(
    name: str, label: str, *, icon: str | None = None, query: dict[str, str] | None = None
) -> None:
    """Draw a link to a page. The label is one of our own words, never untrusted text."""
    st.page_link(page_of(_spec(name)), label=label, icon=icon, query_params=_query(query or {}))


def button(
    name: str,
    label: str,
    *,
    key: str,
    primary: bool = False,
    quiet: bool = False,
    icon: str | None = None,
    **query: str,
) -> None:
    """Draw a button that goes to a page."""
    st.button(
        label,
        key=key,
        icon=icon,
        type="primary" if primary else "tertiary" if quiet else "secondary",
        on_click=session.go_to,
        args=(name,),
        kwargs=query,
    )


def title(name: str) -> str:
    """Return a page's title."""
    return _spec(name).title


def name_of(page: st.Page) -> str:
    """Return the name of Streamlit's page."""
    return next(spec.name for spec in PAGES if spec.title == page.title)


def _spec(name: str) -> PageSpec:
    return next(spec for spec in PAGES if spec.name == name)
