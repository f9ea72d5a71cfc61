"""The plan: its steps, what they cost, and carrying it out on exactly what it was made from."""

import json
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from components import layout, schema_desk, schema_impact, session
from components.dialogs import dialog
from components.problems import notice_of
from components.runtime import get_runtime
from components.schema_words import words
from components.session import Notice, SchemaDesk
from components.tables import GRID
from components.text import code, count
from services.domain.findings import Severity
from services.domain.metadata import OrganisationSchema
from services.domain.schema.draft import draft_of
from services.domain.schema.drift import KeyDrift
from services.domain.schema.lint import SchemaFinding
from services.domain.schema.plan import Change, Plan, Step
from services.domain.schema.rebase import rebased
from services.domain.scripts.schema import script
from services.encord_api.errors import EncordError
from services.engine.connections import Connection, explain
from services.engine.errors import NotConnectedError
from services.engine.schema_studio import NotConfirmedError, SchemaDriftError

#: What a step that destroys costs, in words.
COSTS: Final = {
    Change.RETYPE: "Values that do not fit stop being filtered correctly.",
    Change.DELETE: "The key can be restored with its type.",
    Change.DELETE_FOREVER: "The key can never be used again.",
    Change.REMOVE_OPTIONS: "Encord may refuse it: its SDK has no call for this.",
    Change.DROP: "Encord may refuse it: its SDK has no call for this.",
    Change.REPLACE: "Encord may refuse it: its SDK has no call for this.",
}
SHOWN: Final = 60
#: Steps that the last question names; more are counted.
NAMED: Final = 12


def show(connection: Connection, desk: SchemaDesk, plan: Plan, *, key: str) -> None:
    """Draw the steps, the program that does the same, and the button that applies them."""
    if not plan.steps:
        st.caption("Encord's schema is as you want it; there is nothing to apply.")
        return
    title = "The way back" if desk.snapshot else "Plan"
    line = f"{count(len(plan.steps), 'change')} of the whole organization's schema"
    layout.section(title, line, word="plan")
    st.dataframe(
        pd.DataFrame([_row(step) for step in plan.steps]),
        key=f"{key}_steps",
        alt="The steps of the plan",
        **GRID,
    )
    schema_impact.impact(connection, plan, key=f"{key}_impact")
    has_drifted = _drift(desk, plan, key=key)
    with st.container(horizontal=True, key=f"{key}_actions"):
        if st.button(
            f"Apply {count(len(plan.steps), 'change')}",
            key=f"{key}_apply",
            type="secondary" if has_drifted else "primary",
            icon=":material/publish:",
        ):
            _ask(connection, desk, plan, key)
        if plan.can_be_scripted:
            st.download_button(
                "Download as Python",
                lambda: script(plan),
                file_name="change_metadata_schema.py",
                mime="text/x-python",
                icon=":material/code:",
                on_click="ignore",
                key=f"{key}_script",
            )
        st.button(
            "Discard the draft",
            key=f"{key}_discard",
            type="tertiary",
            icon=":material/undo:",
            on_click=schema_desk.take,
            args=(session.without_snapshot(desk), draft_of(desk.base)),
        )


def _row(step: Step) -> dict[str, str]:
    return {
        "Change": step.change.value,
        "Key": step.key,
        "Before": words(step.before),
        "After": words(step.after) if step.change is not Change.DELETE else "deleted",
        "What it costs": COSTS.get(step.change, ""),
    }


@dialog("Apply to the whole organization", width="medium")
def _ask(connection: Connection, desk: SchemaDesk, plan: Plan, key: str) -> None:
    st.write(
        f"{count(len(plan.steps), 'change')} of the metadata schema that everybody in "
        f"{connection.label} shares. Encord is asked again first: if somebody changed the schema "
        "meanwhile, nothing is sent."
    )
    _consequences(plan)
    fields = {step.key: f"{key}_confirm_{place}" for place, step in enumerate(plan.destructive)}
    for name, field in fields.items():
        st.text_input(f"Type {code(name)} to confirm", key=field)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Go back", key=f"{key}_no"):
            st.rerun()
        if st.button(
            "Apply",
            key=f"{key}_yes",
            type="primary",
            on_click=_apply,
            args=(connection, desk, plan, fields),
        ):
            st.rerun()


def _consequences(plan: Plan) -> None:
    """Name what will be done, first what destroys: of that nothing is left out."""
    first = plan.destructive
    others = [step for step in plan.steps if step not in first]
    shown = [*first, *others[: max(0, NAMED - len(first))]]
    st.markdown("\n".join(f"- {consequence(step)}" for step in shown))
    left = len(plan.steps) - len(shown)
    if left:
        st.caption(f"And {count(left, 'more change')}, all of which the plan behind this lists.")


