"""All datasets this account may see, by title or UUID; those that share a title are marked."""

from collections import Counter
from dataclasses import dataclass
from functools import partial

import streamlit as st

from components import (
    answers,
    connection,
    dataset_create,
    links,
    navigation,
    run_actions,
    run_progress,
    search_field,
    session,
    status,
)
from components.runtime import get_background, get_runtime
from components.tables import Column, PagedTable
from components.text import code, moment
from services.domain.paging import Page
from services.encord_api.interface import Dataset


@dataclass(frozen=True, slots=True)
class Listed:
    """A dataset, and how many are called the same."""

    dataset: Dataset
    namesakes: int


TABLE = PagedTable[Listed](
    noun="dataset",
    alt="Datasets of this account",
    columns=(
        Column("Title", lambda row: row.dataset.title, width=200),
        Column("Description", lambda row: row.dataset.description, width=130),
        Column(
            "Same title", lambda row: f"{row.namesakes:,} more" if row.namesakes else "", width=110
        ),
        Column(
            "Created",
            lambda row: moment(row.dataset.created_at) if row.dataset.created_at else "",
            width=235,
        ),
        Column("UUID", lambda row: row.dataset.uuid, width=290),
    ),
)


def show() -> None:
    """Draw what was just created, the search and the list."""
    _created()
    current = connection.current()
    if current is None:
        st.caption("Connect to see datasets.")
        return
    with st.expander("Create a dataset", icon=":material/add:", key="dataset_new"):
        dataset_create.form(current)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = search_field.ask(key="dataset_find", placeholder="Title, description or UUID")
        st.button("Read again", key="datasets_again", icon=":material/refresh:", on_click=_again)
    # Named once: a task that ends meanwhile gives the next answer another name.
    name = f"{dataset_create.asked_for(current)} all"
    found = answers.of_encord(name, partial(get_runtime().connections.datasets, current.id))
    if found is None:
        return
    st.caption(f"Read {moment(get_background().asked(name))}")
    rows = _listed(found, search)
    TABLE.show(
        lambda offset, limit: Page(rows[offset : offset + limit], len(rows)),
        key="datasets",
        name="datasets_page",
        filters={"dataset_find": ""},
    )


def _created() -> None:
    """Draw the task that creates or links, if the URL names one."""
    task = links.task()
    if task is None:
        return
    run_actions.needs_attention(task, key="task_attention")
    if status.is_active(task):
        run_progress.live(task, key=f"creating_{task.id}")
    elif task.dataset_uuid:
        st.success(
            f"{code(task.dataset_title or task.name)} is there. Its UUID:",
            title="Dataset ready",
            icon=":material/check_circle:",
        )
        st.code(task.dataset_uuid, language=None)
        if task.receipt:
            navigation.link(
                "verify",
                "See the verification",
                icon=":material/verified:",
                query={"task": task.id},
            )


def _again() -> None:
    session.renew_nonce("datasets")


def _listed(found: list[Dataset], search: str) -> list[Listed]:
    titles = Counter(each.title for each in found)
    wanted = search.lower()
    return [
        Listed(each, titles[each.title] - 1)
        for each in reversed(found)
        if wanted in f"{each.title} {each.description} {each.uuid}".lower()
    ]
