"""What bytes are, found by looking at them: kind, MIME type and the cheap media facts.

Facts use Encord's own item field names, so that an item can carry them as they are.
"""

import io
import struct
import wave
from collections.abc import Callable

from services.sandbox import dicom
from services.sandbox.wire import Object

#: Prefix of the bytes, offset, MIME type.
_MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"BM", 0, "image/bmp"),
    (b"II*\x00", 0, "image/tiff"),
    (b"MM\x00*", 0, "image/tiff"),
    (b"WEBP", 8, "image/webp"),
    (b"ftypavif", 4, "image/avif"),
    (b"ftyp", 4, "video/mp4"),
    (b"\x1aE\xdf\xa3", 0, "video/webm"),
    (b"WAVE", 8, "audio/wav"),
    (b"fLaC", 0, "audio/flac"),
    (b"ID3", 0, "audio/mpeg"),
    (b"%PDF-", 0, "application/pdf"),
    (b"DICM", 128, "application/dicom"),
    (b"n+1\x00", 344, "application/x-nifti"),
    (b"\x1f\x8b", 0, "application/gzip"),
    (b"PK\x03\x04", 0, "application/zip"),
)


#: Bytes of the longest UTF-8 character.
_LONGEST_CHARACTER = 4


def mime_of(data: bytes) -> str:
    """Return the MIME type the bytes themselves show; a file's name is never asked."""
    if not data:
        return "application/x-empty"
    for magic, offset, mime in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return mime
    return "text/plain" if _is_text(data[:4096]) else "application/octet-stream"


def facts_of(data: bytes) -> Object:
    """Return `{"mimeType": ..., "width": ..., ...}`: what could be read, nothing guessed."""
    mime = mime_of(data)
    reader = _READERS.get(mime) or _READERS.get(mime.partition("/")[0])
    try:
        found = reader(data) if reader else {}
    except Exception:  # noqa: BLE001 - whatever a reader makes of bytes that anybody sent
        found = {"broken": True}
    return {"mimeType": mime, **found}


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut by the sample's end is no sign of binary data.
        return error.start >= max(1, len(data) - _LONGEST_CHARACTER + 1)
    return b"\x00" not in data


def _image(data: bytes) -> Object:
    from PIL import Image  # noqa: PLC0415 - only writes need it, and it costs start-up time

    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    return {"width": width, "height": height}


def _wav(data: bytes) -> Object:
    with wave.open(io.BytesIO(data)) as audio:
        return {
            "duration": audio.getnframes() / audio.getframerate(),
            "audioSampleRate": audio.getframerate(),
            "audioBitDepth": audio.getsampwidth() * 8,
            "audioCodec": "pcm",
            "audioNumChannels": audio.getnchannels(),
        }


def _pdf(data: bytes) -> Object:
    return {"frameCount": data.count(b"/Type /Page") - data.count(b"/Type /Pages")}


def _box(data: bytes, *path: bytes) -> bytes:
    """Return the content of the first MP4 box at a path of four-letter names."""
    for name in path:
        at = 0
        while data[at + 4 : at + 8] != name:
            (size,) = struct.unpack_from(">I", data, at)
            at += max(size, 8)
        (size,) = struct.unpack_from(">I", data, at)
        data = data[at + 8 : at + size]
    return data


def _mp4(data: bytes) -> Object:
    header = _box(data, b"moov", b"mvhd")
    scale, length = struct.unpack_from(">II", header, 12)
    track = _box(data, b"moov", b"trak", b"tkhd")
    width, height = struct.unpack_from(">II", track, len(track) - 8)
    sizes = _box(data, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsz")
    (frames,) = struct.unpack_from(">I", sizes, 8)
    duration = length / scale
    return {
        "duration": duration,
        "fps": round(frames / duration, 3),
        "frameCount": frames,
        "width": width >> 16,
        "height": height >> 16,
    }


def _webm(data: bytes) -> Object:
    # Elements are found by their ids: enough for short clips written by one encoder.
    (duration,) = struct.unpack_from(">d", data, data.index(b"\x44\x89\x88") + 3)
    (width,) = struct.unpack_from(">B", data, data.index(b"\xb0\x81") + 2)
    (height,) = struct.unpack_from(">B", data, data.index(b"\xba\x81") + 2)
    return {"duration": duration / 1000, "width": width, "height": height}


_READERS: dict[str, Callable[[bytes], Object]] = {
    "image": _image,
    "audio/wav": _wav,
    "video/mp4": _mp4,
    "video/webm": _webm,
    "application/pdf": _pdf,
    "application/dicom": dicom.facts,
}
