"""The demo bucket by name: its keys, its traps, and the manifests that go with it.

Only the standard library is imported here: tests and the app load the manifests from it.
What the objects contain is `demo_content`.
"""

import csv
import io
import json
from collections.abc import Iterator

BUCKET = "encord-demo-bucket"
#: Exists, and refuses everybody: what a bucket without a grant looks like.
LOCKED_BUCKET = "encord-locked-bucket"
FORBIDDEN_PREFIX = "restricted/"
INTEGRATION = "Demo bucket"
STRICT_INTEGRATION = "Demo bucket (strict)"

STREET, FIELD, VIDEOS, AUDIO, TEXTS, DOCUMENTS = 180, 80, 9, 12, 24, 8
SLICES, FRAMES, SEQUENCES, RESTRICTED = 12, 6, 2, 10

#: Keys `bulk/000000.jpg` ... share one small image's bytes.
BULK_PREFIX, BULK_COUNT = "bulk/", 1_000_000

EMPTY, TEXT_AS_IMAGE, IMAGE_AS_VIDEO = (
    "traps/empty.jpg",
    "traps/really-text.jpg",
    "traps/really-an-image.mp4",
)
#: Named by the demo manifest, and not in the bucket until it is mended.
MISSING = (f"images/street/{STREET + 1:04d}.jpg", f"images/field/{FIELD + 1:04d}.png")

HEADER = (
    "ObjectURL",
    "Type",
    "Title",
    "Group",
    "Create video",
    "metadata.site",
    "metadata.quality",
)
SITES = ("harbor", "market", "depot", "campus")
#: The demo organization's metadata schema, as the SDK writes one.
SCHEMA: dict[str, dict[str, object]] = {
    "site": {"ty": "enum", "values": sorted(SITES)},
    "quality": {"ty": "variant", "hint": "number"},
    "taken_at": {"ty": "variant", "hint": "datetime"},
    "reviewed": {"ty": "variant", "hint": "boolean"},
    "note": {"ty": "variant", "hint": "text"},
}


def keys() -> Iterator[str]:
    """Yield every key of the fresh bucket but the virtual ones and the traps."""
    yield from (f"images/street/{number:04d}.jpg" for number in range(1, STREET + 1))
    yield from (f"images/field/{number:04d}.png" for number in range(1, FIELD + 1))
    yield from (_video(number) for number in range(1, VIDEOS + 1))
    yield from (f"audio/{number:04d}.wav" for number in range(1, AUDIO + 1))
    yield from (f"text/{number:04d}.txt" for number in range(1, TEXTS + 1))
    yield from (f"documents/{number:04d}.pdf" for number in range(1, DOCUMENTS + 1))
    yield from (f"scans/series-01/{number:04d}.dcm" for number in range(1, SLICES + 1))
    for sequence in range(1, SEQUENCES + 1):
        for frame in range(1, FRAMES + 1):
            yield f"groups/seq-{sequence:02d}/frame-{frame:04d}.jpg"
    yield from (f"{FORBIDDEN_PREFIX}{number:04d}.jpg" for number in range(1, RESTRICTED + 1))


def _video(number: int) -> str:
    return f"videos/{number:04d}.{'webm' if number % 3 == 0 else 'mp4'}"


def bulk_key(number: int) -> str:
    """Return the key of a virtual object."""
    return f"{BULK_PREFIX}{number:06d}.jpg"


def url(key: str) -> str:
    """Return the object URL of a key of the demo bucket."""
    return f"gs://{BUCKET}/{key}"


def demo_manifest_csv() -> bytes:
    """Return the demo manifest: 200 rows, five of them wrong, three that fail at Encord.

    Five kinds of mistake that can be found before sending, one row each: whitespace in a URL,
    an unknown scheme, an empty URL, a title over 300 characters, an unknown type. Of the other
    195 rows two name objects that do not exist and one lies under the forbidden prefix.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for number, (address, kind, title) in enumerate(_rows()):
        quality = 1 + number * 7 % 5
        writer.writerow((address, kind, title, "", "", SITES[number % len(SITES)], quality))
    return out.getvalue().encode()


def manifest_urls() -> list[str]:
    """Return the URLs of the demo manifest as written, the wrong ones among them."""
    return [address for address, _, _ in _rows()]


def _rows() -> list[tuple[str, str, str]]:
    rows = [_row(key) for key in _good_keys()]
    rows[20:20] = [_row(MISSING[0])]
    rows[60:60] = [(url("images/street/00 42.jpg"), "image", "Street 00 42")]
    rows[85:85] = [_row(f"{FORBIDDEN_PREFIX}0001.jpg")]
    rows[100:100] = [("ftp://files.example.com/street/0007.jpg", "image", "Street by FTP")]
    rows[125:125] = [("", "image", "Street without a file")]
    rows[140:140] = [_row(MISSING[1])]
    rows[160:160] = [(url("images/street/0160.jpg"), "image", "Street " + "very " * 60 + "long")]
    rows[180:180] = [(url("images/street/0161.jpg"), "picture", "Street 0161")]
    return rows


def _good_keys() -> list[str]:
    street = [f"images/street/{number:04d}.jpg" for number in range(1, 131)]
    field = [f"images/field/{number:04d}.png" for number in range(1, 31)]
    others = [key for key in keys() if key.startswith(("videos/", "audio/", "text/", "documents/"))]
    return [*street, *field, *others][:192]


_TYPES = {
    "videos": ("video", "videos"),
    "audio": ("audio", "audio"),
    "text": ("text", "text"),
    "documents": ("pdf", "pdfs"),
}


def _row(key: str) -> tuple[str, str, str]:
    kind, _ = _TYPES.get(key.partition("/")[0], ("image", "images"))
    stem = key.rpartition(".")[0]
    title = " ".join(stem.split("/")[-2:]).capitalize()
    return url(key), kind, title


def demo_manifest_json(entries: int) -> bytes:
    """Return a manifest of that many entries, each with its own URL, in Encord's JSON form.

    The bucket's readable files come first; after them the virtual keys, up to a million.
    """
    sections: dict[str, list[dict[str, object]]] = {}
    for number, key in zip(range(entries), _many_keys(), strict=False):
        _, section = _TYPES.get(key.partition("/")[0], ("image", "images"))
        entry: dict[str, object] = {
            "objectUrl": url(key),
            "clientMetadata": {"site": SITES[number % len(SITES)], "quality": 1 + number % 5},
        }
        sections.setdefault(section, []).append(entry)
    return json.dumps({**sections, "skip_duplicate_urls": True}).encode()


def _many_keys() -> Iterator[str]:
    single = ("images/", "videos/", "audio/", "text/", "documents/")
    yield from (key for key in keys() if key.startswith(single))
    yield from (bulk_key(number) for number in range(BULK_COUNT))
