"""The data directory: one process at a time, private files written whole, the last port."""

import json
import os
import sqlite3
from pathlib import Path


class DirectoryInUseError(Exception):
    """Another sandbox serves from this directory."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"Another sandbox already runs with the data directory {directory}.")


def lock(directory: Path) -> sqlite3.Connection:
    """Hold the directory until the connection is closed, or the process ends in any way.

    SQLite's exclusive lock is used because it works alike on every system.
    """
    connection = sqlite3.connect(
        directory / "lock.sqlite", isolation_level=None, timeout=0, check_same_thread=False
    )
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise DirectoryInUseError(directory) from error
    return connection


def remembered_port(directory: Path) -> int:
    """Return the port of the last start, or 0."""
    try:
        url = json.loads((directory / "endpoint.json").read_text("utf-8"))["url"]
        return int(str(url).rpartition(":")[2])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read: all of it, or nothing."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    draft.replace(path)
