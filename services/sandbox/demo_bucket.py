"""Filling the demo buckets: made once for a data directory, copied at each reset."""

import sqlite3

import orjson

from services.sandbox import demo, demo_content, objects

#: A fresh bucket lets Encord's app read, and nobody else: what the guide's step 1 leaves.
_DEMO_CORS = orjson.dumps(
    [
        {
            "origin": ["https://app.encord.com", "https://api.encord.com"],
            "method": ["GET"],
            "responseHeader": ["Content-Type"],
            "maxAgeSeconds": 3600,
        }
    ]
).decode()


def fill(connection: sqlite3.Connection, *, now: int) -> None:
    """Create the demo buckets and everything in them; only the first time makes the files."""
    for bucket, cors, is_open in (
        (demo.BUCKET, _DEMO_CORS, 1),
        (demo.LOCKED_BUCKET, "[]", 0),
    ):
        connection.execute(
            "INSERT INTO buckets VALUES (?, ?, ?, 1, ?, ?)", (bucket, cors, is_open, now, now)
        )
    if connection.execute("SELECT 1 FROM fresh_objects").fetchone() is None:
        _make_fresh(connection, now=now)
    connection.execute("INSERT OR REPLACE INTO objects SELECT * FROM fresh_objects")
    connection.execute("DELETE FROM blobs WHERE md5 NOT IN (SELECT md5 FROM fresh_objects)")


def _make_fresh(connection: sqlite3.Connection, *, now: int) -> None:
    objects.put(connection, "", "bulk", demo_content.bulk_image(), "image/jpeg", now=now)
    for key in (*demo.keys(), *demo_content.trap_keys()):
        restore(connection, key, now=now)
    connection.execute("INSERT INTO fresh_objects SELECT * FROM objects")


def forget_fresh(connection: sqlite3.Connection) -> None:
    """Forget the fresh bucket, so that its files are made again."""
    connection.execute("DELETE FROM fresh_objects")


def restore(connection: sqlite3.Connection, key: str, *, now: int) -> None:
    """Give a demo key the content it should have."""
    data, content_type = demo_content.content(key)
    objects.put(connection, demo.BUCKET, key, data, content_type, now=now)
