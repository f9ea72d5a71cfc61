"""The command line over the ledger: verify, backup FILE, restore FILE, and keep.

Exit codes: 0 whole or done, 1 damaged or refused, 2 wrong usage.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from services.ledger.care import Examination, examine
from services.ledger.copies import backup, restore
from services.ledger.errors import LedgerError
from services.ledger.keeping import keep

_FAILED: Final = 1
_USAGE: Final = 2


def main(argv: list[str], url: str) -> int:
    """Run one verb on the ledger at a URL and return its exit code."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as ended:  # argparse has said what is wrong
        return 0 if ended.code == 0 else _USAGE
    try:
        return int(arguments.verb(arguments, url))
    except (LedgerError, SQLAlchemyError, OSError) as problem:
        sys.stderr.write(f"error: {str(getattr(problem, 'orig', None) or problem).strip()}\n")
        return _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m services ledger", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verifying = verbs.add_parser("verify", help="say whether the ledger is whole")
    verifying.add_argument("file", nargs="?", type=Path, help="a backup, instead of the ledger")
    verifying.add_argument("--head", metavar="HASH", help="the newest event as noted earlier")
    verifying.set_defaults(verb=_verify)
    copying = verbs.add_parser("backup", help="write the ledger to one verified file")
    copying.add_argument("file", type=Path)
    copying.set_defaults(verb=_backup)
    restoring = verbs.add_parser("restore", help="put a backup in the ledger's place")
    restoring.add_argument("file", type=Path)
    restoring.add_argument("--replace", action="store_true", help="keep the present ledger aside")
    restoring.set_defaults(verb=_restore)
    keeping = verbs.add_parser("keep", help="make this hour's backup, keep the newest 24")
    keeping.add_argument("folder", type=Path)
    keeping.set_defaults(verb=_keep)
    return parser


def _verify(arguments: argparse.Namespace, url: str) -> int:
    chosen = f"sqlite:///{arguments.file}" if arguments.file else url
    found = examine(chosen, head=arguments.head)
    for sentence in found.findings:
        _say(sentence)
    _say(f"The ledger is {'whole' if found.is_whole else 'damaged'}: {_summary(found)}")
    return 0 if found.is_whole else _FAILED


def _backup(arguments: argparse.Namespace, url: str) -> int:
    found = backup(url, arguments.file)
    _say(f"Wrote and verified {arguments.file}: {_summary(found)}")
    return 0


def _restore(arguments: argparse.Namespace, url: str) -> int:
    kept = restore(arguments.file, url, replace=arguments.replace)
    if kept:
        _say(f"The ledger that was there is kept as {kept}.")
    _say("Restored. Uploads that may have been sent since the backup are looked for first.")
    return 0


def _keep(arguments: argparse.Namespace, url: str) -> int:
    if hasattr(os, "nice"):
        os.nice(10)  # steps and pages come first
    made = keep(url, arguments.folder)
    _say(f"Wrote and verified {made}" if made else "This hour's backup is there.")
    return 0


def _summary(found: Examination) -> str:
    return f"{found.runs:,} runs, {found.events:,} events, head {found.head}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
