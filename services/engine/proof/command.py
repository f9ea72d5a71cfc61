"""The command line over receipts: `verify-receipt FILE`, with the rows beside it or named.

Exit codes: 0 everything holds, 1 something was altered, 2 wrong usage or unreadable.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl
from sqlalchemy import select

from services.engine.proof import receipt
from services.engine.proof.rows import FORMATS, VerifiedRows, load
from services.ledger.care import opened, sqlite_path
from services.ledger.errors import LedgerError
from services.ledger.keeping import require_whole
from services.ledger.tables import RECEIPT

_ALTERED: Final = 1
_USAGE: Final = 2


def main(argv: list[str], data_dir: Path, ledger_url: str) -> int:
    """Check one receipt and return the exit code."""
    try:
        asked = _parser().parse_args(argv)
    except SystemExit as ended:  # argparse has said what is wrong
        return 0 if ended.code == 0 else _USAGE
    try:
        body = receipt.read(asked.file)
        rows = _rows(asked, body, data_dir)
    except ValueError as problem:
        return _say(f"error: this cannot be read as a receipt with its rows: {problem}", _USAGE)
    try:
        require_whole(ledger_url, data_dir / "backups")
    except LedgerError as refused:
        return _say(str(refused), _USAGE)
    ledger, is_other = _in_ledger(body, ledger_url)
    found = [*receipt.objections(body, rows), *([ledger] if is_other else [])]
    for sentence in found:
        _say(sentence)
    if rows is None:
        _say("Its rows were not looked at: name their file with --rows.")
    if not is_other:
        _say(ledger)
    if found:
        return _say("The receipt is REFUSED.", _ALTERED)
    counts = body["counts"]
    words = ", ".join(f"{n:,} {verdict}" for verdict, n in counts["verdicts"].items() if n)
    proven = "everything arrived" if body["proven"] else "not everything arrived"
    return _say(f"The receipt holds: {proven}. {counts['expected']:,} expected, {words}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m services verify-receipt", description=__doc__)
    parser.add_argument("file", type=Path, help="the receipt, JSON")
    parser.add_argument("--rows", type=Path, help="its rows: .jsonl or .parquet")
    return parser


def _rows(asked: argparse.Namespace, body: dict[str, Any], data_dir: Path) -> pl.DataFrame | None:
    """Return the rows: those named, those beside the receipt, or those this machine keeps."""
    name = str(body.get("receipt", ""))
    beside = [asked.file.with_name(f"verification-{name}.{form}") for form in FORMATS]
    kept = VerifiedRows(data_dir / "receipts").path(Path(name).name)
    choices = [asked.rows] if asked.rows else [*beside, kept]
    readable = (path for path in choices if path.suffix != ".csv" and path.exists())
    path = next(readable, asked.rows)
    return None if path is None else load(path)


def _in_ledger(body: dict[str, Any], ledger_url: str) -> tuple[str, bool]:
    """Say what the ledger of this machine knows, and whether that contradicts the receipt."""
    file = sqlite_path(ledger_url)
    if file is not None and not file.is_file():
        return "There is no ledger here to compare it with.", False
    with opened(ledger_url) as cx:
        chosen = select(RECEIPT.c.body).where(RECEIPT.c.id == str(body.get("receipt")))
        known = cx.scalar(chosen)
    if not known:
        return "The ledger here does not know it.", False
    if receipt.seal_of(body) == receipt.seal_of(orjson.loads(known)):
        return "The ledger here has the same.", False
    return "The ledger here has ANOTHER receipt of this id.", True


def _say(text: str, code: int = 0) -> int:
    sys.stdout.write(text + "\n")
    return code
