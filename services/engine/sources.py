"""Manifests that are not uploaded: a file in a folder the operator allowed, an object in a bucket.

A path is never typed: people choose from what the allowed folders hold.
"""

import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from services.cloud_storage.credentials import CredentialProblem
from services.cloud_storage.errors import StorageError
from services.cloud_storage.interface import BucketReader
from services.engine.errors import ConnectionProblem
from services.jobs import AT_ONCE, RESULT, Jobs, JobState, Progress, unwatched
from services.manifests.errors import ManifestError
from services.manifests.store import ManifestStore

SUFFIXES: Final = (".csv", ".json", ".jsonl", ".ndjson")
#: A folder with more than this is not a folder of manifests.
MOST_FILES: Final = 500
_OBJECT: Final = re.compile(r"gs://([^/?#]+)/([^?#]+)")


#: Opens a bucket as whoever asks, and knows no key before.
OpenReader = Callable[[], BucketReader]


class TakeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest to take: a file as `Sources.files` names it, or an object."""

    file: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFile:
    """A manifest in an allowed folder."""

    #: Names it among the allowed folders' files; means nothing anywhere else.
    id: str
    name: str
    bytes: int


class Sources:
    """Where manifests come from, beside the browser."""

    def __init__(
        self,
        manifests: ManifestStore,
        folders: tuple[Path, ...],
        jobs: Jobs,
    ) -> None:
        """Take the store, the allowed folders, and the jobs that call `carry_out`."""
        self._manifests = manifests
        self._folders = tuple(folder.expanduser().resolve() for folder in folders)
        self._jobs = jobs
        self._root = manifests.root.with_name("taking")

    def start(self, order: TakeOrder, name: str, *, whisper: str = "") -> JobState:
        """Take a manifest, in a process of its own unless it is small and near.

        Args:
            order: What to take.
            name: Names the job; the same name is the same decision.
            whisper: Who asks for an object and where, for the child's ears only; see `Jobs.start`.

        Raises:
            ConnectionProblem: The URL is not `gs://bucket/object`, or the file is gone.
        """
        if order.url and not _OBJECT.fullmatch(order.url.strip()):
            raise ConnectionProblem(*NOT_AN_OBJECT)
        self._root.mkdir(parents=True, exist_ok=True)
        folder, text = self._root / name, msgspec.json.encode(order).decode()
        if order.file and self._path_of(order.file).stat().st_size <= AT_ONCE:
            self._jobs.do(folder, text, self.carry_out, expected=(ConnectionProblem, ManifestError))
        else:
            self._jobs.start(folder, text, whisper=whisper)
        return self.state(name)

    def state(self, name: str) -> JobState:
        """Read how far the taking of a manifest is."""
        return self._jobs.state(self._root / name)

    def cancel(self, name: str) -> None:
        """Ask the taking of a manifest to stop."""
        self._jobs.cancel(self._root / name)

    def taken(self, name: str) -> str:
        """Return the manifest of a job that is done."""
        return msgspec.json.decode((self._root / name / RESULT).read_bytes(), type=str)

    def carry_out(
        self, text: str, progress: Progress, open_reader: OpenReader | None = None
    ) -> bytes:
        """Take the manifest that an order names; returns its fingerprint as JSON."""
        order = msgspec.json.decode(text, type=TakeOrder)
        progress(0.0)
        if open_reader is None:
            made = self.add_file(order.file)
        else:
            made = self.add_object(order.url, open_reader, progress)
        return msgspec.json.encode(made)

    def files(self) -> list[ServerFile]:
        """List the manifests in the allowed folders, by name."""
        found = (
            ServerFile(
                id=f"{number}:{path.relative_to(folder)}",
                name=str(path.relative_to(folder)),
                bytes=path.stat().st_size,
            )
            for number, folder in enumerate(self._folders)
            for path in sorted(folder.rglob("*"))
            if _looks_like_manifest(path)
        )
        return [file for file, _ in zip(found, range(MOST_FILES), strict=False)]

    def add_file(self, file: str) -> str:
        """Take a file that `files` named and return its fingerprint.

        Raises:
            ConnectionProblem: It is not there any more, or was never offered.
        """
        path = self._path_of(file)
        try:
            with _open_regular(path) as source:
                return self._manifests.add(path.name, source)
        except OSError:
            raise ConnectionProblem(*GONE) from None

    def _path_of(self, file: str) -> Path:
        number, _, name = file.partition(":")
        try:
            folder = self._folders[int(number)]
            path = (folder / name).resolve(strict=True)
        except (OSError, ValueError, IndexError):
            raise ConnectionProblem(*GONE) from None
        if not (path.is_relative_to(folder) and _looks_like_manifest(path)):
            raise ConnectionProblem(*GONE)
        return path

    def add_object(self, url: str, open_reader: OpenReader, progress: Progress = unwatched) -> str:
        """Take an object of a bucket and return its fingerprint.

        Raises:
            ConnectionProblem: The URL is not `gs://bucket/object`, there is nobody to ask as, or
                Google refused.
        """
        match = _OBJECT.fullmatch(url.strip())
        if match is None:
            raise ConnectionProblem(*NOT_AN_OBJECT)
        bucket, key = match.groups()
        try:
            pieces = open_reader().read(bucket, key)
            heard = _heard(pieces, progress)
            return self._manifests.add(key.rpartition("/")[2], _Stream(heard))
        except (CredentialProblem, StorageError) as error:
            raise ConnectionProblem(UNREADABLE, str(error)) from None


UNREADABLE: Final = "The object could not be read"
GONE: Final = ("This file is not there any more", "Choose another, or upload the file.")
NOT_AN_OBJECT: Final = (
    "This is not the address of an object",
    "It looks like gs://bucket/folder/manifest.csv.",
)


def _looks_like_manifest(path: Path) -> bool:
    suffixes = path.name.lower().removesuffix(".gz")
    return suffixes.endswith(SUFFIXES) and not path.is_symlink() and path.is_file()


def _open_regular(path: Path) -> BinaryIO:
    """Open a regular file and nothing that only looks like one."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError
    return os.fdopen(descriptor, "rb")


def _heard(pieces: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """Pass on pieces and look whether anybody cancelled; how many there are nobody knows."""
    for piece in pieces:
        progress(0.0)
        yield piece


class _Stream(io.RawIOBase, BinaryIO):
    """An iterator of pieces, read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, all that is left when negative, nothing at the end."""
        if size < 0:
            return self._rest + b"".join(self._pieces)
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        part, self._rest = self._rest[:size], self._rest[size:]
        return part
