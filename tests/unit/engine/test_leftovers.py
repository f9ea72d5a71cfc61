"""What killed processes left is removed; what somebody is at stays."""

import io
import os
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from services.bootstrap import build_runtime, sweep_leftovers
from services.engine.proof.rows import write_columns
from services.settings import Settings

LONG_AGO = time.time() - 3600


class CutError(OSError):
    """The connection an upload came over is gone."""


class Cut(io.BytesIO):
    """An upload that breaks off in its middle."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 0:
            raise CutError
        return super().read(1000)


def old(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("half")
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_only_what_nobody_touches_any_more_is_removed(tmp_path: Path) -> None:
    gone = [old(tmp_path / "outbox" / "f~1.json"), old(tmp_path / "manifests" / "upload-a")]
    gone.append(old(tmp_path / "receipts" / "a.expected.1.part"))
    sending = old(tmp_path / "outbox" / "a" / "f~3.json").parent
    os.utime(sending, (LONG_AGO, LONG_AGO))
    gone.append(sending)
    report = tmp_path / "buckets" / "view" / "reports" / "a.report"
    check = old(tmp_path / "manifests" / "abc" / "check.1.part" / "entries-00000.arrow").parent
    gone += [old(report), check]
    for path in (report, check):
        os.utime(path, (LONG_AGO - 86_400, LONG_AGO - 86_400))
    waiting = old(report.with_name("b.report"))
    fresh = tmp_path / "outbox" / "f~2.json"
    fresh.write_text("being sent")
    kept = old(tmp_path / "manifests" / "record.json")
    assert sweep_leftovers(Settings(data_dir=tmp_path)) == len(gone)
    assert not any(path.exists() for path in gone)
    assert fresh.exists()
    assert waiting.exists()
    assert kept.exists()


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    runtime = build_runtime(Settings(data_dir=tmp_path))
    for _ in range(100):
        with pytest.raises(CutError):
            runtime.manifests.add("half.csv", Cut(b"ObjectURL\n" * 1000))
    assert list((tmp_path / "manifests").iterdir()) == []
    assert runtime.manifests.recent() == []
    runtime.ledger.engine.dispose()


class Overtaken(pl.DataFrame):
    """Columns that somebody else writes to the same file before these are in place."""

    def write_ipc(self, file: Path, **options: Any) -> None:  # type: ignore[override]
        super().write_ipc(file, **options)
        write_columns(pl.DataFrame({"n": [1]}), file.with_name("a.arrow"))


def test_two_who_write_the_same_columns_leave_a_whole_file(tmp_path: Path) -> None:
    write_columns(Overtaken({"n": [2]}), tmp_path / "a.arrow")
    assert pl.read_ipc(tmp_path / "a.arrow")["n"].to_list() == [2]
    assert [path.name for path in tmp_path.iterdir()] == ["a.arrow"]
