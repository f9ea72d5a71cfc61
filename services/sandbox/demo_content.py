"""The demo bucket's bytes: small, real, and the same on every machine."""

import colorsys
import io
import math
import random
import struct
import wave
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from services.sandbox import demo, dicom

ASSETS = Path(__file__).with_name("assets")
CLIPS = ("crossing.mp4", "gate.mp4", "yard.webm", "lamp.mp4")

_SIZE = (160, 120)
_WORDS = ("harbor", "crane", "truck", "bicycle", "crossing", "rain", "evening", "depot", "gate")


def content(key: str) -> tuple[bytes, str]:
    """Return the bytes and content type of a demo key, also of the two that are missing."""
    if key in _TRAPS:
        return _TRAPS[key]()
    make, content_type = _MAKERS[key.rpartition(".")[2]]
    return make(key), content_type


def trap_keys() -> list[str]:
    """Return the keys whose content is wrong on purpose."""
    return list(_TRAPS)


def bulk_image() -> bytes:
    """Return the one image every virtual object shares."""
    image = Image.new("RGB", (64, 48), (70, 110, 150))
    ImageDraw.Draw(image).rectangle((8, 8, 40, 32), fill=(230, 180, 60))
    return _encoded(image, "JPEG")


def _dice(key: str) -> random.Random:
    return random.Random(key)  # noqa: S311 - repeatable pictures, not secrets


def _picture(key: str) -> Image.Image:
    """Draw a small street: sky, road, a few boxes, and the key's number on it."""
    dice = _dice(key)
    width, height = _SIZE
    horizon = dice.randrange(45, 75)
    image = Image.new("RGB", _SIZE, _color(dice, 0.35, 0.9))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, horizon, width, height), fill=_color(dice, 0.15, 0.45))
    for _ in range(dice.randrange(3, 7)):
        left, wide, tall = dice.randrange(width), dice.randrange(12, 40), dice.randrange(10, 40)
        top = horizon - tall + dice.randrange(25)
        draw.rectangle((left, top, left + wide, top + tall), fill=_color(dice, 0.6, 0.8))
    draw.text((6, height - 16), key.rpartition("/")[2], fill=(255, 255, 255))
    return image


def _color(dice: random.Random, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(dice.random(), saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def _encoded(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **({"quality": 70} if kind == "JPEG" else {}))
    return out.getvalue()


def _jpeg(key: str) -> bytes:
    return _encoded(_picture(key), "JPEG")


def _png(key: str) -> bytes:
    return _encoded(_picture(key), "PNG")


def _clip(key: str) -> bytes:
    """Return a clip of the right kind; a trailing free box or element makes each file its own."""
    number = int(key.rpartition("/")[2].partition(".")[0])
    kind = key.rpartition(".")[2]
    clips = [name for name in CLIPS if name.endswith(kind)]
    data = (ASSETS / clips[number % len(clips)]).read_bytes()
    label = f"{number:04d}".encode()
    if kind == "webm":
        return data + b"\xec\x84" + label
    return data + struct.pack(">I", 8 + len(label)) + b"free" + label


def _wav(key: str) -> bytes:
    pitch = 220 + 20 * int(key.rpartition("/")[2].partition(".")[0])
    samples = (
        int(9000 * math.sin(2 * math.pi * pitch * tick / 8000) * (1 - tick / 4000))
        for tick in range(4000)
    )
    out = io.BytesIO()
    with wave.open(out, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(struct.pack("<4000h", *samples))
    return out.getvalue()


def _text(key: str) -> bytes:
    dice = _dice(key)
    lines = (" ".join(dice.choices(_WORDS, k=9)).capitalize() + "." for _ in range(12))
    return f"Note {key}\n\n{chr(10).join(lines)}\n".encode()


_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 4 0 R"
    b" /Resources << /Font << /F1 5 0 R >> >> >>"
)


def _pdf(key: str) -> bytes:
    """Return a one-page PDF with a correct cross-reference table."""
    stream = f"BT /F1 18 Tf 40 100 Td (Demo document {key}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + tail


def _slice(key: str) -> bytes:
    number, size = int(key.rpartition("/")[2].partition(".")[0]), 48
    radius = 8 + number
    pixels = bytes(
        220 if (x - 24) ** 2 + (y - 24) ** 2 < radius**2 else 30
        for y in range(size)
        for x in range(size)
    )
    return dicom.slice_file(1, number, pixels, size=size)


_MAKERS: dict[str, tuple[Callable[[str], bytes], str]] = {
    "jpg": (_jpeg, "image/jpeg"),
    "png": (_png, "image/png"),
    "mp4": (_clip, "video/mp4"),
    "webm": (_clip, "video/webm"),
    "wav": (_wav, "audio/wav"),
    "txt": (_text, "text/plain"),
    "pdf": (_pdf, "application/pdf"),
    "dcm": (_slice, "application/dicom"),
}

_TRAPS: dict[str, Callable[[], tuple[bytes, str]]] = {
    demo.EMPTY: lambda: (b"", "image/jpeg"),
    demo.TEXT_AS_IMAGE: lambda: (b"This is a note, whatever its name says.\n", "image/jpeg"),
    demo.IMAGE_AS_VIDEO: lambda: (_png(demo.IMAGE_AS_VIDEO), "video/mp4"),
}
