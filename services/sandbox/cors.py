"""Cross-origin rules of a bucket: what a browser is told for one request.

Rules are Google's own: `[{"origin": [...], "method": [...], "responseHeader": [...],
"maxAgeSeconds": n}]` [documented]. A request no rule allows is answered without the headers.
"""

from collections.abc import Mapping, Sequence

import orjson

from services.sandbox.wire import Object


def headers(rules: str, request: Mapping[str, str], method: str) -> dict[str, str]:
    """Return the headers of a plain response; `request` has lower-case names."""
    origin = request.get("origin")
    rule = _rule(rules, origin, method)
    if rule is None or origin is None:
        return {"Vary": "Origin"} if origin else {}
    answer = {"Access-Control-Allow-Origin": _allowed_origin(rule, origin), "Vary": "Origin"}
    exposed = _texts(rule, "responseHeader")
    if exposed:
        answer["Access-Control-Expose-Headers"] = ", ".join(exposed)
    return answer


def preflight(rules: str, request: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the answer to an OPTIONS request."""
    origin = request.get("origin")
    method = request.get("access-control-request-method", "")
    rule = _rule(rules, origin, method)
    if rule is None or origin is None:
        return {"Vary": "Origin"}
    asked = request.get("access-control-request-headers", "").split(",")
    wanted = {name.strip().lower() for name in asked if name.strip()}
    known = _texts(rule, "responseHeader")
    if "*" not in known and not wanted <= {name.lower() for name in known}:
        return {"Vary": "Origin"}
    answer = {
        "Access-Control-Allow-Origin": _allowed_origin(rule, origin),
        "Access-Control-Allow-Methods": ", ".join(_texts(rule, "method")),
        "Access-Control-Max-Age": str(rule.get("maxAgeSeconds", 3600)),
        "Vary": "Origin",
    }
    if wanted:
        answer["Access-Control-Allow-Headers"] = ", ".join(sorted(wanted))
    return answer


def _rule(rules: str, origin: str | None, method: str) -> Object | None:
    """Return the first rule that names the origin and the method."""
    for rule in orjson.loads(rules):
        methods, origins = _texts(rule, "method"), _texts(rule, "origin")
        if (method in methods or "*" in methods) and (origin in origins or "*" in origins):
            found: Object = rule
            return found
    return None


def _allowed_origin(rule: Object, origin: str) -> str:
    return "*" if "*" in _texts(rule, "origin") else origin


def _texts(rule: Object, name: str) -> Sequence[str]:
    found = rule.get(name)
    return [str(text) for text in found] if isinstance(found, list) else []
