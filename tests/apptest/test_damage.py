"""What a person sees of a damaged ledger: what was found, what to do, and no page."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.runtime import opening
from services.bootstrap import Runtime
from services.ledger.keeping import DamagedLedgerError

SHELL = Path(__file__).resolve().parents[2] / "components" / "shell.py"
FINDING = "The history is broken at event 7: it, or what stood before it, was changed."


def test_every_page_says_what_is_damaged_and_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    damage = DamagedLedgerError([FINDING], Path("/data/backups/ledger-20261123T05.sqlite3"))

    def refuse(_settings: object) -> None:
        raise damage

    monkeypatch.setattr("components.runtime.build_runtime", refuse)
    opening.clear()
    page = AppTest.from_file(str(SHELL), default_timeout=30).run()
    assert not page.exception
    assert page.error[0].value.startswith("Stop the dashboard and every worker")
    assert (
        "ledger restore /data/backups/ledger-20261123T05.sqlite3 --replace" in page.error[0].value
    )
    assert FINDING in [text.value for text in page.text]
    assert not page.title
    opening.clear()


def test_a_disk_that_fills_up_is_said_until_there_is_room(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 5 * 1024 * 1024
    monkeypatch.setattr(
        "components.disk.shutil.disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 0, free)
    )
    page = AppTest.from_file(str(SHELL), default_timeout=30).run()
    assert [said.proto.title for said in page.warning] == ["The disk is nearly full"]
    assert "5.0 MiB" in page.warning[0].value
    assert "runs go on by themselves as soon as there is room" in page.warning[0].value
    free = 10**12
    assert not page.run().warning
