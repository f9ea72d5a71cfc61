"""Nothing secret leaves through a log line, a traceback or another library's own handler."""

import asyncio
import io
import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from services.encord_api.credentials import KeyProblem, load_private_key
from services.encord_api.errors import EncordError, translate
from services.encord_api.sdk import connect
from services.logs import MARK, configure, redact
from tests.unit.canaries import PASSPHRASE, Canary, found_in
from tests.unit.loopback import answer, http, serving

KINDS = ["ed25519", "encrypted", "rsa", "ecdsa", "pkcs8", "google"]


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    """Send all logging to a string; put the process back as it was."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogRecordFactory())
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    plain = structlog.get_config()
    stream = io.StringIO()
    configure(logging.DEBUG, as_json=True, stream=stream)
    yield stream
    root.handlers[:], factory = before[0], before[2]
    root.setLevel(before[1])
    logging.setLogRecordFactory(factory)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    structlog.configure(**plain)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: ", "abc.def"),
        ("authorization: 00ff:11ee\nHost: x", "Host: x", "11ee"),
        ("{'Authorization': '00ff:11ee', 'Host': 'x'}", "'Host': 'x'", "11ee"),
        ('{"Signature": "encord-sig=:c2ln:", "a": 1}', '"a": 1', "c2ln"),
        ('{\\"signature-input\\": \\"encord-sig=(x)\\", \\"a\\": 1}', '\\"a\\": 1', "encord-sig"),
        ("send bearer abcdefgh1234 now", "send bearer", "abcdefgh1234"),
        ('"private_key": "short", "x": 1', '"x": 1', "short"),
        ("passphrase=hunter2", "passphrase=", "hunter2"),
        ("X-Sandbox-Token: t0k3n", "X-Sandbox-Token", "t0k3n"),
        ("control_token: t0k3n", "control_token", "t0k3n"),
        ("get https://x.example/a/b.png?X-Goog-Signature=abc&y=1 now", "/a/b.png?", "abc"),
        ("at http://127.0.0.1:1/items?search=face now", "/items?", "face"),
        ("a\x1b[2Jb\rc\x00d", "\\x1b[2Jb\\x0dc\\x00d", "\x1b"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\nBBBB", MARK, "BBBB"),
        ("before -----BEGIN X-----\nAAAA\n-----END X----- after", "before [redacted] after", "A"),
    ],
)
def test_secrets_are_taken_out_and_the_rest_stays(text: str, kept: str, gone: str) -> None:
    assert kept in redact(text)
    assert gone not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "run 3f2a is complete: 4,996 of 5,000",
        "gs://encord-demo-bucket/yard/images/2026-11-23/frame 000001.png",
        "https://storage.googleapis.com/yard/a/b/c.png",
        "digest 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "SHA256:MyqOPzaU15GKATomx3aEfZ25zjoMgQmBwgk7MiTtfxU",
        "0b3c9a52-6c2f-4d6c-8a53-1f0d0f0a4a01",
        "line one\n\tline two: grüße",
        "the signature of the token bearer",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_redacting_is_quick_on_hostile_text() -> None:
    for text in ("-----BEGIN " * 20_000, "a" * 200_000, "Authorization: " * 20_000, "A/" * 90_000):
        redact(text)  # the suite's time limit is the assertion


@pytest.mark.parametrize("kind", KINDS)
def test_no_way_of_logging_shows_a_key(
    kind: str, canaries: dict[str, Canary], sink: io.StringIO
) -> None:
    canary = canaries[kind]
    text = canary.text
    structured: Any = structlog.get_logger("ours")
    structured.info(text)
    structured.info(
        "key", key=text, nested={"in": [text, {"private_key": text}]}, raw=text.encode()
    )
    structured.info("key %s", text)
    structured.bind(private_key="hunter2").info("bound")
    foreign = logging.getLogger("theirs")
    foreign.info(text)
    foreign.info("key %s and %r", text, text)
    foreign.info({"odd": text})
    foreign.warning("body %s", json.dumps({"key": text}))
    foreign.warning("lines %s", text[30:])
    try:
        raise_it(f"Provided key [{text}] is not an Ed25519 private key")
    except ValueError:
        structured.exception("failed")
        foreign.exception("failed")
    shown = sink.getvalue()
    assert shown.count("\n") == 11
    assert found_in(shown, canary) is None
    assert "hunter2" not in shown
    assert "is not an Ed25519" in shown
    assert len(lines(sink)) == 11


def test_another_librarys_own_handler_is_covered(
    canaries: dict[str, Canary], sink: io.StringIO
) -> None:
    own = io.StringIO()
    logger = logging.getLogger("with.its.own")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(own))
    try:
        raise_it(canaries["rsa"].text)
    except ValueError:
        logger.exception("failed with %s", canaries["rsa"].text)
    finally:
        logger.handlers.clear()
        logger.propagate = True
    assert "ValueError" in own.getvalue()
    assert found_in(own.getvalue(), canaries["rsa"]) is None


def test_a_broken_log_call_is_still_a_line(sink: io.StringIO) -> None:
    logging.getLogger("theirs").info("%d items", "many")
    assert lines(sink)[0]["event"] == "%d items"


def test_lines_for_people_have_no_colors_and_no_variables(
    canaries: dict[str, Canary], sink: io.StringIO
) -> None:
    stream = io.StringIO()
    configure("INFO", as_json=False, stream=stream)
    secret = canaries["ed25519"].text
    log: Any = structlog.get_logger("ours")
    log.debug("unseen")
    try:
        raise_it(str(len(secret)))
    except ValueError:
        log.exception("failed", run="3f2a")
    assert "unseen" not in stream.getvalue()
    assert "run=3f2a" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
    assert "Traceback" in stream.getvalue()
    assert found_in(stream.getvalue(), canaries["ed25519"]) is None


# What nobody catches


def raised(text: str) -> tuple[type[BaseException], BaseException, Any]:
    caught: BaseException = AssertionError()
    try:
        raise_it(text)
    except ValueError as error:
        caught = error
    return type(caught), caught, caught.__traceback__


def test_uncaught_exceptions_pass_the_redactor(
    canaries: dict[str, Canary], sink: io.StringIO
) -> None:
    canary = canaries["ecdsa"]
    sys.excepthook(*raised(canary.text))
    thread = threading.Thread(target=raise_it, args=(canary.text,), name="poller")
    thread.start()
    thread.join()

    async def forget() -> None:
        asyncio.get_running_loop().call_exception_handler({"exception": raised(canary.text)[1]})

    asyncio.run(forget())
    events = [line for line in lines(sink) if line["level"] in {"critical", "error"}]
    assert [line.get("where") for line in events] == ["main thread", "poller", None]
    assert all("ValueError" in line["exception"] for line in events)
    assert found_in(sink.getvalue(), canary) is None


def test_a_failing_finalizer_passes_the_redactor(
    canaries: dict[str, Canary], sink: io.StringIO
) -> None:
    class Leaky:
        def __del__(self) -> None:
            raise ValueError(canaries["pkcs8"].text)

    leaky = Leaky()
    del leaky
    assert lines(sink)[-1]["where"] == "finalizer"
    assert found_in(sink.getvalue(), canaries["pkcs8"]) is None


def test_an_interrupt_is_not_an_error(sink: io.StringIO) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert sink.getvalue() == ""


def raise_it(text: str) -> None:
    raise ValueError(text)


# The loader, the SDK and the logger together


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE, "wrong"])
@pytest.mark.parametrize("change", [str, lambda text: text[:-40], lambda text: text + "\x00"])
def test_loading_a_key_and_logging_what_happened_shows_none_of_it(
    kind: str,
    passphrase: str | None,
    change: Callable[[str], str],
    canaries: dict[str, Canary],
    sink: io.StringIO,
) -> None:
    log: Any = structlog.get_logger("connect")
    try:
        key = load_private_key(change(canaries[kind].text), passphrase)
        log.info("connected", key=key, box=repr(key), parts=[key])
    except KeyProblem as problem:
        log.exception("refused")
        print_all(problem, sink)
    assert sink.getvalue()
    assert found_in(sink.getvalue(), canaries[kind]) is None


@pytest.mark.parametrize(
    "reply",
    [answer({"message": "unknown key"}, 401), http(500, "<html>"), answer(None), b"garbage"],
)
def test_asking_encord_and_logging_everything_shows_no_key_and_no_signature(
    reply: bytes, canaries: dict[str, Canary], sink: io.StringIO
) -> None:
    key = load_private_key(canaries["ed25519"].text)
    log: Any = structlog.get_logger("connect")
    item = "0b3c9a52-6c2f-4d6c-8a53-1f0d0f0a4a01"
    with serving(reply) as server:
        gateway = connect(server.url, key, connect_timeout=30, read_timeout=30)
        for ask in (
            gateway.ping,
            lambda: gateway.link_items(item, [item]),
            gateway.metadata_schema,
        ):
            try:
                ask()
            except EncordError as error:
                log.exception("failed", raw=error.raw)
                print_all(error, sink)
    signatures = [
        request.headers.get("signature") or request.headers["authorization"].split(":")[1]
        for request in server.requests
    ]
    assert len(signatures) == 3
    assert found_in(sink.getvalue(), canaries["ed25519"]) is None
    assert not [signature for signature in signatures if signature in sink.getvalue()]


def test_even_the_sdks_own_leak_is_stopped_at_the_boundary(
    canaries: dict[str, Canary], sink: io.StringIO
) -> None:
    leak = ValueError(f"Provided key [{canaries['rsa'].text}] is not an Ed25519 private key")
    error = translate(leak, operation="connecting")
    structlog.get_logger("ours").error("failed", raw=error.raw, error=error)
    print_all(error, sink)
    assert found_in(sink.getvalue(), canaries["rsa"]) is None


def print_all(error: BaseException, sink: io.StringIO) -> None:
    """Write what a careless handler would, past the redactor: the error must be clean itself."""
    shown = "".join(traceback.format_exception(error))
    sink.write(json.dumps([shown, repr(error), repr(error.args), repr(vars(error))]) + "\n")
