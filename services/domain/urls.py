"""Object URLs: take them apart by our own scanner and say what is wrong with one.

The forms are those seen in Encord's material: `gs://bucket/key`, `s3://bucket/key`, Google's two
https hosts, Amazon's two https styles, Azure's blob host, and any other https host, which is an
S3-compatible endpoint or a direct access URL. Bytes are kept verbatim; nothing is normalized.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Encord's documented limit for one URL, in bytes.
MAX_BYTES: Final = 16_384

GOOGLE_HOST: Final = "storage.googleapis.com"
GOOGLE_PEOPLE_HOST: Final = "storage.cloud.google.com"
#: Google's rules for names, which also keep a name from being a path; dots need longer ones.
GOOGLE_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
#: What Google's own links leave as it is in names of objects.
UNQUOTED: Final = "/!$&'()*+,;=:@~"

#: Google's host with a bucket in it: names of buckets, unlike those of hosts, may have underscores.
_IN_HOST: Final = (
    r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9][A-Za-z0-9_-]*)*\.storage\.googleapis\.com"
)
#: What `fault_of` accepts, as one pattern without backtracking, for whole columns at once.
#: It may refuse more than `fault_of` does, never less.
GOOD: Final = (
    r"^(?:(?:gs|s3)://[A-Za-z0-9][A-Za-z0-9._-]{0,221}/"
    r"|https://[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9][A-Za-z0-9-]*)*(?::[0-9]{1,5})?"
    r"/[A-Za-z0-9._~%!$&'()*+,;=:-]+/"
    r"|https://" + _IN_HOST + "/)"
    r"[^\x00-\x20\x7f-\u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}"
    r"\u{3000}\u{fffd}#\\?]+$"
)

_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,221}")
_HOST: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9][A-Za-z0-9-]*)*(?::[0-9]{1,5})?"
)
_GOOGLE: Final = re.compile(_IN_HOST + "(?::[0-9]{1,5})?", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffd\ud800-\udfff]")
_SPACE: Final = re.compile(r"\s")
_SIGNED: Final = re.compile(
    r"(?:^|[?&])(?:x-goog-signature|x-amz-signature|googleaccessid|awsaccesskeyid|sig)=",
    re.IGNORECASE,
)
_AWS: Final = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-](?:.+\.)?amazonaws\.com(?:\.cn)?")
_EXTENSION: Final = re.compile(r"\.([A-Za-z0-9]{1,8})$")


@dataclass(frozen=True, slots=True)
class ObjectUrl:
    """One URL taken apart."""

    scheme: str
    #: The host of an https URL, without port; empty for gs and s3.
    host: str
    #: The bucket or container; the host when nothing tells the bucket.
    bucket: str
    key: str
    query: str = ""
    #: Whether the bucket stands in the host rather than in the path.
    in_host: bool = False

    @property
    def is_signed(self) -> bool:
        """Whether the query string carries a signature."""
        return bool(_SIGNED.search(self.query))

    @property
    def extension(self) -> str:
        """The object's extension in lower case, without the dot; empty when there is none."""
        found = _EXTENSION.search(self.key)
        return found[1].lower() if found else ""


@dataclass(frozen=True, slots=True)
class UrlFault:
    """Why a URL is refused: the finding's code and what its message tells."""

    code: str
    details: dict[str, object]


def without_signature(text: str) -> str:
    """Return a text as it is, but a URL, or the rest of one, without the query that signs it."""
    found = _SIGNED.search(text)
    return text[: found.start()].partition("?")[0] if found else text


@lru_cache(maxsize=64)  # one entry asks for its URL's bucket, faults and extension
def split(url: str) -> ObjectUrl | UrlFault:
    """Take a URL apart, or say why it cannot be sent."""
    return _character_fault(url) or _by_scheme(url)


def fault_of(url: str) -> UrlFault | None:
    """Say why a URL cannot be sent; None when it can."""
    found = split(url)
    return found if isinstance(found, UrlFault) else None


def bucket_of(url: str) -> str | None:
    """Return the bucket of a URL, None when the URL is refused."""
    found = split(url)
    return found.bucket if isinstance(found, ObjectUrl) else None


