"""The guided tour of the first onboarding: the real pages, with a banner that says what to do.

It is on in a session and in its address (`?tour=on`, after mending `?tour=mended`), so that it
survives a reload. Where it stands is told by what is there: see `tour_stops`.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Final

import streamlit as st

from components import (
    connection,
    links,
    manifest_source,
    manifests,
    navigation,
    session,
    status,
)
from components.runtime import get_runtime
from components.session import TourState
from components.tour_stops import FAILURES, FINDINGS, STOPS, VERIFY, Progress, stop, words
from services.domain.findings import Summary
from services.ledger.views import Counts, RunView
from services.sandbox.demo import demo_manifest_csv

PARAMETER: Final = navigation.TOUR
#: Names the run, the folder and the dataset too.
MANIFEST: Final = "First onboarding.csv"


@cache
def fingerprint() -> str:
    """Return the fingerprint of the tour's manifest, the sandbox's demo manifest."""
    return hashlib.sha256(demo_manifest_csv()).hexdigest()


def follow_address() -> None:
    """Go on with the tour that the address names."""
    named = st.query_params.get(PARAMETER)
    if named in set(TourState) and named != TourState.OFF:
        session.use_tour(TourState(named))


def start() -> None:
    """Begin the tour at its first stop, with nothing of an earlier one."""
    session.use_manifest(None)
    session.use_run(None)
    _use(TourState.ON)
    session.go_to(STOPS[0].page)


def start_button(*, key: str, primary: bool = False) -> None:
    """Offer the tour, in the sandbox only, and while it is not on."""
    if is_possible() and not is_on():
        st.button(
            "Start the tour",
            key=key,
            type="primary" if primary else "secondary",
            icon=":material/tour:",
            on_click=start,
        )


def is_possible() -> bool:
    """Tell whether this session works with the sandbox."""
    current = connection.current()
    return current is not None and current.kind == "sandbox"


def is_on() -> bool:
    """Tell whether this session is on the tour."""
    return session.tour() is not TourState.OFF and is_possible()


def _use(state: TourState) -> None:
    session.use_tour(state)
    if PARAMETER in st.query_params:
        if state is TourState.OFF:
            del st.query_params[PARAMETER]
        else:
            st.query_params[PARAMETER] = state


def banner(page: str) -> None:
    """Draw where the tour stands on top of a page; nothing while it is off."""
    if not is_on():
        return
    progress = look(page)
    at = stop(progress)
    with (
        st.container(border=True, key="tour"),
        st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ),
    ):
        with st.container(width="stretch", gap=None):
            st.markdown(f"**Step {at + 1} of {len(STOPS)}: {STOPS[at].title.lower()}**")
            st.caption(words(at, progress))
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            _onward(at, progress)
            if at != VERIFY or page != STOPS[VERIFY].page:
                st.button("Leave the tour", key="tour_leave", type="tertiary", on_click=_leave)


def _onward(at: int, progress: Progress) -> None:
    """Draw the banner's button; none where the page has the one to click."""
    here = STOPS[at]
    if progress.page != here.page and not (progress.working and progress.page == "run"):
        _button(f"Go to {navigation.title(here.page)}", _go, at)
    elif here.onward and not progress.working:
        _button(here.onward, _act, at)


def _button(label: str, act: Callable[[int], None], at: int) -> None:
    st.button(
        label,
        key=f"tour_next_{at}",
        icon=":material/arrow_forward:",
        on_click=act,
        args=(at,),
    )


def _go(at: int) -> None:
    run = session.run()
    page = STOPS[at].page
    if page in {"run", "datasets", "verify"} and run:
        session.go_to(page, run=run)
    elif page in {"manifest", "submit"}:
        session.go_to(page, manifest=fingerprint())
    else:
        session.go_to(page)


def _act(at: int) -> None:
    """Do what leads from a stop to the next."""
    if at == FAILURES:
        _mend()
    elif at == FINDINGS:
        session.go_to("submit", manifest=fingerprint())
    elif at == VERIFY:
        _leave()
        session.go_to("overview")
    else:
        manifest_source.use_demo(MANIFEST)


def _mend() -> None:
    demo = get_runtime().sandbox_demo
    if demo:
        demo.mend()
        _use(TourState.MENDED)


def _leave() -> None:
    _use(TourState.OFF)


def resume_button(*, key: str) -> None:
    """Offer to go on with a tour that was left before its end."""
    run = unfinished()
    if run is None or is_on():
        return
    at = stop(_of_run(Progress(page=""), run))
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        st.caption(f"The tour is at step {at + 1} of {len(STOPS)}.", width="content")
        st.button(
            "Resume the tour",
            key=f"{key}_resume",
            icon=":material/tour:",
            on_click=_resume,
            args=(run.id, at),
        )


def _resume(run: str, at: int) -> None:
    session.use_run(run)
    session.use_manifest(fingerprint())
    _use(TourState.ON)
    _go(at)


def unfinished() -> RunView | None:
    """Return the newest run of the tour's manifest in this connection, unless it is proven."""
    current = connection.current()
    if current is None or current.kind != "sandbox":
        return None
    runtime = get_runtime()
    made = runtime.onboarding.earlier(fingerprint())
    run = next((each for each in made if each.connection == current.id), None)
    proven = run and any(each.proven for each in runtime.ledger.receipts(run=run.id, limit=1))
    return None if proven else run


def look(page: str) -> Progress:
    """Read what is there of the tour; nothing here asks the network."""
    known = links.manifest() == fingerprint()
    summary = manifests.summary(fingerprint()) if known else None
    progress = _of_manifest(page, summary, known=known)
    run = _run()
    return _of_run(progress, run) if run else progress


def _of_manifest(page: str, summary: Summary | None, *, known: bool) -> Progress:
    return Progress(
        page=page,
        has_manifest=known,
        ready=summary.valid_entries if summary else 0,
        held=summary.held_entries if summary else 0,
        submitted_before=known and bool(get_runtime().onboarding.earlier(fingerprint())),
        mended=session.tour() is TourState.MENDED,
    )


def _of_run(progress: Progress, run: RunView) -> Progress:
    ledger = get_runtime().ledger
    family = (run, *ledger.retries(run.id))
    counts: Counts = ledger.family(run.id)
    receipts = ledger.receipts(run=run.id, limit=1)
    working = any(status.is_active(each) for each in family)
    linking = working and run.dataset_uuid is not None
    return Progress(
        page=progress.page,
        has_manifest=True,
        has_run=True,
        working=working,
        failed=counts.failed,
        arrived=counts.arrived,
        mended=progress.mended,
        has_dataset=linking or ledger.is_linked(run.id) or bool(receipts),
        proven=bool(receipts) and receipts[0].proven,
    )


def _run() -> RunView | None:
    """Return the first run of the family this session looks at, if it is one of the tour."""
    ledger = get_runtime().ledger
    run = links.run()
    first = (ledger.run(run.parent) or run) if run and run.parent else run
    current = connection.current()
    if first is None or current is None or first.connection != current.id:
        return None
    return first if first.manifest == fingerprint() else None
