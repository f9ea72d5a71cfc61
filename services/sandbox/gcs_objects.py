"""Objects of the JSON API: list with prefix, delimiter, glob and pages; get; delete."""

import base64
import binascii
import re
import sqlite3
from dataclasses import dataclass, field
from urllib.parse import quote

from services.sandbox import gcs_buckets, objects
from services.sandbox.gcs_errors import GoogleError, NoObjectError
from services.sandbox.objects import Stored
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object, rfc3339

_PAGE = 1000
_AFTER_ALL = chr(0x10FFFF)


def view(call: Call, stored: Stored) -> Object:
    """Return an object's metadata as the JSON API sends it."""
    path = f"b/{stored.bucket}/o/{quote(stored.name, safe='')}"
    generation = str(stored.created)
    download = f"{call.base_url}/download/storage/v1/{path}"
    return {
        "kind": "storage#object",
        "id": f"{stored.bucket}/{stored.name}/{generation}",
        "selfLink": f"{call.base_url}/storage/v1/{path}",
        "mediaLink": f"{download}?generation={generation}&alt=media",
        "name": stored.name,
        "bucket": stored.bucket,
        "generation": generation,
        "metageneration": "1",
        "contentType": stored.content_type,
        "storageClass": "STANDARD",
        "size": str(stored.size),
        "md5Hash": base64.b64encode(bytes.fromhex(stored.md5)).decode(),
        "crc32c": stored.crc32c,
        "etag": f"CP{generation}=",
        "timeCreated": rfc3339(stored.created),
        "updated": rfc3339(stored.created),
    }


def find(connection: sqlite3.Connection, call: Call, permission: str) -> Stored:
    """Return the object a path names, or refuse; of each there is its last generation alone."""
    bucket, name = call.path["bucket"], call.path["name"]
    gcs_buckets.find(connection, bucket, permission)
    stored = objects.find(connection, bucket, name)
    wanted = call.one("generation")
    if wanted and not wanted.isdecimal():
        raise GoogleError(400, "Invalid argument: generation")
    if stored is None or (wanted and int(wanted) != stored.created):
        raise NoObjectError(bucket, name)
    return stored


def get(sandbox: Sandbox, call: Call) -> Object:
    """`GET b/B/o/NAME` without `alt=media`."""
    with sandbox.store.read() as connection:
        return view(call, find(connection, call, "storage.objects.get"))


def delete(sandbox: Sandbox, call: Call) -> None:
    """`DELETE b/B/o/NAME`."""
    with sandbox.store.write() as connection:
        objects.remove(connection, find(connection, call, "storage.objects.delete"))


@dataclass(kw_only=True)
class _Listing:
    """One page in the making; `cursor` is where the next name is looked for."""

    prefix: str
    delimiter: str | None
    glob: re.Pattern[str] | None
    end: str
    limit: int
    cursor: str
    names: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)

    def full(self) -> bool:
        return len(self.names) + len(self.prefixes) >= self.limit

    def take(self, name: str) -> None:
        """Add a name, or what it folds into; move the cursor past it."""
        folded = self._folded(name)
        if folded is not None:
            self.prefixes.append(folded)
            self.cursor = folded + _AFTER_ALL
            return
        self.names.append(name)
        self.cursor = name + "\0"

    def _folded(self, name: str) -> str | None:
        if not self.delimiter:
            return None
        at = name.find(self.delimiter, len(self.prefix))
        return None if at < 0 else name[: at + len(self.delimiter)]


def list_all(sandbox: Sandbox, call: Call) -> Object:
    """`GET b/B/o`: up to `maxResults` objects and folded prefixes, and a token for the rest."""
    page = _asked(call)
    bucket = call.path["bucket"]
    with sandbox.store.read() as connection:
        gcs_buckets.find(connection, bucket, "storage.objects.list")
        more = _fill(connection, bucket, page)
        found = [objects.find(connection, bucket, name) for name in page.names]
    answer: Object = {"kind": "storage#objects"}
    if found:
        answer["items"] = [view(call, stored) for stored in found if stored is not None]
    if page.prefixes:
        answer["prefixes"] = page.prefixes
    if more:
        answer["nextPageToken"] = base64.urlsafe_b64encode(page.cursor.encode()).decode()
    return answer


def _asked(call: Call) -> _Listing:
    glob = call.one("matchGlob")
    if glob and call.one("delimiter") not in (None, "/"):
        raise GoogleError(400, "matchGlob can only be used with delimiter '/'.")
    limit = call.one("maxResults") or str(_PAGE)
    if not limit.isdecimal() or int(limit) < 1:
        raise GoogleError(400, "Invalid value for maxResults.")
    prefix = call.one("prefix") or ""
    if glob:
        fixed = re.match(r"[^*?\[{\\]*", glob)
        literal = fixed.group() if fixed else ""
        prefix = literal if literal.startswith(prefix) and not call.one("delimiter") else prefix
    return _Listing(
        prefix=prefix,
        delimiter=call.one("delimiter"),
        glob=_pattern(glob) if glob else None,
        end=call.one("endOffset") or _AFTER_ALL,
        limit=min(int(limit), _PAGE),
        cursor=max(call.one("startOffset") or "", _decoded(call.one("pageToken"))),
    )


def _decoded(token: str | None) -> str:
    try:
        return base64.b64decode(token or "", b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise GoogleError(400, "Invalid page token.") from error


def _fill(connection: sqlite3.Connection, bucket: str, page: _Listing) -> bool:
    """Take names until the page is full; return whether there are more."""
    while names := objects.names_after(connection, bucket, page.prefix, page.cursor, _PAGE):
        for name in names:
            if name >= page.end:
                return False
            if name < page.cursor or (page.glob and not page.glob.fullmatch(name)):
                continue
            if page.full():
                return True
            page.take(name)
        page.cursor = max(page.cursor, names[-1] + "\0")
    return False


def _pattern(glob: str) -> re.Pattern[str]:
    """Return a regular expression for Google's globs: `*`, `**`, `?`, `[abc]`, `{a,b}`."""
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[!?[^\]]*\]|\{[^}]*\}|\\?.", glob, re.DOTALL)
    try:
        return re.compile("".join(map(_translated, tokens)), re.DOTALL)
    except re.error as error:
        raise GoogleError(400, "Invalid argument: matchGlob") from error


def _translated(token: str) -> str:
    plain = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if token in plain:
        return plain[token]
    if len(token) > 1 and token[0] == "[":
        return f"[^{token[2:]}" if token[1] == "!" else token
    if len(token) > 1 and token[0] == "{":
        return f"(?:{'|'.join(re.escape(word) for word in token[1:-1].split(','))})"
    return re.escape(token.removeprefix("\\") or token)