def consequence(step: Step) -> str:
    """Say what a step does and what it costs, e.g. *Change type* `site`: `text` to `number`."""
    said = f"**{step.change.value.capitalize()}** {code(step.key)}{_of_what(step)}."
    return f"{said} {COSTS[step.change]}" if step.change in COSTS else said


def _of_what(step: Step) -> str:
    if step.change in {Change.ADD_OPTIONS, Change.REMOVE_OPTIONS}:
        told = [", ".join(step.options)]
    else:
        told = [words(step.before), words(step.after)]
    known = [code(_cut(each)) for each in dict.fromkeys(told) if each]
    return f": {' to '.join(known)}" if known else ""


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _apply(connection: Connection, desk: SchemaDesk, plan: Plan, fields: dict[str, str]) -> None:
    typed = {name for name, field in fields.items() if session.value(field) == name}
    try:
        done = get_runtime().schema_studio.apply(
            connection, plan, confirmed=frozenset(typed), actor=session.actor()
        )
    except SchemaDriftError as refused:
        session.notify(schema_desk.PLACE, _drifted(refused.found))
        get_runtime().schemas.refresh(connection.id, patience=schema_desk.GLANCE, fresh=0.0)
        return
    except NotConfirmedError as refused:
        body = f"Type the name of each: {', '.join(map(code, refused.keys))}."
        session.notify(schema_desk.PLACE, Notice(title="Nothing was applied", body=body))
        return
    except (EncordError, NotConnectedError) as refused:
        session.notify(schema_desk.PLACE, notice_of(explain(refused)))
        return
    get_runtime().schemas.refresh(connection.id, patience=schema_desk.GLANCE, fresh=0.0)
    session.notify(schema_desk.PLACE, _applied(plan, done.differing, was_there=done.was_there))
    schema_desk.restart(desk, done.schema)


def _applied(plan: Plan, differing: tuple[str, ...], *, was_there: bool) -> Notice:
    if differing:
        names = ", ".join(map(code, differing))
        return Notice(
            title="Encord made something else of it",
            body=f"These keys are not as planned: {names}. Look at them in the table.",
        )
    said = "It was there already." if was_there else "It was read back and is as planned."
    return Notice(title=f"{count(len(plan.steps), 'change')} applied", body=said, good=True)


def _drifted(found: tuple[KeyDrift, ...]) -> Notice:
    names = ", ".join(code(each.key) for each in found)
    return Notice(
        title="Somebody changed the schema meanwhile; nothing was sent",
        body=f"These keys are no longer what the plan was made from: {names}. See below.",
    )


def _drift(desk: SchemaDesk, plan: Plan, *, key: str) -> bool:
    """Show three views of what somebody else changed, if anything, and offer to plan on it."""
    last = get_runtime().schemas.last(desk.connection)
    found = schema_desk.drift_of(desk, plan, last)
    if not found or last is None:
        return False
    with st.container(border=True, key=f"{key}_drift"):
        st.warning(
            "Your plan was made from an older schema and cannot be applied. Plan again on what is "
            "there now: your changes stay, theirs too; where both changed a key, yours is asked "
            "for and shown as a step.",
            title="The schema has changed since you began",
            icon=":material/sync_problem:",
        )
        st.dataframe(
            pd.DataFrame([_views(each) for each in found]),
            key=f"{key}_views",
            alt="Keys that somebody else changed: before, yours, theirs",
            **GRID,
        )
        st.button(
            "Plan again on what is there now",
            key=f"{key}_rebase",
            type="primary",
            icon=":material/merge:",
            on_click=_rebase,
            args=(desk, last.whole),
        )
    return True


def _rebase(desk: SchemaDesk, now: OrganisationSchema) -> None:
    session.clear_notice(schema_desk.PLACE)
    draft = rebased(schema_desk.edited(desk), desk.base, now)
    schema_desk.restart(desk, now, draft=draft)


def _views(each: KeyDrift) -> dict[str, str]:
    return {
        "Key": each.key,
        "When you began": _text(each.base),
        "Yours": _text(each.mine),
        "Theirs": _text(each.theirs),
        "Both changed it": "yes" if each.is_conflict else "",
    }


def _text(kind: Any) -> str:  # noqa: ANN401 - whatever Encord answered
    if kind is None:
        return "not there"
    return _cut(json.dumps(kind, ensure_ascii=False))


def kept_back(found: Sequence[SchemaFinding]) -> None:
    """Say that there is no plan while the draft has errors."""
    errors = sum(each.severity is Severity.ERROR for each in found)
    st.caption(f"There is no plan yet: {count(errors, 'error')} in the draft.")
