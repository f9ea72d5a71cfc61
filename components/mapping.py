"""Say what the columns of a foreign CSV mean, see the first rows, and make a manifest of it."""

from typing import Final

import pandas as pd
import streamlit as st

from components import layout, mending
from components.runtime import get_runtime
from components.text import code
from services.domain.entries import EntryType
from services.manifests import mapping_apply
from services.manifests.checked import CheckedManifest
from services.manifests.csv_layout import METADATA
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
        mapping = _ask(sample, _guess(sample), key=prefix)
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
            args=(checked, mapping),
        )


def _is_needed(checked: CheckedManifest) -> bool:
    """Tell whether a CSV has no column that is known to hold URLs."""
    return checked.summary.format.startswith("csv") and UNKNOWN_HEADER in checked.summary.counts


def _guess(sample: Sample) -> ColumnMapping:
    return get_runtime().mappings.recall(sample.headers, sample.delimiter) or suggest(sample)


def _ask(sample: Sample, guess: ColumnMapping, *, key: str) -> ColumnMapping:
    with st.grid(3, min_column_width=240):
        columns = tuple(
            _column(sample, place, mapped, key=f"{key}_{place}")
            for place, mapped in enumerate(guess.columns)
        )
    targets = [column.target for column in columns]
    template, kind = "", None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if URL not in targets:
            template = _template(guess, key=key)
        if TYPE not in targets:
            kind = _type(guess, key=key)
    return ColumnMapping(
        columns=columns,
        delimiter=guess.delimiter,
        template=template,
        constant_type=kind,
        type_by_extension=TYPE not in targets and kind is None,
    )


def _column(sample: Sample, place: int, mapped: Mapped, *, key: str) -> Mapped:
    examples = sample.values(place)
    offered = [*WORDS, _metadata(mapped)]
    with st.container(border=True, gap="xsmall", height="stretch"):
        st.text(mapped.header or "(no name)")
        st.markdown(code(examples[0][:60]) if examples else ":gray[No value]")
        target = st.selectbox(
            f"Column {place + 1} becomes",
            offered,
            index=offered.index(mapped.target) if mapped.target in offered else 0,
            format_func=lambda each: WORDS.get(each, each),
            key=key,
        )
        if mapped.reason:
            st.text(mapped.reason.capitalize())
    return Mapped(header=mapped.header, target=str(target))


def _metadata(mapped: Mapped) -> str:
    """Return the metadata column that a column can become."""
    if mapped.target.startswith(METADATA):
        return mapped.target
    return METADATA + (mapped.header.strip().replace(" ", "_") or "column")


def _template(guess: ColumnMapping, *, key: str) -> str:
    return (
        st.text_input(
            "Pattern of the URLs",
            value=guess.template,
            key=f"{key}_template",
            placeholder="gs://bucket/{path}",
            help="Column names in braces are replaced by the values of each row",
        )
        or ""
    ).strip()


def _type(guess: ColumnMapping, *, key: str) -> EntryType | None:
    options = [BY_ENDING, *TYPES]
    known = guess.constant_type.label if guess.constant_type else BY_ENDING
    chosen = st.selectbox(
        "Type of the rows",
        options,
        index=options.index(known) if known in options else 0,
        key=f"{key}_type",
    )
    return TYPES.get(chosen)


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


def _use(checked: CheckedManifest, mapping: ColumnMapping) -> None:
    get_runtime().mappings.remember(mapping)
    order = MapOrder(options=checked.options.to_json(), mapping=mapping.to_json())
    mending.start(checked.summary.fingerprint, order)
