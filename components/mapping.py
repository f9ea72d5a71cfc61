"""Say what the columns of a foreign CSV mean, see the first rows, and make a manifest of it."""

from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from components import by_script, layout, mending, session
from components.runtime import get_runtime
from components.text import code
from services.domain.entries import EntryType
from services.domain.scripts import manifests as scripts
from services.manifests import mapping_apply
from services.manifests.checked import CheckedManifest
from services.manifests.csv_layout import KEY_PREFIX
from services.manifests.mapping import (
    CREATE,
    GROUP,
    IGNORE,
    TITLE,
    TYPE,
    URL,
    ColumnMapping,
    Mapped,
    MappingError,
    Sample,
)
from services.manifests.mapping_guess import suggest, type_of_url, url_of
from services.manifests.repair import MapOrder

UNKNOWN_HEADER: Final = "csv-header-missing"
WORDS: Final = {
    IGNORE: "Leave out",
    URL: "Object URL",
    TYPE: "Type",
    TITLE: "Title",
    GROUP: "Group",
    CREATE: "Create video",
}
BY_ENDING: Final = "By the ending of each URL"
TYPES: Final = {kind.label: kind for kind in EntryType if kind is not EntryType.SCENE}
PREVIEWED: Final = 5


def show(checked: CheckedManifest, *, key: str) -> None:
    """Draw what each column becomes, the first rows, and the button that applies it, if needed."""
    if not _is_needed(checked):
        return
    try:
        sample = mapping_apply.read_sample(checked)
    except MappingError:
        return
    with layout.card_box("Map the columns", key=key):
        st.caption("No column is known to hold URLs. Say what each one means; nothing is lost.")
        prefix = f"{key}_{checked.summary.fingerprint[:8]}"
        guess = _guess(sample)
        _ask(sample, guess, key=prefix)
        mapping = _decided(guess, key=prefix)
        problems = mapping.problems()
        for problem in problems:
            st.markdown(f":material/info: {code(problem)}")
        if not problems:
            _preview(sample, mapping)
        st.button(
            "Use these columns",
            key=f"{key}_apply",
            type="primary",
            icon=":material/check:",
            disabled=bool(problems),
            on_click=_use,
            args=(checked, guess, prefix),
        )
        if not problems:
            _scripted(checked, mapping, key=f"{key}_script")


def _scripted(checked: CheckedManifest, mapping: ColumnMapping, *, key: str) -> None:
    file, target = mending.files(checked)
    csv = f"{Path(target).stem}.csv"
    script = scripts.map_columns(file, checked.options.to_json(), csv, mapping.to_json())
    by_script.show(script, key=key, manifest=checked.summary.fingerprint)


def _is_needed(checked: CheckedManifest) -> bool:
    """Tell whether a CSV has no column that is known to hold URLs."""
    return checked.summary.format.startswith("csv") and UNKNOWN_HEADER in checked.summary.counts


def _guess(sample: Sample) -> ColumnMapping:
    return get_runtime().mappings.recall(sample.headers, sample.delimiter) or suggest(sample)


def _ask(sample: Sample, guess: ColumnMapping, *, key: str) -> None:
    with st.grid(3, min_column_width=240):
        for place, mapped in enumerate(guess.columns):
            _column(sample, place, mapped, key=f"{key}_{place}")
    targets = _targets(guess, key=key)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if URL not in targets:
            _template(guess, key=f"{key}_template")
        if TYPE not in targets:
            _type(guess, key=f"{key}_type")


def _targets(guess: ColumnMapping, *, key: str) -> list[str]:
    return [str(session.value(f"{key}_{place}") or IGNORE) for place in range(len(guess.columns))]


def _decided(guess: ColumnMapping, *, key: str) -> ColumnMapping:
    """Return what the fields say now, which a callback has to ask for itself: see `session`."""
    targets = _targets(guess, key=key)
    named = zip(guess.columns, targets, strict=True)
    kind = TYPES.get(session.value(f"{key}_type")) if TYPE not in targets else None
    return ColumnMapping(
        columns=tuple(Mapped(header=each.header, target=target) for each, target in named),
        delimiter=guess.delimiter,
        template=session.typed(f"{key}_template") if URL not in targets else "",
        constant_type=kind,
        type_by_extension=TYPE not in targets and kind is None,
    )


def _column(sample: Sample, place: int, mapped: Mapped, *, key: str) -> None:
    examples = sample.values(place)
    offered = [*WORDS, _metadata(mapped)]
    with st.container(border=True, gap="xsmall", height="stretch"):
        st.text(mapped.header or "(no name)")
        st.markdown(code(examples[0][:60]) if examples else ":gray[No value]")
        st.selectbox(
            f"Column {place + 1} becomes",
            offered,
            index=offered.index(mapped.target) if mapped.target in offered else 0,
            format_func=lambda each: WORDS.get(each, each),
            key=key,
            persist_state="session",
        )
        if mapped.reason:
            st.text(mapped.reason.capitalize())


def _metadata(mapped: Mapped) -> str:
    """Return the metadata column that a column can become."""
    if mapped.target.startswith(KEY_PREFIX):
        return mapped.target
    return KEY_PREFIX + (mapped.header.strip().replace(" ", "_") or "column")


def _template(guess: ColumnMapping, *, key: str) -> None:
    st.text_input(
        "Pattern of the URLs",
        value=guess.template,
        key=key,
        placeholder="gs://bucket/{path}",
        persist_state="session",
        help="Column names in braces are replaced by the values of each row",
    )


def _type(guess: ColumnMapping, *, key: str) -> None:
    options = [BY_ENDING, *TYPES]
    known = guess.constant_type.label if guess.constant_type else BY_ENDING
    st.selectbox(
        "Type of the rows",
        options,
        index=options.index(known) if known in options else 0,
        key=key,
        persist_state="session",
    )


def _preview(sample: Sample, mapping: ColumnMapping) -> None:
    st.caption("The first rows, as they will be read")
    rows = [_row(mapping, cells) for cells in sample.rows[:PREVIEWED]]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content",
        alt="The first rows in the columns chosen",
    )


def _row(mapping: ColumnMapping, cells: tuple[str, ...]) -> dict[str, str]:
    url = url_of(mapping, cells)
    given = {
        WORDS.get(column.target, column.target): cell
        for column, cell in zip(mapping.columns, cells, strict=False)
        if column.target
    }
    guessed = mapping.constant_type or type_of_url(url)
    return {"Object URL": url, "Type": guessed.value if guessed else "", **given}


def _use(checked: CheckedManifest, guess: ColumnMapping, key: str) -> None:
    mapping = _decided(guess, key=key)
    if mapping.problems():
        return
    get_runtime().mappings.remember(mapping)
    order = MapOrder(options=checked.options.to_json(), mapping=mapping.to_json())
    mending.start(checked.summary.fingerprint, order)