def _character_fault(url: str) -> UrlFault | None:
    if not url:
        return UrlFault("url-empty", {})
    if len(url) > MAX_BYTES or len(url.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        size = len(url.encode("utf-8", "surrogatepass"))
        return UrlFault("url-too-long", {"bytes": f"{size:,}"})
    if found := _CONTROL.search(url):
        return UrlFault("url-control", {"character": name_of(found[0])})
    if found := _SPACE.search(url):
        return _space_fault(url, found.start())
    return None


def _space_fault(url: str, at: int) -> UrlFault:
    """Tell white space at the ends, which is trimmed, from white space inside."""
    inside = _SPACE.search(url.strip())
    where = "inside" if inside else ("at the start of" if at == 0 else "at the end of")
    return UrlFault("url-whitespace", {"where": where, "character": name_of(url[at])})


def name_of(character: str) -> str:
    """Name a character that cannot be shown."""
    names = {" ": "blank", "\t": "tab", "\n": "line break", "\r": "carriage return"}
    return names.get(character, f"U+{ord(character):04X}")


def _by_scheme(url: str) -> ObjectUrl | UrlFault:
    scheme, found, rest = url.partition("://")
    if not found:
        return UrlFault("url-scheme", {"hint": ""})
    if scheme in {"gs", "s3"}:
        return _read_bucket_url(scheme, rest)
    if scheme == "https":
        return _read_https(scheme, rest)
    return UrlFault("url-scheme", {"hint": _scheme_hint(scheme)})


def _scheme_hint(scheme: str) -> str:
    if scheme.lower() in {"gs", "s3", "https"}:
        return ", in lower case"
    return f", not {scheme[:20]}://"


def _read_bucket_url(scheme: str, rest: str) -> ObjectUrl | UrlFault:
    bucket, _, key = rest.partition("/")
    if not _BUCKET.fullmatch(bucket):
        return _malformed(f"{bucket[:80]!r} is not a bucket name" if bucket else "No bucket name")
    if not key:
        return _malformed("The URL names the bucket but no object")
    return ObjectUrl(scheme, "", bucket, key)


def _read_https(scheme: str, rest: str) -> ObjectUrl | UrlFault:
    if "\\" in rest:
        return _malformed("A backslash cannot stand in an https URL")
    if "#" in rest:
        return _malformed("A # ends the object's name in an https URL; write %23")
    address, _, query = rest.partition("?")
    authority, _, path = address.partition("/")
    if "@" in authority:
        return _malformed("User information before the host is not allowed")
    if not (_HOST.fullmatch(authority) or _GOOGLE.fullmatch(authority)):
        return _malformed(f"{authority[:80]!r} is not a host name" if authority else "No host")
    host = authority.partition(":")[0].lower()
    bucket, key, in_host = _locate(host, path)
    if not bucket or not key:
        return _malformed("The URL names no bucket or no object")
    return ObjectUrl(scheme, host, bucket, key, query, in_host)


def _locate(host: str, path: str) -> tuple[str, str, bool]:
    """Find bucket and key of an https URL, and whether the host has the bucket, by its host."""
    if host.endswith("." + GOOGLE_HOST):
        return host.removesuffix("." + GOOGLE_HOST), path, True
    amazon = _AWS.fullmatch(host)
    if amazon and amazon["bucket"]:
        return amazon["bucket"], path, True
    first, slash, key = path.partition("/")
    if not slash and not _is_path_style(host, is_amazon=bool(amazon)):
        return host, path, True
    return first, key, False


def is_google(host: str) -> bool:
    """Whether a host is Google Cloud Storage's, with or without a bucket in it."""
    return host in {GOOGLE_HOST, GOOGLE_PEOPLE_HOST} or host.endswith(f".{GOOGLE_HOST}")


def _is_path_style(host: str, *, is_amazon: bool) -> bool:
    known = host in {GOOGLE_HOST, GOOGLE_PEOPLE_HOST} or host.endswith(".blob.core.windows.net")
    return known or is_amazon


def _malformed(problem: str) -> UrlFault:
    return UrlFault("url-bucket", {"problem": problem})
