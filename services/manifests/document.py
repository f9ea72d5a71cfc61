"""The text of a manifest as bytes of UTF-8, whatever it was stored as, and places in it.

Packed files are unpacked and other encodings converted once, to a file beside the source, so that
everything later works on byte offsets of one document.
"""

import codecs
import gzip
import mmap
import uuid
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from services.manifests.faults import Fault

#: The bytes of a document, read or mapped from its file.
Content = bytes | mmap.mmap

_BLOCK: Final = 1 << 20
#: More bytes than any mark at the beginning of a file has.
_HEAD: Final = 16
_BLANK: Final = b" \t\r\n"
_BEYOND_ASCII: Final = 0x80
_GZIP: Final = b"\x1f\x8b"
_FOREIGN: Final = {
    b"PK\x03\x04": "This is a ZIP or Excel file, not text",
    b"%PDF": "This is a PDF file, not text",
    b"\xd0\xcf\x11\xe0": "This is an old Excel or Word file, not text",
    b"PAR1": "This is a Parquet file, not text",
}
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class DocumentError(Exception):
    """The bytes are no text; carries the file's finding."""

    def __init__(self, fault: Fault, line: int | None = None, column: int | None = None) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.line = line
        #: In bytes, as the text cannot be counted in characters.
        self.column = column


