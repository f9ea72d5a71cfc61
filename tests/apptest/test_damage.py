"""What a person sees of a damaged ledger, of one without its files, and of a full disk."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.runtime import opening
from services.bootstrap import Runtime
from services.ledger.keeping import DamagedLedgerError
from tests.apptest.conftest import Open, words
from tests.unit.engine.world import World

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
    free = 5_000_000
    monkeypatch.setattr(
        "components.disk.shutil.disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 0, free)
    )
    page = AppTest.from_file(str(SHELL), default_timeout=30).run()
    assert [said.proto.title for said in page.warning] == ["The disk is nearly full"]
    assert "5 MB are left" in page.warning[0].value
    assert "runs go on by themselves as soon as there is room" in page.warning[0].value
    free = 10**12
    assert not page.run().warning


def test_a_ledger_that_was_brought_without_its_files_is_shown(
    world: World, open_page: Open
) -> None:
    run = world.submit(world.images(3), dataset="Streets")
    world.settle()
    shutil.rmtree(world.folder / "receipts")
    shutil.rmtree(world.folder / "manifests")
    world.manifests.root.mkdir()
    said = words(open_page("verify", run=run))
    assert "All 3 entries matched" in said
    assert "The rows of this receipt are not on this server" in said
    assert "All 3 entries arrived" in words(open_page("overview", run=run))
    assert "3 of 3 entries arrived" in words(open_page("datasets", run=run))


def test_the_overview_is_there_while_a_run_is_rescued(world: World, open_page: Open) -> None:
    folder = world.encord.create_folder("Yard", "")
    world.onboarding.rescue(
        folder, connection="connection", account="SHA256:test", nonce="x", actor="tester"
    )
    assert "Check what arrived" in words(open_page("overview"))
