"""What killed processes left is removed; what somebody is at stays."""

import io
import os
import time
from pathlib import Path

import pytest

from services.bootstrap import build_runtime, sweep_leftovers
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
    sending = old(tmp_path / "outbox" / "a" / "f~3.json").parent
    os.utime(sending, (LONG_AGO, LONG_AGO))
    gone.append(sending)
    report = tmp_path / "buckets" / "view" / "reports" / "a.report"
    gone.append(old(report))
    os.utime(report, (LONG_AGO - 86_400, LONG_AGO - 86_400))
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
