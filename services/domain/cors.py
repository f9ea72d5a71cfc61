"""Cross-origin rules of a bucket: what a browser makes of them, and the smallest rule that mends.

Google answers by the first rule that lists the page's origin and the method; `*` alone stands for
any origin, any method or any header, a `*` inside a value for nothing. A browser compares letter
by letter: scheme, host and port. Headers that a script adds are asked about first (the preflight).
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

#: From where Encord's app and its interface open objects, as Encord documents it.
ORIGINS: Final = {
    "EU": ("https://app.encord.com", "https://api.encord.com"),
    "US": ("https://app.us.encord.com", "https://api.us.encord.com"),
}
#: How Encord opens an object: a GET, for which it may add this header.
METHOD: Final = "GET"
HEADER: Final = "Content-Type"
MAX_AGE_SECONDS: Final = 3600

_ANY: Final = "*"
#: Methods that a browser allows without seeing them listed.
PLAIN_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_ORIGIN: Final = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[1-9][0-9]{0,4})?|https?://\[[0-9a-f:]+\](?::[1-9][0-9]{0,4})?"
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsRule:
    """One rule of a bucket's CORS configuration, as Google stores it."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    response_headers: tuple[str, ...]
    max_age_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What a page of another origin asks a browser to fetch, without cookies."""

    #: As a browser writes it: scheme, host, and the port unless it is the scheme's own.
    origin: str
    method: str = METHOD
    #: Names of the headers its script adds that a browser asks about first.
    headers: tuple[str, ...] = ()

    @property
    def is_asked_first(self) -> bool:
        """Whether the browser sends a preflight."""
        return bool(self.headers) or self.method not in PLAIN_METHODS


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """What one rule means for one request."""

    #: 1-based, as the rules are listed.
    place: int
    applies: bool
    #: Why it does not apply, or does not suffice; empty when all is well. Holds rule text.
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a browser makes of all rules for one request."""

    request: PageRequest
    #: The rule that decides, 1-based; None when no rule lists the origin and the method.
    rule: int | None
    preflight: bool
    response: bool
    verdicts: tuple[RuleVerdict, ...]

    @property
    def allowed(self) -> bool:
        """Whether the page gets to see the object."""
        return self.preflight and self.response


def is_origin(text: str) -> bool:
    """Tell whether a text is an origin as browsers write it."""
    if not _ORIGIN.fullmatch(text):
        return False
    parts = urlsplit(text)
    try:
        return parts.port != _DEFAULT_PORTS[parts.scheme]
    except ValueError:
        return False


def evaluate(rules: Sequence[CorsRule], request: PageRequest) -> Evaluation:
    """Decide as Google and a browser would, and say about every rule why."""
    applies = [not _why_not(rule, request) for rule in rules]
    first = applies.index(True) if True in applies else None
    missing = _missing_headers(rules[first], request) if first is not None else ()
    verdicts = (
        RuleVerdict(
            place=place + 1,
            applies=place == first,
            why=_explain(rule, request, shadowed_by=first if first != place else None),
        )
        for place, rule in enumerate(rules)
    )
    return Evaluation(
        request=request,
        rule=None if first is None else first + 1,
        preflight=not request.is_asked_first or (first is not None and not missing),
        response=first is not None,
        verdicts=tuple(verdicts),
    )


def _explain(rule: CorsRule, request: PageRequest, *, shadowed_by: int | None) -> str:
    why = _why_not(rule, request)
    if why:
        return why
    if shadowed_by is not None:
        return f"Rule {shadowed_by + 1} comes first and lists the same origin and method."
    missing = _missing_headers(rule, request)
    return f"It does not allow the header {', '.join(missing)}." if missing else ""


def _why_not(rule: CorsRule, request: PageRequest) -> str:
    """Return why a rule does not list the origin or the method; empty when it does."""
    return _origin_fault(rule.origins, request.origin) or _method_fault(
        rule.methods, request.method
    )


