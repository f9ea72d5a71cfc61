"""Choose a dataset and link exactly one run's items to it."""

from typing import Final

import streamlit as st

from components import by_script, connection, dataset_create, session, uuid_field
from components.runtime import get_runtime
from components.text import code, count
from services.domain.runs import DatasetChoice
from services.domain.scripts import onboarding
from services.engine.onboarding import link_nonce
from services.ledger.views import Counts, RunView

NEW, EXISTING = "A new dataset", "An existing dataset"
RESUME_FIRST: Final = "A run is linked once it is done with every entry. Resume or cancel it first."

NOT_LINKED: Final = session.Notice(
    title="Nothing was changed",
    body=(
        "This run is not done with its entries, is being linked already, or its linking to this "
        "dataset has stopped. Wait for it or resume it, or choose another dataset."
    ),
)


def place(run: RunView) -> str:
    """Name where a notice about linking the run is shown."""
    return f"link_{run.id}"


def show(run: RunView, counts: Counts, *, is_linked: bool) -> None:
    """Draw the choice, and the button that links; folded once a dataset is linked."""
    form = (
        st.expander("Link again, or to another dataset", icon=":material/link:")
        if is_linked
        else st.container(border=True, key="dataset_form")
    )
    with form:
        _ask(run)
        choice = _decided(run)
        st.markdown(_sentence(choice, counts))
        _about_namesakes(run, choice)
        _about_others(counts)
        st.button(
            f"Link {count(counts.arrived, 'entry')}",
            key="link",
            type="secondary" if is_linked or run.problem else "primary",
            icon=":material/link:",
            disabled=choice is None or not _linkable(counts),
            help=RESUME_FIRST if counts.pending else None,
            on_click=_link,
            args=(run, counts.arrived),
        )
        if choice and _linkable(counts):
            script = onboarding.link(run.id, choice, nonce=link_nonce(counts.arrived))
            by_script.show(script, key="link_script")


def _linkable(counts: Counts) -> bool:
    """Whether something arrived and nothing waits: which items are whose is decided at the end."""
    return counts.arrived > 0 and not counts.pending


def _about_others(counts: Counts) -> None:
    """Say which entries of the run cannot be linked: those that wait still, and those lost."""
    if counts.pending:
        st.warning(
            "The run has stopped before it was done with them. Resume or cancel it first: what "
            "arrived is known once it has ended.",
            title=f"{count(counts.pending, 'entry')} still waiting",
            icon=":material/schedule:",
        )
    missing = counts.entries - counts.arrived - counts.pending
    if missing:
        st.warning(
            f"{count(missing, 'entry')} of this run did not arrive in Encord and cannot be "
            "linked. You can retry them first, or link the rest now and those later.",
            title="Not everything arrived",
            icon=":material/warning:",
        )


def _about_namesakes(run: RunView, choice: DatasetChoice | None) -> None:
    """Name the datasets that are called as the new one is to be, as far as this account sees."""
    current = connection.current()
    if choice and choice.title and current and current.id == run.connection:
        dataset_create.collisions(current, choice.title, run=run.id)


def _way(run: RunView) -> str:
    return f"dataset_way_{run.dataset_uuid}"


def _uuid(run: RunView) -> str:
    return f"dataset_uuid_{run.id}"


def _decided(run: RunView) -> DatasetChoice | None:
    """Return what the fields say now, which a callback has to ask for itself: see `session`."""
    if session.value(_way(run)) == EXISTING:
        uuid = uuid_field.uuid(_uuid(run))
        return DatasetChoice(uuid=uuid) if uuid else None
    title, description = (
        session.typed(f"dataset_{each}_{run.id}") for each in ("title", "description")
    )
    return DatasetChoice(title=title, description=description) if title else None


def _ask(run: RunView) -> None:
    way = st.radio(
        "Dataset",
        [NEW, EXISTING],
        index=1 if run.dataset_uuid else 0,
        key=_way(run),
        horizontal=True,
    )
    if way == EXISTING:
        uuid_field.show(
            "UUID of the dataset",
            value=run.dataset_uuid or "",
            key=_uuid(run),
            tip="Titles are not unique in Encord, so a dataset is chosen by its UUID",
        )
        return
    left, right = st.columns(2)
    left.text_input(
        "Title",
        value=run.dataset_title or run.name,
        max_chars=dataset_create.LONGEST_TITLE,
        key=f"dataset_title_{run.id}",
        persist_state="session",
    )
    right.text_input(
        "Description",
        key=f"dataset_description_{run.id}",
        placeholder="Optional",
        persist_state="session",
    )
    st.caption("A dataset cannot be deleted through the SDK, only in Encord itself.")


def _sentence(choice: DatasetChoice | None, counts: Counts) -> str:
    if choice is None:
        return "Give the dataset a title, or the UUID of an existing one."
    where = (
        f"the dataset {code(choice.uuid)}"
        if choice.uuid
        else f"the new dataset {code(choice.title)}"
    )
    return (
        f"Link {count(counts.arrived, 'entry')} of this run and its retries to {where}, then "
        "verify. Files already linked are skipped; nothing else in the folder is touched."
    )


def _link(run: RunView, arrived: int) -> None:
    choice = _decided(run)
    if choice:
        nonce = link_nonce(arrived)
        session.clear_notice(place(run))
        if not get_runtime().onboarding.link(run.id, choice, nonce=nonce, actor=session.actor()):
            session.notify(place(run), NOT_LINKED)
