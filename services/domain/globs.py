"""Patterns over object names in Google's glob syntax, as one regular expression for whole columns.

`*` is any run within a folder, `**` also across folders, `?` one character, `[a-c]` and `[!a-c]`
one of some, `{jpg,png}` one of some words. What holds none of these is a prefix.
"""

import re
from collections.abc import Iterable
from typing import Final

#: What makes a text a pattern rather than a prefix.
MAGIC: Final = "*?[{"
_TOKEN: Final = re.compile(r"\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]]*\]|\{[^{}]*\}|\\.|.", re.DOTALL)
_PLAIN: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


NOT_CLOSED: Final = "The {token} is not closed; write \\{token} for the character itself."
NO_CHARACTERS: Final = "[{inside}] names no characters; write it as in [abc] or [a-c]."


class PatternError(ValueError):
    """A pattern that cannot be read or followed; says why in a sentence."""

    def __init__(self, sentence: str, **details: object) -> None:
        super().__init__(sentence.format(**details))


def expression(pattern: str) -> str:
    """Return the regular expression that a whole name has to match.

    It is understood alike by Python and by polars.

    Raises:
        PatternError: A bracket or brace is not closed, or a bracket names no characters.
    """
    if not any(character in pattern for character in MAGIC):
        return f"(?s:^{re.escape(pattern)}.*$)"
    return f"(?s:^{''.join(_translate(token) for token in _TOKEN.findall(pattern))}$)"


def any_of(patterns: Iterable[str]) -> str | None:
    """Return one expression for several patterns; None for none, which means every name."""
    made = [expression(pattern) for pattern in patterns if pattern]
    return "|".join(made) or None


def read_lines(text: str) -> tuple[str, ...]:
    """Read patterns as people write them: one a line, blank lines ignored."""
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _translate(token: str) -> str:
    if token in _PLAIN:
        return _PLAIN[token]
    if token in {"[", "{"}:
        raise PatternError(NOT_CLOSED, token=token)
    if token[0] == "[":
        return _one_of(token[1:-1])
    if token[0] == "{":
        return f"(?:{'|'.join(re.escape(word) for word in token[1:-1].split(','))})"
    return re.escape(token[1:] if token[0] == "\\" and len(token) > 1 else token)


def _one_of(inside: str) -> str:
    negated = inside[:1] in {"!", "^"}
    listed = inside[1:] if negated else inside
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", listed)
    made = f"[{'^/' if negated else ''}{escaped}]"
    try:
        re.compile(made)
    except re.error:
        raise PatternError(NO_CHARACTERS, inside=inside) from None
    return made
