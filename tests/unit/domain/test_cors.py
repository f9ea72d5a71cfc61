"""The rules of a bucket against an evaluator of its own: the wire's answers, read by Fetch."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest

from services.domain import cors
from services.domain.cors import CorsRule, PageRequest, evaluate, is_origin, mended, parse, refused
from services.sandbox import cors as wire

APP = "https://app.encord.com"
ORIGINS: tuple[list[str], ...] = (
    ["*"],
    [APP],
    ["https://other.example"],
    ["https://*.encord.com"],
    ["http://app.encord.com"],
    ["https://app.encord.com:8443"],
    ["https://APP.encord.com"],
    ["https://app.encord.com/"],
    ["https://other.example", APP],
    [],
)
METHODS: tuple[list[str], ...] = (["GET"], ["*"], ["PUT"], ["get"], ["PUT", "GET"], [])
HEADERS: tuple[list[str], ...] = (
    [],
    ["Content-Type"],
    ["content-type", "X-Other"],
    ["*"],
    ["X-Other"],
)
REQUESTS = (
    PageRequest(origin=APP),
    PageRequest(origin=APP, headers=("Content-Type",)),
    PageRequest(origin=APP, headers=("Content-Type", "X-Other")),
    PageRequest(origin=APP, method="PUT"),
    PageRequest(origin="https://app.encord.com:8443"),
    PageRequest(origin="http://app.encord.com"),
)
RULES = [
    {"origin": origins, "method": methods, "responseHeader": headers}
    for origins, methods, headers in itertools.product(ORIGINS, METHODS, HEADERS)
]
#: Rules that stand before or behind others: each kind of near miss once.
FEW = RULES[:: len(HEADERS) * 2 - 1]


def fetched(rules: Sequence[dict[str, Any]], request: PageRequest) -> tuple[bool, bool]:
    """Ask the wire as Fetch does; return what the preflight and the response let through."""
    stored = json.dumps(rules)
    response = wire.headers(stored, {"origin": request.origin}, request.method)
    return _preflight(stored, request), _names(response, request.origin)


def _preflight(stored: str, request: PageRequest) -> bool:
    simple = request.method in {"GET", "HEAD", "POST"}
    if simple and not request.headers:
        return True
    asked = {
        "origin": request.origin,
        "access-control-request-method": request.method,
        "access-control-request-headers": ",".join(sorted(map(str.lower, request.headers))),
    }
    answer = wire.preflight(stored, asked)
    methods = answer.get("Access-Control-Allow-Methods", "").split(", ")
    headers = answer.get("Access-Control-Allow-Headers", "").lower().split(", ")
    if not (simple or request.method in methods or "*" in methods):
        return False
    named = all(name.lower() in headers for name in request.headers)
    return _names(answer, request.origin) and named


def _names(answer: dict[str, str], origin: str) -> bool:
    return answer.get("Access-Control-Allow-Origin") in ("*", origin)


def agree(rules: Sequence[dict[str, Any]]) -> None:
    parsed = parse(json.dumps(rules))
    for request in REQUESTS:
        found = evaluate(parsed, request)
        assert (found.preflight, found.response) == fetched(rules, request), (rules, request)
        if not found.allowed:
            assert all(verdict.why for verdict in found.verdicts), (rules, request)


def test_every_single_rule_means_what_a_browser_makes_of_it() -> None:
    agree([])
    for rule in RULES:
        agree([rule])


def test_every_pair_of_rules_does_too() -> None:
    for first, second in itertools.product(FEW, RULES[::3]):
        agree([first, second])


@pytest.mark.parametrize("origins", [(APP,), cors.ORIGINS["EU"], cors.ORIGINS["US"]])
def test_a_mend_opens_the_bucket_and_keeps_every_rule_byte_for_byte(
    origins: tuple[str, ...],
) -> None:
    for pair in itertools.product(FEW, FEW):
        kept = [{**rule, "maxAgeSeconds": 60, "kept": "ä/\\"} for rule in pair]
        document = cors.write(kept)
        written = json.loads(mended(document, origins))
        assert not refused(parse(json.dumps(written)), origins)
        others = [rule for rule in written if "kept" in rule]
        assert [json.dumps(rule) for rule in others] == [json.dumps(rule) for rule in kept]
        assert len(written) - len(kept) <= 1
        for origin in origins:
            for request in cors.requests_of(origin):
                assert fetched(written, request) == (True, True)


def test_a_mend_takes_nothing_away_that_worked() -> None:
    requests = [
        PageRequest(origin=origin, method=method, headers=headers)
        for origin in (APP, "https://other.example")
        for method in ("GET", "PUT")
        for headers in ((), ("X-Other",), ("Content-Type",))
    ]
    for pair in itertools.product(FEW, FEW):
        before = list(pair)
        after = json.loads(mended(json.dumps(before), (APP,)))
        for request in requests:
            if fetched(before, request) == (True, True):
                assert fetched(after, request) == (True, True), (before, request)


def test_what_is_open_already_is_left_alone() -> None:
    document = cors.write([{"origin": ["*"], "method": ["GET"], "responseHeader": ["*"]}])
    assert mended(document, cors.ORIGINS["EU"]) is document


def test_only_origins_that_lack_a_rule_get_one() -> None:
    document = cors.write([{"origin": [APP], "method": ["GET"], "responseHeader": ["*"]}])
    new = json.loads(mended(document, cors.ORIGINS["EU"]))[-1]
    assert new["origin"] == ["https://api.encord.com"]


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ("https://*.encord.com", "has a * inside"),
        ("https://APP.encord.com", "differs in letter case"),
        ("app.encord.com", "lacks the scheme"),
        ("https://app.encord.com/", "has something after the host"),
        ("http://app.encord.com", "is http, the page is https"),
        ("https://app.encord.com:443", "names another port"),
        ("https://example.com", "is another origin"),
        ("https://[", "is another origin"),
    ],
)
def test_a_near_miss_is_told_as_what_it_is(listed: str, why: str) -> None:
    rule = CorsRule(origins=("https://x.example", listed), methods=("GET",), response_headers=())
    (verdict,) = evaluate((rule,), PageRequest(origin=APP)).verdicts
    assert why in verdict.why


def test_a_rule_behind_another_is_told_so() -> None:
    rule = CorsRule(origins=("*",), methods=("GET",), response_headers=())
    found = evaluate((rule, rule), PageRequest(origin=APP, headers=("Range",)))
    assert found.rule == 1
    assert found.verdicts[0].why == "It does not allow the header Range."
    assert found.verdicts[1].why.startswith("Rule 1 comes first")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (APP, True),
        ("http://127.0.0.1:9000", True),
        ("http://[::1]:9000", True),
        ("https://app.encord.com:443", False),
        ("https://app.encord.com:99999", False),
        ("https://app.encord.com/", False),
        ("HTTPS://app.encord.com", False),
        ("app.encord.com", False),
        ("https://a b", False),
        ("*", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_is_what_browsers_write(text: str, is_one: bool) -> None:  # noqa: FBT001
    assert is_origin(text) is is_one
