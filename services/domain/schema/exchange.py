"""Schemas as files: JSON and YAML, keys in one order, so that two can be compared as text."""

import json
from typing import Final

import yaml

from services.domain.metadata import (
    MetadataKey,
    MetadataSchema,
    NoSchemaError,
    ValueType,
    parse_schema,
    read_schema,
)
from services.domain.schema.draft import Draft, DraftKey, by_key

#: A list of aliases can grow to any size when it is read; a schema needs none.
_ALIAS: Final = yaml.tokens.AliasToken


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
    except (ValueError, yaml.YAMLError, RecursionError):
        raise NoSchemaError from None
    return read_schema(content)


def _yaml(text: str) -> object:
    if any(isinstance(token, _ALIAS) for token in yaml.scan(text)):
        raise NoSchemaError
    return yaml.safe_load(text)


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
