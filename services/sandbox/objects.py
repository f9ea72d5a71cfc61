"""The objects of the buckets: stored ones, and a range of virtual ones that share one image."""

import base64
import hashlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from services.sandbox import demo, probe
from services.sandbox.crc32c import crc32c
from services.sandbox.wire import Object

_BULK = re.compile(re.escape(demo.BULK_PREFIX) + r"(\d{6})\.jpg")
#: Sorts after every key that starts with the prefix before it.
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One object's metadata."""

    bucket: str
    name: str
    size: int
    content_type: str
    #: Hexadecimal; also the address of the bytes.
    md5: str
    #: Base64 of the big-endian checksum, as Google writes it.
    crc32c: str
    #: What probing the bytes found, in item field names, as JSON.
    facts: str
    created: int

    def media(self) -> Object:
        """Return the probed facts."""
        found: Object = orjson.loads(self.facts)
        return found


def put(
    connection: sqlite3.Connection,
    bucket: str,
    name: str,
    data: bytes,
    content_type: str,
    *,
    now: int,
) -> Stored:
    """Store an object, replacing what had its name."""
    stored = Stored(
        bucket=bucket,
        name=name,
        size=len(data),
        content_type=content_type,
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
        crc32c=base64.b64encode(crc32c(data).to_bytes(4, "big")).decode(),
        facts=orjson.dumps(probe.facts_of(data)).decode(),
        created=now,
    )
    connection.execute("INSERT OR IGNORE INTO blobs (md5, data) VALUES (?, ?)", (stored.md5, data))
    connection.execute(
        "INSERT OR REPLACE INTO objects"
        " (bucket, name, size, content_type, md5, crc32c, facts, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            bucket,
            name,
            stored.size,
            content_type,
            stored.md5,
            stored.crc32c,
            stored.facts,
            now,
        ),
    )
    return stored


def find(connection: sqlite3.Connection, bucket: str, name: str) -> Stored | None:
    """Return an object's metadata, or None when the bucket has no such object."""
    row = connection.execute(
        "SELECT * FROM objects WHERE bucket = ? AND name = ?", (bucket, name)
    ).fetchone()
    if row is not None:
        return None if row["gone"] else _stored(row)
    return _virtual(connection, bucket, name)


def _virtual(connection: sqlite3.Connection, bucket: str, name: str) -> Stored | None:
    if bucket != demo.BUCKET or _BULK.fullmatch(name) is None:
        return None
    template = connection.execute(
        "SELECT * FROM objects WHERE bucket = '' AND name = 'bulk'"
    ).fetchone()
    return None if template is None else _stored(template, bucket=bucket, name=name)


def _stored(row: sqlite3.Row, *, bucket: str | None = None, name: str | None = None) -> Stored:
    return Stored(
        bucket=bucket or row["bucket"],
        name=name or row["name"],
        size=row["size"],
        content_type=row["content_type"],
        md5=row["md5"],
        crc32c=row["crc32c"],
        facts=row["facts"],
        created=row["created"],
    )


def read(connection: sqlite3.Connection, stored: Stored, start: int, past: int) -> bytes:
    """Return the bytes of an object from `start` up to, not including, `past`."""
    row = connection.execute(
        "SELECT substr(data, ?, ?) AS part FROM blobs WHERE md5 = ?",
        (start + 1, past - start, stored.md5),
    ).fetchone()
    return bytes(row["part"] or b"")  # of an empty object, SQLite's part is null


def remove(connection: sqlite3.Connection, stored: Stored) -> None:
    """Delete an object; a virtual one is hidden from then on."""
    connection.execute(
        "DELETE FROM objects WHERE bucket = ? AND name = ?", (stored.bucket, stored.name)
    )
    if _virtual(connection, stored.bucket, stored.name) is not None:
        connection.execute(
            "INSERT INTO objects VALUES (?, ?, 0, '', '', '', '{}', 0, 1)",
            (stored.bucket, stored.name),
        )


def names_after(
    connection: sqlite3.Connection, bucket: str, prefix: str, start: str, limit: int
) -> list[str]:
    """Return up to `limit` existing names with a prefix, from `start` on, in key order."""
    rows = connection.execute(
        "SELECT name, gone FROM objects"
        " WHERE bucket = ? AND name >= ? AND name < ? ORDER BY name LIMIT ?",
        (bucket, max(start, prefix), prefix + _LAST, limit),
    ).fetchall()
    stored = {str(row["name"]) for row in rows if not row["gone"]}
    hidden = {str(row["name"]) for row in rows if row["gone"]}
    # Beyond the last row read, a stored or hidden name may still be unseen.
    end = str(rows[-1]["name"]) if len(rows) == limit else _LAST
    virtual: set[str] = set()
    if bucket == demo.BUCKET:
        for name in _virtual_names(prefix, start):
            if name > end or len(virtual) >= limit:
                break
            if name not in hidden:
                virtual.add(name)
    return sorted(stored | virtual)[:limit]


def _virtual_names(prefix: str, start: str) -> Iterator[str]:
    """Yield virtual names with a prefix from `start` on; reaches the first in constant time."""
    low, high = max(prefix, start, demo.BULK_PREFIX), prefix + _LAST
    number = _first_number(low)
    while number < demo.BULK_COUNT and (name := demo.bulk_key(number)) < high:
        if name >= low:
            yield name
        number += 1


def _first_number(low: str) -> int:
    """Return a number at or shortly below the first virtual key that is not less than `low`."""
    if low > demo.BULK_PREFIX + _LAST:
        return demo.BULK_COUNT
    digits = re.match(r"\d*", low.removeprefix(demo.BULK_PREFIX))
    found = digits.group()[:6] if digits else ""
    return int(found.ljust(6, "0")) if found else 0
