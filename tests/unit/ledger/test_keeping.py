"""A damaged ledger is refused and left as it is; every hour has its backup, and those come back."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from services.bootstrap import build_runtime
from services.engine.keeper import EXIT_DAMAGED, Keeper
from services.ledger.care import Examination, examine, sqlite_path
from services.ledger.copies import CopyError, restore
from services.ledger.errors import LedgerAwayError
from services.ledger.keeping import (
    HOURS,
    DamagedLedgerError,
    keep,
    newest,
    noted,
    require_whole,
)
from services.ledger.store import Ledger
from services.ledger.tables import META, OUTCOME
from services.settings import Settings
from tests.unit.ledger.test_care import fill

pytestmark = pytest.mark.usefixtures("forked")

ROOT = Path(__file__).resolve().parents[3]


class Kept:
    """A filled ledger in a data directory, as the dashboard has it."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder)
        self.url, self.backups = self.settings.ledger_url, self.settings.backups
        self.file = folder / "ledger.sqlite3"
        ledger = Ledger(self.url)
        fill(ledger)
        ledger.engine.dispose()

    def damage(self, table: str) -> None:
        """Let a seal say something else than its table, as damage to either does."""
        ledger = Ledger(self.url)
        with ledger.transaction() as cx:
            cx.execute(update(META).where(META.c.key == f"seal {table}").values(value="0" * 32))
        ledger.engine.dispose()

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "ENCORD_ONBOARDING_DATA_DIR": str(self.settings.data_dir)}
        return subprocess.run(
            [sys.executable, "-m", "services", *words],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_a_damaged_ledger_is_refused_and_stays_as_it_is(kept: Kept) -> None:
    require_whole(kept.url, kept.backups)
    kept.damage("run")
    before = kept.file.read_bytes()
    with pytest.raises(DamagedLedgerError, match="The table run was changed") as refused:
        build_runtime(kept.settings)
    assert "There is no backup" in refused.value.remedy
    assert kept.file.read_bytes() == before


def test_a_database_that_is_away_is_not_called_damaged(tmp_path: Path) -> None:
    for look in (require_whole, keep):
        with pytest.raises(LedgerAwayError, match="Connection refused"):
            look("postgresql://nobody@127.0.0.1:1/none", tmp_path)


def test_a_look_at_the_sandboxs_bucket_says_that_the_ledger_is_damaged(kept: Kept) -> None:
    kept.damage("run")
    ended = kept.command("check-bucket", "encord-demo-bucket", "--connection", "sandbox")
    assert ended.returncode == 2
    assert ended.stderr.startswith("The ledger is damaged.")


def test_every_hour_has_one_backup_and_a_day_has_enough(kept: Kept) -> None:
    kept.backups.mkdir()
    for hour in range(30):
        (kept.backups / f"ledger-20200101T{hour:02}.sqlite3").touch()
    assert keep(kept.url, kept.backups) == newest(kept.backups)
    assert keep(kept.url, kept.backups) is None
    found = sorted(kept.backups.iterdir())
    assert len(found) == HOURS
    assert found[-1].name == f"ledger-{datetime.now(UTC):%Y%m%dT%H}.sqlite3"


def test_workers_that_back_up_at_the_same_moment_leave_one_whole_backup(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(url: str) -> Examination:
        monkeypatch.undo()
        assert keep(kept.url, kept.backups), "another worker's"
        return examine(url)

    monkeypatch.setattr("services.ledger.copies.examine", meanwhile)
    assert keep(kept.url, kept.backups), "the other worker took this one's copy away"
    made = list(kept.backups.iterdir())
    assert made == [newest(kept.backups)]
    assert examine(f"sqlite:///{made[0]}").is_whole


def test_a_backup_that_could_not_be_made_is_not_said_to_be_there(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_a_bad_disk(url: str) -> Examination:
        part = sqlite_path(url)
        assert part is not None
        part.write_bytes(part.read_bytes()[:-5000])
        return examine(url)

    monkeypatch.setattr("services.ledger.copies.examine", on_a_bad_disk)
    with pytest.raises(CopyError, match="not whole"):
        keep(kept.url, kept.backups)
    assert list(kept.backups.iterdir()) == []


def test_what_a_killed_backup_left_is_removed_by_a_later_one(kept: Kept) -> None:
    kept.backups.mkdir()
    left, fresh = (kept.backups / f"ledger-20200101T00.sqlite3.{n}.part" for n in "ab")
    left.touch()
    fresh.touch()
    os.utime(left, (0, 0))
    keep(kept.url, kept.backups)
    assert not left.exists()
    assert fresh.exists(), "it may be another worker's, being written"


def test_damage_to_outcomes_is_found_by_the_backup_and_mended_by_the_last(kept: Kept) -> None:
    good = keep(kept.url, kept.backups)
    assert good is not None
    last = good.rename(good.with_name("ledger-20200101T00.sqlite3"))
    kept.damage("outcome")
    require_whole(kept.url, kept.backups)
    with pytest.raises(DamagedLedgerError, match=str(last)):
        keep(kept.url, kept.backups)
    said = noted(kept.backups)
    assert said is not None
    assert "The table outcome was changed by something other than this program." in said.findings
    with pytest.raises(DamagedLedgerError):
        require_whole(kept.url, kept.backups)
    assert newest(kept.backups) == last, "a damaged ledger pushes no good backup out"
    restore(last, kept.url, replace=True)
    require_whole(kept.url, kept.backups)
    assert noted(kept.backups) is None
    ledger = Ledger(kept.url)
    with ledger.reading() as cx:
        assert cx.scalar(select(OUTCOME.c.run).limit(1))
    ledger.engine.dispose()


def test_the_keeper_stops_the_work_when_the_ledger_is_damaged(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCORD_ONBOARDING_DATA_DIR", str(kept.settings.data_dir))
    stopped: list[bool] = []
    keeper = Keeper(kept.backups, on_damage=lambda: stopped.append(True))
    keeper.keep()
    assert newest(kept.backups)
    assert not stopped
    for made in kept.backups.iterdir():
        made.unlink()
    kept.damage("outcome")
    keeper.keep()
    assert stopped


def test_commands_refuse_a_damaged_ledger(kept: Kept, tmp_path: Path) -> None:
    kept.damage("work")
    before = kept.file.read_bytes()
    words = ("onboard", "m.csv", "--integration", "Demo bucket", "--folder", "F")
    asked, worker = kept.command(*words), kept.command("worker")
    assert (asked.returncode, worker.returncode) == (2, EXIT_DAMAGED)
    for said in (asked.stderr, worker.stderr):
        assert "The ledger is damaged. The table work was changed" in said
        assert "Traceback" not in said
    assert kept.file.read_bytes() == before
