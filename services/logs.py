"""Structured log lines on stderr, and the redactor every one of them passes.

Nothing here knows what is worth logging. `redact` is also used on text that other services said
to us before we keep it.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

MARK: Final = "[redacted]"
#: Libraries that tell at INFO what our own events tell better.
CHATTY: Final = ("alembic", "encord", "procrastinate")

#: Values of these names are dropped whatever they look like. `_` also stands for `-`.
_NAMES: Final = (
    r"(?:proxy[-_])?authorization|signature(?:[-_]input)?|content[-_]digest|"
    r"private[-_]key(?:[-_]id)?|pass(?:word|phrase)|client[-_]secret|cookie|set[-_]cookie|"
    r"(?:access|refresh|id|bearer|control|x[-_]sandbox)[-_]token|x[-_](?:goog|amz)[-_]signature"
)
_SECRET_NAME: Final = re.compile(_NAMES, re.IGNORECASE)

#: Applied in this order: a whole PEM block goes before its pieces could be matched.
_RULES: Final = (
    (re.compile(r"-----BEGIN [^-]{1,40}-----.*?(?:-----END [^-]{1,40}-----|\Z)", re.DOTALL), MARK),
    (
        # Header lines, dict reprs and JSON alike, also JSON quoted inside JSON.
        re.compile(
            rf"""(?<![\w-])({_NAMES})(["'\\]*\s*[:=]\s*["'\\]*)[^\r\n"'\\]+""",
            re.IGNORECASE,
        ),
        rf"\1\2{MARK}",
    ),
    (re.compile(r"\b(bearer)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {MARK}"),
    (re.compile(r"""(https?://[^\s?"'<>\\]+)\?[^\s"'<>\\]*"""), rf"\1?{MARK}"),
    # Lines of a key without its frame: the short last one, and long base64 that is no hex digest.
    (
        re.compile(
            r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{1,100}(?:\s|\\[nr]){0,4}-----END [^-]{1,40}-----"
        ),
        MARK,
    ),
    (re.compile(r"(?<![\w+/])(?![0-9a-f]+(?![\w+/]))[A-Za-z0-9+/]{60,}={0,2}"), MARK),
)
#: What could steer a terminal or forge a line; tab and newline stay.
_CONTROL: Final = {c: f"\\x{c:02x}" for c in (*range(32), *range(127, 160)) if c not in (9, 10)}


def redact(text: str) -> str:
    """Return `text` without key material, credentials, signed queries and control characters."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text.translate(_CONTROL)


def configure(
    level: int | str = logging.INFO, *, as_json: bool | None = None, stream: TextIO | None = None
) -> None:
    """Send every log line of the process through the redactor to one sink; may be called again.

    Args:
        level: Lowest level that is written.
        as_json: One JSON object a line, or lines for people; decided by the terminal when None.
        stream: The sink; stderr when None.
    """
    sink = stream or sys.stderr
    json_lines = not sink.isatty() if as_json is None else as_json
    handler = logging.StreamHandler(sink)
    handler.setFormatter(_formatter(json_lines=json_lines))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Other libraries own handlers of their own; what reaches those is redacted at its birth.
    logging.setLogRecordFactory(_redacted_record)
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _install_hooks()


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]


def _formatter(*, json_lines: bool) -> logging.Formatter:
    plain = structlog.dev.plain_traceback  # the default one prints local variables
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: object) -> object:
    if name.startswith("_"):
        return value  # structlog's own, dropped before rendering
    if _SECRET_NAME.fullmatch(name):
        return MARK
    if isinstance(value, Mapping):
        return {str(key): _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(value if isinstance(value, str) else str(value))


def _redacted_record(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401 - logging's own
    record = logging.LogRecord(*args, **kwargs)
    if isinstance(record.msg, dict):
        record.msg = _clean("", record.msg)  # structlog's event, or somebody's odd message
    else:
        record.msg, record.args = redact(_message(record)), None
    if record.exc_info and record.exc_info[0]:
        record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).rstrip())
    return record


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def _install_hooks() -> None:
    sys.excepthook = lambda kind, error, trace: _uncaught("main thread", (kind, error, trace))
    threading.excepthook = lambda args: _uncaught(
        args.thread.name if args.thread else "thread",
        (args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback),
    )
    sys.unraisablehook = lambda args: _uncaught(
        "finalizer", (args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
    )


def _uncaught(where: str, exc_info: _ExcInfo) -> None:
    if exc_info[0] is not None and issubclass(exc_info[0], KeyboardInterrupt):
        return
    log: Callable[..., Any] = structlog.get_logger("uncaught").critical
    log("uncaught exception", where=where, exc_info=exc_info)
