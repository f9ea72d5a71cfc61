"""Just enough DICOM: write a small explicit-VR slice, and read back the tags Encord asks for.

Tags required for a series [documented]: Rows, Columns, StudyInstanceUID, SeriesInstanceUID,
SOPInstanceUID, PatientID.
"""

import struct

from services.sandbox.wire import Object

STUDY, SERIES, INSTANCE = 0x0020000D, 0x0020000E, 0x00080018
PATIENT, ROWS, COLUMNS = 0x00100020, 0x00280010, 0x00280011
REQUIRED = (STUDY, SERIES, INSTANCE, PATIENT, ROWS, COLUMNS)

_ROOT = "1.2.826.0.1.3680043.10.1338"
_CT = "1.2.840.10008.5.1.4.1.1.2"
_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_LONG_VRS = frozenset({b"OB", b"OW", b"SQ", b"UN", b"UT"})


def slice_file(series: int, number: int, pixels: bytes, *, size: int) -> bytes:
    """Return one CT slice of a series: preamble, file meta, tags and 8-bit pixels."""
    instance = f"{_ROOT}.{series}.1.{number}"
    meta = (
        _element(0x00020002, b"UI", _uid(_CT))
        + _element(0x00020003, b"UI", _uid(instance))
        + _element(0x00020010, b"UI", _uid(_EXPLICIT_LITTLE_ENDIAN))
    )
    head = _element(0x00020000, b"UL", struct.pack("<I", len(meta)))
    return b"\x00" * 128 + b"DICM" + head + meta + _body(series, number, pixels, size=size)


def _body(series: int, number: int, pixels: bytes, *, size: int) -> bytes:
    tags: tuple[tuple[int, bytes, bytes], ...] = (
        (0x00080016, b"UI", _uid(_CT)),
        (INSTANCE, b"UI", _uid(f"{_ROOT}.{series}.1.{number}")),
        (0x00080060, b"CS", b"CT"),
        (0x00100010, b"PN", b"Demo^Patient"),
        (PATIENT, b"LO", f"DEMO{series:04d}".encode()),
        (0x00180050, b"DS", b"2.0 "),
        (STUDY, b"UI", _uid(f"{_ROOT}.{series}")),
        (SERIES, b"UI", _uid(f"{_ROOT}.{series}.1")),
        (0x00200013, b"IS", str(number).encode()),
        (0x00200032, b"DS", f"0\\0\\{number * 2}".encode()),
        (0x00200037, b"DS", rb"1\0\0\0\1\0"),
        (0x00280002, b"US", struct.pack("<H", 1)),
        (0x00280004, b"CS", b"MONOCHROME2"),
        (ROWS, b"US", struct.pack("<H", size)),
        (COLUMNS, b"US", struct.pack("<H", size)),
        (0x00280030, b"DS", rb"1\1 "),
        (0x00280100, b"US", struct.pack("<H", 8)),
        (0x00280101, b"US", struct.pack("<H", 8)),
        (0x00280102, b"US", struct.pack("<H", 7)),
        (0x00280103, b"US", struct.pack("<H", 0)),
        (0x7FE00010, b"OB", pixels),
    )
    return b"".join(_element(*tag) for tag in tags)


def _uid(text: str) -> bytes:
    return text.encode() + b"\x00" * (len(text) % 2)


def _element(tag: int, vr: bytes, content: bytes) -> bytes:
    content += (b"\x00" if vr in (b"UI", b"OB") else b" ") * (len(content) % 2)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    if vr in _LONG_VRS:
        return head + struct.pack("<HI", 0, len(content)) + content
    return head + struct.pack("<H", len(content)) + content


def tags(data: bytes) -> dict[int, bytes]:
    """Return the top-level elements of an explicit-VR little-endian file, pixels left out."""
    found: dict[int, bytes] = {}
    at = 132
    while at + 8 <= len(data):
        group, element = struct.unpack_from("<HH", data, at)
        if data[at + 4 : at + 6] in _LONG_VRS:
            (length,) = struct.unpack_from("<I", data, at + 8)
            start = at + 12
        else:
            (length,) = struct.unpack_from("<H", data, at + 6)
            start = at + 8
        if group == 0x7FE0:  # noqa: PLR2004 - the pixel data's group
            break
        found[group << 16 | element] = data[start : start + length]
        at = start + length
    return found


def facts(data: bytes) -> Object:
    """Return the identifiers and size of a slice, and which required tags it lacks."""
    found = tags(data)
    missing = [f"{tag:08X}" for tag in REQUIRED if not found.get(tag)]
    if missing:
        return {"missingTags": missing}
    return {
        "dicomInstanceUid": _text(found[INSTANCE]),
        "dicomStudyUid": _text(found[STUDY]),
        "dicomSeriesUid": _text(found[SERIES]),
        "height": struct.unpack("<H", found[ROWS])[0],
        "width": struct.unpack("<H", found[COLUMNS])[0],
    }


def _text(content: bytes) -> str:
    return content.rstrip(b"\x00 ").decode("ascii")
