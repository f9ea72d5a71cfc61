"""What is wrong with a draft, as findings with their fixes. Errors keep a plan from being made.

Sources: Encord's documentation for the characters of keys (its SDK lets more through), the SDK's
`metadata_schema.py` for reserved keys and limits.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.domain.findings import Severity
from services.domain.metadata import ALIASES, DECLARABLE, MetadataKey, OrganisationSchema, ValueType
from services.domain.nearest import distance, fold, hint
from services.domain.schema.draft import (
    OPTION_LIMIT,
    Draft,
    DraftKey,
    KeyState,
    by_key,
    differs,
    is_fixed,
    is_scalar,
)

#: Above this, Encord's Active does not use an embedding; its Index does.
ACTIVE_LIMIT: Final = 2_000
_KEY: Final = re.compile(r"[A-Za-z0-9 _.\-]+")
_READABLE: Final = re.compile(r"[A-Za-z0-9]")
_RESERVED: Final = "keyframes"
#: Names this long differ by a letter for a reason less often than by a slip.
_NEAR_LENGTH: Final = 5
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFinding:
    """One thing that is wrong with a draft."""

    code: str
    severity: Severity
    #: The key as written; empty where a row has none.
    key: str
    message: str
    fix: str


def lint(draft: Draft, base: OrganisationSchema) -> list[SchemaFinding]:
    """Return everything that is wrong with a draft of a schema, errors first."""
    found = [
        *(each for row in draft for each in _row(row, base)),
        *_twice(draft),
        *_twins(draft, base),
        *_namespaces(draft, base),
    ]
    return sorted(found, key=lambda each: (each.severity is not Severity.ERROR, each.key))


def _error(code: str, key: str, message: str, fix: str) -> SchemaFinding:
    return SchemaFinding(code=code, severity=Severity.ERROR, key=key, message=message, fix=fix)


def _warning(code: str, key: str, message: str, fix: str) -> SchemaFinding:
    return SchemaFinding(code=code, severity=Severity.WARNING, key=key, message=message, fix=fix)


def _row(row: DraftKey, base: OrganisationSchema) -> Iterator[SchemaFinding]:
    known = row.key in base.answer
    if not known:
        yield from _key(row.key)
    if row.state is not KeyState.IN_USE:
        yield from _deletion(row, base)
        return
    if known:
        yield from _change(row, base)
    before = base.declared.get(row.key) or base.deleted.get(row.key)
    if before is None or before.type in DECLARABLE:
        yield from _type(row)


def _key(key: str) -> Iterator[SchemaFinding]:
    if not key.strip():
        yield _error("key-empty", key, "The row has no key.", "Name the key, or remove the row.")
        return
    if not _KEY.fullmatch(key) or not _READABLE.search(key):
        yield _error(
            "key-charset",
            key,
            "A key is made of the letters a-z and A-Z, digits, blanks, hyphens, underscores and"
            " periods.",
            "Write the key with these characters only.",
        )
    if re.sub(r"[-_ .]", "", key) == _RESERVED:
        yield _error(
            "key-reserved",
            key,
            "Encord uses keyframes itself, also with blanks, hyphens, underscores or periods.",
            "Choose another name.",
        )
    if key != key.strip():
        yield _warning(
            "key-blank", key, "The key begins or ends with a blank.", "Remove the blank."
        )


def _deletion(row: DraftKey, base: OrganisationSchema) -> Iterator[SchemaFinding]:
    gone = row.key in base.deleted
    if row.key not in base.answer:
        yield _error(
            "key-deleted", row.key, "There is no such key to delete.", "Remove the row instead."
        )
    elif gone and base.deleted[row.key] is None and row.state is KeyState.DELETED:
        yield _error("key-gone", row.key, "The key was deleted for ever.", "Leave it as it is.")
    elif gone and base.deleted[row.key] is not None and row.state is KeyState.DELETED_FOREVER:
        yield _error(
            "key-deleted",
            row.key,
            "The key is deleted already; Encord's SDK deletes a key once.",
            "Restore it first, or leave it as it is.",
        )


def _change(row: DraftKey, base: OrganisationSchema) -> Iterator[SchemaFinding]:
    """Find what Encord offers no way to do to a key that exists."""
    before = base.declared.get(row.key) or base.deleted.get(row.key)
    if before is None:
        yield _error(
            "key-gone",
            row.key,
            "The key was deleted for ever; Encord never takes its name again.",
            "Choose another name.",
        )
        return
    after = row.kind()
    if after is None:
        return
    if before.type is ValueType.ENUM and after.type is ValueType.ENUM:
        yield from _removed_options(row.key, before, after)
    elif not differs(before, after):
        return
    elif is_fixed(base, row.key) or not is_scalar(after):
        yield _error(
            "type-fixed",
            row.key,
            f"Encord cannot turn {before.type.value} into {after.type.value}.",
            "Keep the type, or delete the key and declare another one.",
        )


def _removed_options(key: str, before: MetadataKey, after: MetadataKey) -> Iterator[SchemaFinding]:
    removed = [option for option in before.options if option not in after.options]
    if removed:
        yield _error(
            "option-removed",
            key,
            f"Encord cannot take options away: {_some(removed)}.",
            "Put the options back; new ones can be added.",
        )


def _type(row: DraftKey) -> Iterator[SchemaFinding]:
    word = row.type.strip()
    kind = ALIASES.get(word, word)
    if word in ALIASES:
        yield SchemaFinding(
            code="type-alias",
            severity=Severity.INFO,
            key=row.key,
            message=f"{word} is an older word for {ALIASES[word].value}, which is what is saved.",
            fix=f"Write {ALIASES[word].value}.",
        )
    if kind not in DECLARABLE:
        problem = (
            f"{word!r} is not a type{hint(word, DECLARABLE)}." if word else "There is no type."
        )
        yield _error("type-unknown", row.key, problem, f"Use one of {', '.join(DECLARABLE)}.")
    elif kind == ValueType.ENUM:
        yield from _options(row.key, row.options)
    elif kind == ValueType.EMBEDDING:
        yield from _embedding(row)


def _options(key: str, options: Sequence[str]) -> Iterator[SchemaFinding]:
    if not options:
        yield _error("option-none", key, "An enum needs options.", "Add one option at least.")
    if len(set(options)) > OPTION_LIMIT:
        yield _error(
            "option-limit",
            key,
            f"{len(set(options)):,} options; Encord takes at most {OPTION_LIMIT}.",
            "Use varchar, or fewer options.",
        )
    seen: dict[str, str] = {}
    twice: list[str] = []
    near: list[str] = []
    for option in options:
        other = seen.setdefault(fold(option), option)
        if other is not option:
            (twice if other == option else near).append(f"{other} / {option}")
    if twice or len(set(options)) < len(options):
        yield _error(
            "option-twice",
            key,
            "An option stands there twice; Encord would keep and count both.",
            "Remove the second one.",
        )
    if near:
        yield _warning(
            "option-near",
            key,
            f"Options differ only in case, blanks or hyphens: {_some(near)}.",
            "Keep one spelling.",
        )


def _embedding(row: DraftKey) -> Iterator[SchemaFinding]:
    size = row.embedding_size()
    if size is None:
        problem = f"{row.size!r} is no size" if row.size.strip() else "An embedding needs a size"
        yield _error(
            "embedding-size",
            row.key,
            f"{problem}: a whole number from 1 to 4,096.",
            "Write how many numbers an embedding has.",
        )
    elif size > ACTIVE_LIMIT:
        yield _warning(
            "embedding-active",
            row.key,
            f"Index takes {size:,} numbers, Active only {ACTIVE_LIMIT:,}.",
            "Shorten the embedding if it is to be used in Active.",
        )


def _twice(draft: Draft) -> Iterator[SchemaFinding]:
    seen: set[str] = set()
    for row in draft:
        if row.key in seen and row.key.strip():
            yield _error("key-twice", row.key, "The key stands there twice.", "Remove one row.")
        seen.add(row.key)


def _twins(draft: Draft, base: OrganisationSchema) -> Iterator[SchemaFinding]:
    """Find keys so alike that one is probably a slip; keys that both exist are past mending."""
    used = sorted(row.key for row in by_key(draft).values() if row.state is KeyState.IN_USE)
    folded: dict[str, str] = {}
    for key in used:
        other = folded.setdefault(fold(key), key)
        if other != key and not {other, key} <= set(base.answer):
            yield _warning(
                "key-twin",
                key,
                f"It differs from {other} only in case, blanks or hyphens; Encord keeps both.",
                "Keep one spelling.",
            )
    for one, other in _neighbours(sorted(folded)):
        if {folded[one], folded[other]} <= set(base.answer):
            continue
        yield _warning(
            "key-near",
            folded[other],
            f"It is one letter away from {folded[one]}.",
            "Keep both only if they mean different things.",
        )


def _neighbours(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs one slip apart; words that end in different digits are a series."""
    for at, one in enumerate(words):
        if len(one.rpartition(".")[2]) < _NEAR_LENGTH:
            continue
        for other in words[at + 1 :]:
            is_near = abs(len(other) - len(one)) <= 1 and _differ_in_letters(one, other)
            if is_near and distance(one, other) == 1:
                yield one, other


def _differ_in_letters(one: str, other: str) -> bool:
    return re.sub(r"\d", "", one) != re.sub(r"\d", "", other)


def _namespaces(draft: Draft, base: OrganisationSchema) -> Iterator[SchemaFinding]:
    used = [row.key for row in draft if row.state is KeyState.IN_USE]
    spaced = [key for key in used if "." in key.strip(".")]
    if len(spaced) * 2 < len(used):
        return
    names = ", ".join(sorted({key.split(".")[0] for key in spaced})[:_SHOWN])
    for key in used:
        if "." not in key.strip(".") and key not in base.answer and key.strip():
            yield _warning(
                "key-namespace",
                key,
                f"Most keys name their team first ({names}).",
                "Write team.key, so that teams do not take each other's names.",
            )


def _some(values: Sequence[str]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(values[:_SHOWN]) + more