@dataclass(frozen=True, slots=True)
class Document:
    """UTF-8 text without byte order mark."""

    path: Path
    data: Content
    #: The encoding the file was stored in.
    encoding: str
    #: The highest byte.
    highest: int

    @property
    def is_ascii(self) -> bool:
        """Whether each byte is a character."""
        return self.highest < _BEYOND_ASCII

    def let_go(self, start: int, end: int) -> None:
        """Give the memory of a stretch back; what is looked at again comes from the file again."""
        if isinstance(self.data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            # Whole pages alone: others are on the first and the last one.
            first, behind = -(-start // mmap.PAGESIZE), end // mmap.PAGESIZE
            if first < behind:
                size = (behind - first) * mmap.PAGESIZE
                self.data.madvise(mmap.MADV_DONTNEED, first * mmap.PAGESIZE, size)

    def places(self, offsets: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Turn byte offsets into 1-based line and column (in characters), in one sweep."""
        asked = sorted(set(offsets))
        plain = self.is_ascii
        if plain and asked and self.data.find(b"\n", 0, asked[-1]) < 0:
            return {offset: (1, offset + 1) for offset in asked}
        places: dict[int, tuple[int, int]] = {}
        line, line_at, column, at = 1, 0, 0, 0
        for offset in asked:
            breaks = _count_breaks(self.data, at, offset)
            if breaks:
                line += breaks
                line_at = self.data.rfind(b"\n", at, offset) + 1
                at, column = line_at, 0
            column += offset - at if plain else self._characters(at, offset)
            at = offset
            places[offset] = (line, column + 1)
        return places

    def _characters(self, start: int, end: int) -> int:
        return len(self.data[start:end].decode("utf-8", "replace"))


def open_document(source: Path, spool: Path, *, max_bytes: int) -> Document:
    """Open a stored file as a document; converts to `spool` when the bytes are not plain UTF-8.

    A plain file is mapped: reading one of 120 MB would take a tenth of the time of its check.
    """
    data, plain = open_text(source), True
    if data[:_HEAD].startswith(_GZIP):
        data, plain = _unpack(source, max_bytes), False
    head = data[:_HEAD]
    for mark, problem in _FOREIGN.items():
        if head.startswith(mark):
            raise DocumentError(_undecodable(problem, 0))
    encoding, skipped = "utf-8", 0
    for mark, name in _MARKS:
        if head.startswith(mark):
            encoding, plain, skipped = name, False, len(mark)
            data = _decode(data, name, len(mark))
            break
    highest = _require_utf8(data, skipped)
    if not data[:_BLOCK].strip(_BLANK) and not data[:].strip(_BLANK):
        raise DocumentError(Fault("file-empty"))
    if not plain:
        _spool(data, spool)
    return Document(source if plain else spool, data, encoding, highest)


def _spool(data: Content, spool: Path) -> None:
    """Write a converted document, unless it is there: what it was made of always gives the same.

    Others may have it mapped, and reading what a file lost would end their process.
    """
    if spool.exists() and spool.stat().st_size == len(data):
        return
    aside = spool.with_name(f"{spool.name}.{uuid.uuid4().hex}")
    try:
        aside.write_bytes(data)
        aside.replace(spool)
    finally:
        aside.unlink(missing_ok=True)


def _unpack(source: Path, max_bytes: int) -> bytes:
    """Unpack gzip, counting while inflating."""
    parts: list[bytes] = []
    size = 0
    try:
        with gzip.open(source) as unpacked:
            while block := unpacked.read(_BLOCK):
                size += len(block)
                if size > max_bytes:
                    details = {"bytes": f"over {max_bytes:,}", "limit": f"{max_bytes:,}"}
                    raise DocumentError(Fault("file-too-large", details=details))
                parts.append(block)
    except (OSError, EOFError, zlib.error) as problem:
        raise DocumentError(_undecodable("The gzip data is damaged", size)) from problem
    return b"".join(parts)


def _decode(data: Content, encoding: str, skip: int) -> bytes:
    if encoding == "utf-8":
        return data[skip:]
    try:
        return data[skip:].decode(encoding).encode()
    except UnicodeError as problem:
        at = skip + (problem.start if isinstance(problem, UnicodeDecodeError) else 0)
        message = f"The text is not valid {encoding.upper()}"
        raise DocumentError(_undecodable(message, at)) from problem


def _require_utf8(data: Content, skipped: int) -> int:
    """Check the bytes block by block, so that no second copy of the text is made.

    Returns the highest byte.

    Args:
        data: The text.
        skipped: How many bytes of the file stand before it.
    """
    if _looks_like_utf16(data):
        raise _misencoded(data, data.find(b"\0"), skipped)
    highest = _highest(data)
    if highest < _BEYOND_ASCII:
        return highest
    decoder = codecs.getincrementaldecoder("utf-8")()
    at = 0
    try:
        for at in range(0, len(data), _BLOCK):
            decoder.decode(data[at : at + _BLOCK], final=at + _BLOCK >= len(data))
    except UnicodeDecodeError as problem:
        pending = len(problem.object) - len(data[at : at + _BLOCK])
        raise _misencoded(data, at - pending + problem.start, skipped) from problem
    return highest


def _highest(data: Content) -> int:
    """Return the highest byte; finds what is all ASCII in a quarter of the time of `isascii`."""
    halves = [each for each in np.array_split(np.frombuffer(data, np.uint8), 2) if len(each)]
    with ThreadPoolExecutor(2) as pool:
        return max(map(int, pool.map(np.max, halves)), default=0)


def _misencoded(data: Content, at: int, skipped: int) -> DocumentError:
    line_at = data.rfind(b"\n", 0, at) + 1
    fault = _undecodable(_guess(data), skipped + at)
    return DocumentError(fault, _count_breaks(data, 0, at) + 1, at - line_at + 1)


def _guess(data: Content) -> str:
    """Name the likely encoding, so that a person knows what to change."""
    if _looks_like_utf16(data):
        return "The text looks like UTF-16 without a byte order mark"
    return "The text is not valid UTF-8 (perhaps Windows-1252 or Latin-1)"


def _looks_like_utf16(data: Content) -> bool:
    """Whether the text begins as UTF-16 does without its mark: in ASCII, each second byte is 0."""
    head = data[:4096]
    return head.count(0) * 4 > len(head)


def _undecodable(problem: str, at: int) -> Fault:
    return Fault("file-encoding", details={"problem": problem, "byte": f"{at:,}", "offset": at})


def _count_breaks(data: Content, start: int, end: int) -> int:
    """Count line breaks block by block, as a map cannot count."""
    return sum(data[at : min(at + _BLOCK, end)].count(b"\n") for at in range(start, end, _BLOCK))


def open_text(path: Path) -> Content:
    """Map a document for reading slices; an empty file cannot be mapped."""
    if path.stat().st_size == 0:
        return b""
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def byte_offset(text: str, character: int) -> int:
    """Turn a character index into an offset in the text's UTF-8 bytes."""
    return character if text.isascii() else len(text[:character].encode("utf-8", "surrogatepass"))
