"""A table of one page of rows, fetched by the service; totals are always in view."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Generic, Protocol, TypeVar

import pyarrow as pa
import streamlit as st

from components import glossary, layout, session
from components.status import Status
from components.text import count, number, told_apart

ACTION, OPEN = "Action", ":material/open_in_new: Open"
#: How every table looks.
GRID: Final[dict[str, Any]] = {"hide_index": True, "row_height": 38, "height": "content"}
#: Of a table that nothing narrows.
NO_FILTERS: Final[Mapping[str, object]] = MappingProxyType({})
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Rows(Protocol[T_co]):
    """One page of rows out of many, whichever service it comes from."""

    @property
    def rows(self) -> Sequence[T_co]:
        """The rows of this page."""

    @property
    def total(self) -> int:
        """How many rows match in all."""

    @property
    def more(self) -> bool:
        """Whether there are more than `total`: counting stopped there."""


#: Offset and limit to one page of rows.
Fetch = Callable[[int, int], Rows[T]]


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column: its heading, what it shows of a row, and how."""

    label: str
    value: Callable[[T], object]
    config: Any = None
    width: int | None = None
    #: The glossary's word that is new here.
    word: str = ""

    def settings(self, cells: Sequence[object]) -> Any:  # noqa: ANN401 - Streamlit's column types share no base
        """Return Streamlit's settings of the column; numbers get separators."""
        if self.config:
            return self.config
        numbers = [cell for cell in cells if cell is not None]
        about = glossary.about(self.word)
        if numbers and all(type(cell) is int for cell in numbers):
            return st.column_config.NumberColumn(format="localized", width=self.width, help=about)
        return st.column_config.Column(width=self.width, help=about)


@dataclass(frozen=True, kw_only=True)
class Opening(Generic[T]):
    """How a row is opened: by its button, and by keyboard from a list of the same rows."""

    act: Callable[[T], None]
    #: What the list is for.
    label: str
    #: What a row is called in the list.
    name: Callable[[T], str]
    #: What tells a row from others of its name; empty for one that cannot be opened.
    id: Callable[[T], str]


@dataclass(frozen=True, kw_only=True)
class PagedTable(Generic[T]):
    """How rows of one kind are shown."""

    columns: tuple[Column[T], ...]
    #: What a row is, for the line of totals.
    noun: str
    #: What the table shows, for a screen reader.
    alt: str
    #: The glossary's word for a row, where it is new.
    word: str = ""
    page_rows: int = 25
    nothing: str = "There is none yet."
    opening: Opening[T] | None = None

    def show(
        self,
        fetch: Fetch[T],
        *,
        key: str,
        name: str,
        nothing: str = "",
        filters: Mapping[str, object] = NO_FILTERS,
    ) -> Sequence[T]:
        """Draw the asked-for page and return its rows.

        Args:
            fetch: Reads one page of rows.
            key: Names the table's widgets.
            name: The page number's name in the URL.
            nothing: What to say when there is no row, should it not be for a filter.
            filters: The widgets that filter, by key, with the value that lets everything pass.
        """
        return self._show(fetch, key, name, nothing, filters)[0]

    def choose(
        self,
        fetch: Fetch[T],
        *,
        key: str,
        name: str,
        nothing: str = "",
        filters: Mapping[str, object] = NO_FILTERS,
    ) -> Sequence[T]:
        """Draw the asked-for page with a box before each row, and return the rows ticked."""
        rows, picked = self._show(fetch, key, name, nothing, filters, selectable=True)
        return [rows[place] for place in picked if place < len(rows)]

    def _show(
        self,
        fetch: Fetch[T],
        key: str,
        name: str,
        nothing: str,
        filters: Mapping[str, object],
        *,
        selectable: bool = False,
    ) -> tuple[Sequence[T], Sequence[int]]:
        known = int(session.value(name) or 1)
        page = self._fetch(fetch, known)
        if not page.total:
            if any((session.value(each) or every) != every for each, every in filters.items()):
                layout.filtered_out(filters, key=key)
            else:
                st.caption(nothing or self.nothing)
            return (), ()
        place = st.container(gap="xsmall", key=key)
        pages = -(-page.total // self.page_rows)
        asked = st.pagination(pages, key=name, bind="query-params") if pages > 1 else 1
        if asked != known:
            page = self._fetch(fetch, asked)
        with place:
            picked = self._draw(page, (asked - 1) * self.page_rows, key=key, selectable=selectable)
            if self.opening:
                _open_list(self.opening, page.rows, key=f"{key}_choice")
        return page.rows, picked

    def _fetch(self, fetch: Fetch[T], page: int) -> Rows[T]:
        return fetch((page - 1) * self.page_rows, self.page_rows)

    def _draw(
        self, page: Rows[T], start: int, *, key: str, selectable: bool = False
    ) -> Sequence[int]:
        end = start + len(page.rows)
        if len(page.rows) < page.total:
            many = f"more than {count(page.total, self.noun)}" if page.more else ""
            whole = many or count(page.total, self.noun)
            said = f"{number(start + 1)} to {number(end)} of {whole}"
        else:
            said = count(page.total, self.noun)
        st.caption(said, help=glossary.about(self.word))
        cells = {column.label: [column.value(row) for row in page.rows] for column in self.columns}
        settings = {each.label: each.settings(cells[each.label]) for each in self.columns}
        if self.opening:
            cells[ACTION] = [OPEN] * len(page.rows)
            settings[ACTION] = _open_column(self.opening, page.rows, key=f"{key}_open")
        # Pandas would be made Arrow all the same, in ten times the time.
        table = pa.table(cells)
        if not selectable:
            st.dataframe(table, key=f"{key}_grid", alt=self.alt, column_config=settings, **GRID)
            return ()
        # Ticks belong to rows: another page, or another filter, is another grid.
        rows = zlib.crc32(repr(cells).encode())
        chosen = st.dataframe(
            table,
            key=f"{key}_grid_{rows}",
            on_select="rerun",
            selection_mode="multi-row",
            alt=self.alt,
            column_config=settings,
            **GRID,
        )
        return list(chosen.selection.rows)


def _open_column(opening: Opening[T], rows: Sequence[T], *, key: str) -> Any:  # noqa: ANN401 - see `settings`
    def clicked() -> None:
        click = session.value(key)
        if click:
            opening.act(rows[click["row"]])

    return st.column_config.ButtonColumn(
        ACTION, type="tertiary", width=85, key=key, on_click=clicked
    )


def _open_list(opening: Opening[T], rows: Sequence[T], *, key: str) -> None:
    """Draw the rows as a list too: no key reaches a button in a table."""
    known = {each: row for row in rows if (each := opening.id(row))}
    named = told_apart({each: opening.name(row) for each, row in known.items()})
    st.selectbox(
        opening.label,
        list(named),
        index=None,
        format_func=lambda each: named.get(each, each),
        placeholder="Choose from the table above",
        key=key,
        on_change=_open_chosen,
        args=(opening, known, key),
    )


def _open_chosen(opening: Opening[T], known: Mapping[str, T], key: str) -> None:
    row = known.get(str(session.value(key)))
    # A list that stays on the page is for the next row.
    session.set_value(key, None)
    if row is not None:
        opening.act(row)


def status_column(label: str, statuses: Mapping[Any, Status], *, width: int = 130) -> Any:  # noqa: ANN401
    """Return a column that shows one status as a colored word."""
    options = list(dict.fromkeys(status.word for status in statuses.values()))
    colors = {status.word: status.color for status in statuses.values()}
    return st.column_config.MultiselectColumn(
        label, options=options, color=[colors[word] for word in options], width=width
    )
