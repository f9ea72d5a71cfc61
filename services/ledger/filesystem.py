"""Where a SQLite ledger may live: not on a network share, whose locks it cannot trust."""

from pathlib import Path
from typing import Final

from services.ledger.errors import LedgerError

#: File systems of other machines. SQLite's WAL needs shared memory that they do not have.
SHARED: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "fuse.sshfs", "ceph", "glusterfs"}
)


class NetworkFolderError(LedgerError):
    """The ledger's folder is on a network share."""

    def __init__(self, folder: Path, kind: str) -> None:
        super().__init__(
            f"{folder} is on a network share ({kind}), where SQLite can lose data. Use a local "
            "folder in ENCORD_ONBOARDING_DATA_DIR, or PostgreSQL in ENCORD_ONBOARDING_DATABASE_URL."
        )


def refuse_network_folder(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Raise when a folder is on a network share; systems without a mount table are trusted.

    Raises:
        NetworkFolderError: It is.
    """
    if not mounts.exists():
        return
    kind = _kind_of(folder.resolve(), mounts.read_text(errors="replace"))
    if kind in SHARED:
        raise NetworkFolderError(folder, kind)


def _kind_of(folder: Path, table: str) -> str:
    """Return the file system of the longest mount point above a folder."""
    best = ("", "")
    for line in table.splitlines():
        fields = line.split()
        point = fields[1].replace("\\040", " ")
        if len(point) > len(best[0]) and folder.is_relative_to(point):
            best = (point, fields[2])
    return best[1]
