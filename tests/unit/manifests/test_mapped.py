"""What is mapped from disk: a document whose memory is given back, and columns."""

import mmap
from pathlib import Path

import polars as pl
import pytest

from services.manifests.arrow_files import open_columns
from services.manifests.columns import SCHEMA
from services.manifests.document import open_document

PAGE = mmap.PAGESIZE


@pytest.mark.parametrize(
    ("start", "end"),
    [(1, 3 * PAGE - 1), (0, 2 * PAGE), (5, 9), (PAGE - 1, PAGE + 1), (2 * PAGE, 3 * PAGE + 7)],
)
def test_what_was_let_go_is_there_when_it_is_looked_at_again(
    tmp_path: Path, start: int, end: int
) -> None:
    text = bytes(97 + place % 26 for place in range(3 * PAGE + 7))
    (tmp_path / "m.json").write_bytes(text)
    document = open_document(tmp_path / "m.json", tmp_path / "spool", max_bytes=len(text))
    document.let_go(start, end)
    assert document.data[:] == text


@pytest.mark.parametrize("height", [0, 3])
def test_mapped_columns_are_those_that_were_written(tmp_path: Path, height: int) -> None:
    path = tmp_path / "c.arrow"
    row = ("image", "T", "gs://b/k", 1, True, 0, 9, None, b"{}")
    frame = pl.DataFrame([row] * height, schema=SCHEMA, orient="row")
    frame.write_ipc(path, compression="uncompressed")
    found = open_columns(path)
    assert found.schema == frame.schema
    assert found.equals(frame)
    assert open_columns(path, ["valid", "url"]).columns == ["valid", "url"]
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="too small"):
        open_columns(path)
