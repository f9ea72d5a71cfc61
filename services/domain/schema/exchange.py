"""Schemas as files: JSON and YAML, keys in one order, so that two can be compared as text."""

import json
from collections.abc import Hashable, Mapping
from typing import Any, Final

import yaml

from services.domain.metadata import (
    MetadataKey,
    MetadataSchema,
    NoSchemaError,
    RepeatedKeyError,
    ValueType,
    distinct,
    parse_schema,
    read_schema,
)
from services.domain.schema.draft import Draft, DraftKey, by_key

#: What is a number in a type; all else is text, such as an option `yes` or `007`.
_NUMBERS: Final = frozenset({"size", "max_length"})
#: A list of aliases can grow to any size when it is read; a schema needs none.
_ALIAS: Final = yaml.tokens.AliasToken


class _Loader(yaml.BaseLoader):
    """Reads every scalar as the text it is, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - as its base's
        """Make an object."""
        pairs = [
            (str(self.construct_scalar(key)), self.construct_object(each, deep=deep))
            for key, each in node.value
        ]
        return dict(distinct(pairs).items())


def to_json(schema: MetadataSchema) -> str:
    """Write the keys in use as JSON, which the check of a manifest reads too."""
    return json.dumps(_plain(schema), indent=2, ensure_ascii=False) + "\n"


def to_yaml(schema: MetadataSchema) -> str:
    """Write the keys in use as YAML."""
    return yaml.safe_dump(_plain(schema), allow_unicode=True, sort_keys=False)


def _plain(schema: MetadataSchema) -> dict[str, object]:
    return {key: _kind(schema[key]) for key in sorted(schema)}


def _kind(kind: MetadataKey) -> object:
    if kind.type is ValueType.ENUM:
        return {"type": kind.type.value, "options": sorted(kind.options)}
    if kind.type is ValueType.EMBEDDING:
        return {"type": kind.type.value, "size": kind.size}
    return kind.type.value


def read(text: str, name: str) -> MetadataSchema:
    """Read a schema file by its name's ending.

    Raises:
        SchemaProblem: Says which key is wrong and what would be right.
    """
    if not name.lower().endswith((".yaml", ".yml")):
        return parse_schema(text.encode())
    try:
        content = _yaml(text)
    except RepeatedKeyError:
        raise
    except (ValueError, yaml.YAMLError, RecursionError):
        raise NoSchemaError from None
    return read_schema(content)


def _yaml(text: str) -> object:
    if any(isinstance(token, _ALIAS) for token in yaml.scan(text)):
        raise NoSchemaError
    content = yaml.load(text, _Loader)  # noqa: S506 - it makes texts, lists and objects, no more
    if not isinstance(content, Mapping):
        return content
    return {key: _typed(kind) for key, kind in content.items()}


def _typed(kind: object) -> object:
    if not isinstance(kind, Mapping):
        return kind
    return {
        name: int(each) if name in _NUMBERS and str(each).isdecimal() else each
        for name, each in kind.items()
    }


def taken_into(draft: Draft, schema: MetadataSchema) -> Draft:
    """Put the keys of a schema into a draft; other keys stay as they are."""
    rows = by_key(draft)
    for key, kind in schema.items():
        rows[key] = row_of(key, kind, rows.get(key))
    return tuple(rows.values())


def row_of(key: str, kind: MetadataKey, before: DraftKey | None) -> DraftKey:
    """Return the row that declares a key in place of the one before, whose options it keeps.

    None can be taken away from an enum.
    """
    size = str(kind.size) if kind.type is ValueType.EMBEDDING else ""
    kept = before.options if before and before.type == kind.type == ValueType.ENUM else ()
    options = tuple(dict.fromkeys((*kept, *kind.options)))
    return DraftKey(key=key, type=kind.type.value, options=options, size=size)
