"""Keep a ledger: refuse a damaged one, and have a verified backup of every hour.

Starting looks at what runs are moved by; that takes seconds whatever the ledger's size. The hourly
backup looks at everything. What it finds stands in a note beside the backups, and from then on
nobody works on the ledger until it was restored or is found whole again.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from services.ledger.care import examine, sqlite_path
from services.ledger.copies import PART, CopyError, backup, is_empty
from services.ledger.errors import LedgerError

HOURS: Final = 24
#: A copy that nobody wrote to for this long was left by a process that was killed.
_LEFT: Final = timedelta(hours=2)
_NOTE: Final = "DAMAGED.txt"


class DamagedLedgerError(LedgerError):
    """The ledger is not whole: nothing may be read from it or written to it."""

    def __init__(self, findings: Sequence[str], newest: Path | None) -> None:
        self.findings = tuple(findings)
        self.newest = newest
        remedy = (
            f"Stop the dashboard and every worker, then put the newest backup in its place: "
            f"python -m services ledger restore {newest} --replace"
            if newest
            else "There is no backup. Move the ledger aside, start again, and rescue each run from "
            "its folder on the Runs page."
        )
        self.remedy = remedy
        super().__init__(f"The ledger is damaged. {' '.join(findings)} {remedy}")


def require_whole(url: str, folder: Path) -> None:
    """Look at a ledger before anybody works on it; one that does not exist yet is whole.

    Args:
        url: Where the ledger is.
        folder: Where its backups are.

    Raises:
        DamagedLedgerError: It is damaged. Nothing was changed.
        LedgerAwayError: Its database cannot be reached.
    """
    note = folder / _NOTE
    if _is_new(url):
        return
    found = examine(url, quick=not note.exists())
    if found.findings:
        raise DamagedLedgerError(found.findings, newest(folder))
    note.unlink(missing_ok=True)


def noted(folder: Path) -> DamagedLedgerError | None:
    """Return what the last backup found wrong, if anything."""
    note = folder / _NOTE
    if not note.exists():
        return None
    return DamagedLedgerError(note.read_text(encoding="utf-8").splitlines(), newest(folder))


def keep(url: str, folder: Path) -> Path | None:
    """Make this hour's backup unless it is there, and drop those older than the newest 24.

    Raises:
        DamagedLedgerError: The ledger is damaged, which is noted; older backups stay.
        CopyError: The ledger is whole, but its copy is not.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"ledger-{datetime.now(UTC):%Y%m%dT%H}.sqlite3"
    if target.exists() or _is_new(url):
        return None
    try:
        backup(url, target)
    except CopyError:
        findings = examine(url).findings
        if not findings:
            if target.exists():  # another worker made the same copy at the same moment
                return None
            raise
        (folder / _NOTE).write_text("\n".join(findings), encoding="utf-8")
        raise DamagedLedgerError(findings, newest(folder)) from None
    for old in _backups(folder)[:-HOURS]:
        old.unlink(missing_ok=True)
    _sweep(folder)
    return target


def newest(folder: Path) -> Path | None:
    """Return the newest backup; each was verified when it was made."""
    return next(reversed(_backups(folder)), None)


def _sweep(folder: Path) -> None:
    """Remove what killed backups left."""
    before = (datetime.now(UTC) - _LEFT).timestamp()
    for part in folder.glob(f"ledger-*{PART}*"):
        with suppress(FileNotFoundError):
            if part.stat().st_mtime < before:
                part.unlink()


def _backups(folder: Path) -> list[Path]:
    return sorted(folder.glob("ledger-*.sqlite3"))


def _is_new(url: str) -> bool:
    path = sqlite_path(url)
    return not path.exists() if path else is_empty(url)
