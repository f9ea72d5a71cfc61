"""Link a run to several datasets by a metadata key: train, validation and test, or one a site."""

from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from components import answers, by_script, session
from components.runtime import get_runtime
from components.tables import GRID
from components.text import code, count
from services.domain.scripts import proofs as scripts
from services.domain.tasks import Purpose
from services.engine.proof.proofs import REMEMBERED
from services.engine.proof.splitting import VALUE, Split, are_titles, titles_of
from services.ledger.views import Counts, RunView

KEY: Final = "split_key"


def show(run: RunView, counts: Counts) -> None:
    """Draw the choice of a key, the parts with their counts, and the button that links them."""
    proofs, known = get_runtime().proofs, f"{run.id} {counts.arrived}"
    keys = answers.of_work(
        f"keys {known}",
        partial(proofs.split_keys, run.id),
        waiting="The manifest is being read",
        failed="The manifest could not be read",
    )
    if keys is None:
        return
    if not keys:
        st.caption("No metadata key of this run has few enough values to split by.")
        return
    key = st.selectbox("Split by", keys, key=KEY, bind="query-params")
    split = answers.of_work(
        f"split {known} {key}",
        partial(proofs.split, run.id, str(key)),
        waiting="The entries are being counted",
        failed="The entries could not be counted",
    )
    if split:
        _parts(run, split)


def _parts(run: RunView, split: Split) -> None:
    st.text_input(
        "Title of each dataset",
        value=f"{run.name} {VALUE}",
        key=_pattern(run),
        help=f"{VALUE} stands for the value",
    )
    # Pills, because the little crosses of a multiselect are too small to hit.
    st.pills(
        "Values that become a dataset",
        list(split.parts),
        default=list(split.parts),
        selection_mode="multi",
        format_func=code,
        key=_values(split),
    )
    titles = _decided(run, split)
    values = list(titles)
    table = pd.DataFrame(
        {
            "Value": values,
            "Entries": [len(split.parts[value]) for value in values],
            "Dataset": list(titles.values()),
        }
    )
    st.dataframe(
        table,
        key="split_parts",
        alt="Parts, their entries and their datasets",
        column_config={"Entries": st.column_config.NumberColumn(format="localized")},
        **GRID,
    )
    _disjoint(split, values)
    _about_namesakes(run, titles)
    chosen = sum(len(split.parts[value]) for value in values)
    if not are_titles(titles):
        st.caption(f"Every dataset needs a title of its own: use {VALUE} in it.")
    st.button(
        f"Link {count(chosen, 'entry')} to {count(len(values), 'new dataset')}",
        key="split_link",
        type="primary",
        icon=":material/call_split:",
        disabled=not chosen or not are_titles(titles),
        on_click=_link,
        args=(run, split),
    )
    if chosen and are_titles(titles):
        script = scripts.split(run.id, split.key, titles, session.typed(_pattern(run)))
        by_script.show(script, key="split_script")


def _pattern(run: RunView) -> str:
    return f"split_title_{run.id}"


def _values(split: Split) -> str:
    return f"split_values_{split.key}"


def _decided(run: RunView, split: Split) -> dict[str, str]:
    """Return the values and their titles as the fields say now, also to a callback: see `session`.

    Empty where another key was chosen, whose parts nobody has seen yet.
    """
    if session.value(KEY) != split.key:
        return {}
    return titles_of(session.value(_values(split)) or [], session.typed(_pattern(run)))


def _disjoint(split: Split, values: list[str]) -> None:
    """Say what is in no part, and what would be in more than one."""
    if split.shared:
        st.warning(
            "Their entries have different values, so training and test data would overlap.",
            title=f"{count(split.shared, 'object')} in more than one part",
            icon=":material/join:",
        )
    else:
        st.caption("The parts are disjoint: no entry and no object is in two of them.")
    left = split.outside(values)
    if left or split.more_values:
        rarer = f", and those of {count(split.more_values, 'rarer value')}"
        more = rarer if split.more_values else ""
        st.caption(f"In no part: {count(left, 'entry')}{more}.")


def _about_namesakes(run: RunView, titles: dict[str, str]) -> None:
    """Say which titles this run's parts have had before: a changed part is another dataset."""
    tasks = get_runtime().ledger.tasks(about=run.id, purpose=Purpose.LINK, limit=REMEMBERED)
    again = {task.dataset_title for task in tasks}.intersection(titles.values())
    if again:
        st.warning(
            "A part that is as it was is not linked twice, unless that was cancelled. One that has "
            "changed since, as after a retry, gets a second dataset of the same title: choose "
            "other titles for those.",
            title=f"{count(len(again), 'dataset')} of these titles made from this run already",
            icon=":material/content_copy:",
        )


def _link(run: RunView, split: Split) -> None:
    titles = _decided(run, split)
    if titles and are_titles(titles):
        proofs = get_runtime().proofs
        after = proofs.cancelled_links(run.id)
        proofs.link_split(run.id, split, titles, actor=session.actor(), after=after)
