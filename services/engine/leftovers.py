"""Remove what a killed process left lying: documents it sent, uploads it took, files it made."""

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Older than this, nobody is at it any more: every send has a deadline far below.
AGE_SECONDS: Final = 600.0

#: Nothing touches an inventory report while it is taken, nor a check's folder while it ends; no
#: such work lasts as long.
WORK_AGE_SECONDS: Final = 86_400.0


def sweep(patterns: Iterable[tuple[Path, str]], *, age: float = AGE_SECONDS) -> int:
    """Delete by folder and pattern what was not touched for `age` seconds; count it."""
    return sum(
        _delete(path, time.time() - age)
        for folder, pattern in patterns
        for path in folder.glob(pattern)
    )


def _delete(path: Path, before: float) -> bool:
    with suppress(FileNotFoundError):  # another worker sweeps too
        if path.stat().st_mtime < before:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
            return True
    return False
