"""The trial of an integration with one object: start it, watch it, see what it proved."""

from functools import partial
from typing import Final

import streamlit as st

from components import (
    bucket_access,
    bucket_checks,
    by_script,
    connection_card,
    encord_pages,
    glossary,
    layout,
    session,
    status,
    watching,
)
from components import connection as connections
from components.problems import notice_of
from components.runtime import get_runtime
from components.text import code, moment, told_apart
from services.buckets.desk import Place
from services.domain.bucket_checks import CheckVerdict
from services.domain.scripts import buckets
from services.encord_api.errors import EncordError
from services.encord_api.interface import Integration
from services.engine.connections import Connection, explain
from services.engine.errors import EngineError
from services.ledger.buckets import TrialState, TrialView

#: What a trial that has ended means.
ENDINGS: Final = {
    TrialState.PROVEN: "Encord read the object and its page opens it.",
    TrialState.INTERRUPTED: "Clean up, then try again.",
    TrialState.UNKNOWN: "No answer decided it. What is needed is below.",
    TrialState.FAILED: "What is needed is below.",
}
_CHOICE, _OBJECT, _STRICT = "trial_integration", "trial_object", "trial_strict"


def show(bucket: str, *, key: str) -> None:
    """Draw the form, the trial under way and those before."""
    place = bucket_access.place(bucket)
    current = connections.current()
    with layout.card_box("Prove it with one object", key=key):
        layout.notice("trial")
        st.caption(glossary.meaning("trial"))
        if current is None:
            st.caption("Connect to Encord first.")
            return
        trials = _trials(place)
        _form(place, current, trials[0].id if trials else "first", key=key)
    for trial in trials:
        _trial(place, trial, key=f"{key}_{trial.id}")


def _trials(place: Place) -> list[TrialView]:
    records = get_runtime().buckets.records
    return records.trials(connection=place.connection, bucket=place.bucket)


def _form(place: Place, current: Connection, after: str, *, key: str) -> None:
    known = {each.id: each for each in connection_card.known_integrations(current)}
    if not known:
        st.caption("This account sees no integration yet. Create one, then check on Connect.")
        return
    titles = told_apart({each: found.title for each, found in known.items()})
    st.selectbox(
        "Integration", list(titles), format_func=lambda each: titles.get(each, each), key=_CHOICE
    )
    st.text_input("Object", key=_OBJECT, placeholder="The first one whose name tells its type")
    st.checkbox("It is a strict client-only integration", key=_STRICT)
    st.button(
        "Try the integration",
        key=f"{key}_start",
        type="primary",
        icon=":material/science:",
        on_click=_start,
        args=(place, known, after),
    )
    chosen = known.get(str(session.value(_CHOICE)))
    if chosen is None:
        return
    script = buckets.prove(
        by_script.place(current),
        bucket=place.bucket,
        integration=chosen.id,
        title=chosen.title,
        key=session.typed(_OBJECT),
        strict=bool(session.value(_STRICT)),
        origin=encord_pages.app_origin(),
    )
    by_script.show(script, key=f"{key}_script")


def _start(place: Place, known: dict[str, Integration], after: str) -> None:
    session.clear_notice("trial")
    chosen = known.get(str(session.value(_CHOICE)))
    if chosen is None:
        return
    desk = get_runtime().buckets
    try:
        trial = desk.begin_trial(
            place,
            integration=chosen,
            key=session.typed(_OBJECT),
            strict=bool(session.value(_STRICT)),
            origin=encord_pages.app_origin(),
            nonce=session.nonce(f"trial {place.bucket} {after}"),
            actor=session.actor(),
        )
    except EngineError as error:
        session.notify("trial", notice_of(explain(error)))
        return
    if trial:
        desk.start_trial(trial)


def _trial(place: Place, trial: TrialView, *, key: str) -> None:
    running = trial.state is TrialState.RUNNING
    with st.container(border=True, key=key):
        st.markdown(f"**{code(trial.integration_title)}**, {moment(trial.begun_at)}")
        if running:
            watching.until(
                partial(_is_over, place, trial), partial(_running, trial), key=f"{key}_running"
            )
            return
        status.alert(status.TRIALS[trial.state], ENDINGS[trial.state])
        bucket_checks.show(trial.steps, key=key, alt="Steps of the trial that need nothing")
        if not trial.clean:
            st.button(
                "Clean up again",
                key=f"{key}_clean",
                icon=":material/cleaning_services:",
                on_click=_clean_up,
                args=(place, trial.id),
            )


def _is_over(place: Place, trial: TrialView) -> bool:
    now = {each.id: each.state for each in _trials(place)}
    return now.get(trial.id) is not TrialState.RUNNING


def _running(trial: TrialView) -> None:
    st.caption("The trial goes on without this page, and cleans up after itself.")
    snapshot = get_runtime().buckets.trial(trial.id)
    bucket_checks.so_far(snapshot.results if snapshot else ())


def _clean_up(place: Place, trial: str) -> None:
    session.clear_notice("trial")
    try:
        done = get_runtime().buckets.clean_up(place, trial)
    except (EngineError, EncordError) as error:
        session.notify("trial", notice_of(explain(error)))
        return
    if done.verdict is not CheckVerdict.PASS:
        session.notify("trial", session.Notice(title="Not clean yet", body=code(done.got)))
