"""What is told of a whole column sooner is what is told of its cells one by one."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.entries import EntryType
from services.manifests import csv_grid
from services.manifests.csv_grid import Room, Text, read_grid
from services.manifests.options import CheckOptions
from services.manifests.url_columns import count_buckets, doubtful_urls

CELLS = st.sampled_from(
    [
        *["", "image", "Image", "video", "12345678", "123456789", "pdf ", "é"],
        *map("ä".ljust, (12, 13)),
    ]
)
URLS = st.builds(
    "gs://{}/{}{}".format,
    st.sampled_from("ab"),
    st.sampled_from(["x", "x y", "1.mp4/2", "", "x#y", "x?y", "x\\y", "x'y", "x\x7fy", "é"]),
    st.sampled_from(["", ".jpg", ".JPG", ".png", ".mp4", ".Mov", ".unknown", ".pdf"]),
)


@given(st.lists(CELLS, min_size=1, max_size=4))
def test_a_shared_cell_is_what_every_line_has(cells: list[str]) -> None:
    data = "".join(f"{cell},{place}\n" for place, cell in enumerate(cells)).encode()
    grid = read_grid(Text.of(data, 0, len(data)), ",", 2)
    shared = grid.shared(0)
    assert grid.cells(0).to_list() == cells
    is_told = len(set(cells)) == 1 and cells[0].isascii() and len(cells[0]) <= 8
    assert shared == (cells[0] if is_told else None)
    assert grid.shared(1) == ("0" if len(cells) == 1 else None)


def test_a_shared_cell_in_quotes_is_read_like_the_others() -> None:
    data = b'"image",1\n"image",2\n'
    grid = read_grid(Text.of(data, 0, len(data)), ",", 2)
    assert grid.shared(0) is None
    assert grid.cells(0).to_list() == ["image", "image"]


def test_a_line_of_more_signs_than_there_was_room_for_is_cut_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = b"a" + b",b" * 40 + b"\n" + b"c" + b",d" * 40 + b"\n"
    monkeypatch.setattr(csv_grid, "_BLOCK", 8)
    monkeypatch.setattr(csv_grid, "_ROOM", 8)
    grid = read_grid(Text.of(data, 0, len(data)), ",", 41)
    assert grid.cells(0).to_list() == ["a", "c"]
    assert grid.cells(40).to_list() == ["b", "d"]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_lines_are_plain_by_their_own_cells_and_not_by_those_of_all(widths: list[int]) -> None:
    data = "".join("x," * (width - 1) + "y\n" for width in widths).encode()
    grid = read_grid(Text.of(data, 0, len(data)), ",", 2)
    assert grid.plain.tolist() == [width == 2 for width in widths]
    assert grid.cells(0).to_list() == ["x"] * widths.count(2)
    assert grid.cells(1).to_list() == ["y"] * widths.count(2)


def test_a_room_is_used_again() -> None:
    room = Room()
    for cells in (["a", "b"], ["c"], ["d", "e", "f"]):
        data = "".join(f"{cell},1\n" for cell in cells).encode()
        grid = read_grid(Text.of(data, 0, len(data)), ",", 2, highest=ord("f"), room=room)
        assert grid.cells(0).to_list() == cells
        assert not grid.bare(0).tolist().count(False)


def test_a_bare_cell_has_none_of_the_signs() -> None:
    data = b"1,a,x y\n2,b c,d\r\n\n3,e'f,g\n,,\n"
    grid = read_grid(Text.of(data, 0, len(data)), ",", 3)
    assert grid.bare(0).tolist() == [True] * 4
    assert grid.bare(1).tolist() == [True, False, False, True]
    assert grid.bare(2).tolist() == [False, False, True, True]
    for sign in (b"#", b"?", b"\\", b'"', "é".encode()):
        grid = read_grid(Text.of(data + sign, 0, len(data + sign)), ";", 1)
        assert not grid.bare(0).any(), sign


@given(
    st.lists(URLS, min_size=1, max_size=5), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"])
)
def test_urls_are_doubted_alike_whatever_is_known_of_their_cells(
    urls: list[str], delimiter: str, end: str
) -> None:
    data = "".join(f"{url}{delimiter}1{end}" for url in urls).encode()
    grid = read_grid(Text.of(data, 0, len(data)), delimiter, 2)
    cells, bare = grid.cells(0).alias("url"), pl.lit(pl.Series(grid.bare(0)))
    told = doubtful_urls(cells, EntryType.IMAGE, CheckOptions(), bare)
    assert told.to_list() == doubtful_urls(cells, EntryType.IMAGE, CheckOptions()).to_list()


@given(st.lists(URLS, max_size=5), st.sampled_from([EntryType.IMAGE, EntryType.VIDEO]))
def test_urls_together_are_doubted_and_counted_as_each_alone(
    urls: list[str], kind: EntryType
) -> None:
    options = CheckOptions()
    together = pl.Series("url", urls, dtype=pl.String)
    alone = [pl.Series("url", [url]) for url in urls]
    expected = [each for url in alone for each in doubtful_urls(url, kind, options)]
    assert doubtful_urls(together, kind, options).to_list() == expected
    assert count_buckets(together).total() == len(urls)