def _origin_fault(listed: tuple[str, ...], origin: str) -> str:
    if not listed:
        return "It lists no origin."
    faults = [_difference(each, origin) for each in listed]
    return "" if "" in faults else max(faults, key=_closeness)


def _closeness(fault: str) -> bool:
    """Prefer a near miss to an origin that is simply another one."""
    return not fault.endswith("is another origin.")


def _difference(listed: str, origin: str) -> str:
    """Say how a listed origin differs from the page's; empty when it stands for it."""
    if listed in (_ANY, origin):
        return ""
    if _ANY in listed:
        return f"{listed} has a * inside; only a * alone stands for other origins."
    if listed.casefold() == origin.casefold():
        return f"{listed} differs in letter case; a browser writes {origin}."
    if listed == origin.partition("://")[2]:
        return f"{listed} lacks the scheme; a browser writes {origin}."
    return _parts_difference(listed, origin)


def _parts_difference(listed: str, origin: str) -> str:
    theirs, ours = _split(listed), _split(origin)
    if theirs is None or ours is None or theirs.hostname != ours.hostname:
        return f"{listed} is another origin."
    if theirs.path or theirs.query:
        return f"{listed} has something after the host; an origin ends there."
    if theirs.scheme != ours.scheme:
        return f"{listed} is {theirs.scheme}, the page is {ours.scheme}."
    return f"{listed} names another port; a browser writes {origin}."


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts if parts.hostname else None


def _method_fault(listed: tuple[str, ...], method: str) -> str:
    if method in listed or _ANY in listed:
        return ""
    if not listed:
        return f"It lists no method; {method} is needed."
    return f"It allows {', '.join(listed)}, not {method}."


def _missing_headers(rule: CorsRule, request: PageRequest) -> tuple[str, ...]:
    known = {name.casefold() for name in rule.response_headers}
    if _ANY in known:
        return ()
    return tuple(name for name in request.headers if name.casefold() not in known)


def requests_of(origin: str) -> tuple[PageRequest, PageRequest]:
    """Return what Encord's pages of an origin ask for: a plain GET, and one asked about first."""
    return PageRequest(origin=origin), PageRequest(origin=origin, headers=(HEADER,))


def refused(rules: Sequence[CorsRule], origins: Iterable[str]) -> tuple[str, ...]:
    """Return the origins from which some of what Encord does would fail."""
    return tuple(
        origin
        for origin in origins
        if not all(evaluate(rules, request).allowed for request in requests_of(origin))
    )


def parse(document: str) -> tuple[CorsRule, ...]:
    """Read a CORS configuration: a JSON list of rules."""
    return tuple(_rule(each) for each in json.loads(document))


def _rule(raw: dict[str, Any]) -> CorsRule:
    age = raw.get("maxAgeSeconds")
    return CorsRule(
        origins=tuple(raw.get("origin", ())),
        methods=tuple(raw.get("method", ())),
        response_headers=tuple(raw.get("responseHeader", ())),
        max_age_seconds=None if age is None else int(age),
    )


def mended(document: str, origins: Iterable[str]) -> str:
    """Return the configuration with one more rule for the origins that lack one.

    Every existing rule stays as it is, in its order. The new one comes last, or first where an
    older one would answer before it; then it takes over what that one allows for a GET.

    Args:
        document: The configuration in force, a JSON list.
        origins: Who must be able to open objects.
    """
    rules = parse(document)
    lacking = refused(rules, origins)
    if not lacking:
        return document
    older = [
        rule
        for rule in rules
        if any(not _why_not(rule, PageRequest(origin=origin)) for origin in lacking)
    ]
    headers = dict.fromkeys([HEADER, *(name for rule in older for name in rule.response_headers)])
    new = {
        "origin": list(lacking),
        "method": [METHOD],
        "responseHeader": list(headers),
        "maxAgeSeconds": MAX_AGE_SECONDS,
    }
    kept = json.loads(document)
    return write([new, *kept] if older else [*kept, new])


def write(rules: Sequence[object]) -> str:
    """Write rules as `cors.json`, each as it was given."""
    return json.dumps(rules, indent=2, ensure_ascii=False)
