"""Schemas from files and from Encord: what is read, and what a person is told otherwise."""

from typing import Any

import pytest

from services.domain.metadata import (
    MetadataKey,
    OrganisationSchema,
    SchemaProblem,
    ValueType,
    read_schema,
)


def test_a_file_may_name_types_or_describe_them() -> None:
    found = read_schema(
        {
            "km": "number",
            "name": "string",
            "site": {"type": "enum", "options": ["harbor"]},
            "clip": {"type": "embedding", "size": 3},
        }
    )
    assert found == {
        "km": MetadataKey(ValueType.NUMBER),
        "name": MetadataKey(ValueType.VARCHAR),
        "site": MetadataKey(ValueType.ENUM, ("harbor",)),
        "clip": MetadataKey(ValueType.EMBEDDING, (), 3),
    }


def test_a_file_may_be_what_the_sdk_prints() -> None:
    printed = {
        "km": {"ty": "variant", "hint": "number"},
        "gone": {"ty": "tombstone", "deleted_ty": {"ty": "text"}},
        "new": {"ty": "hologram"},
    }
    assert read_schema(printed) == {
        "km": MetadataKey(ValueType.NUMBER),
        "new": MetadataKey(ValueType.UNREADABLE),
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (["km"], "JSON object of keys and types"),
        ({"km": "nubmer"}, "Key 'km': 'nubmer' is not a type"),
        ({"km": 3}, "Key 'km': 3 is not a type"),
        ({"site": {"type": "enum"}}, "an enum needs its options"),
        ({"clip": {"type": "embedding", "size": "big"}}, "a size from 1 to 4,096"),
        ({"clip": {"type": "embedding", "size": -1}}, "Key 'clip'"),
        ({"clip": {"type": "embedding", "size": float("inf")}}, "Key 'clip'"),
        ({"site": {"type": "enum", "options": "abc"}}, "Key 'site'"),
    ],
)
def test_a_wrong_file_is_told_by_its_key(content: object, said: str) -> None:
    with pytest.raises(SchemaProblem, match=said):
        read_schema(content)


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text",
        {},
        {"ty": None},
        {"ty": "enum"},
        {"ty": "enum", "values": []},
        {"ty": "enum", "values": "abc"},
        {"ty": "enum", "values": [1]},
        {"ty": "embedding"},
        {"ty": "embedding", "size": 0},
        {"ty": "embedding", "size": 4097},
        {"ty": "embedding", "size": True},
        {"ty": "variant", "hint": "user"},
        {"ty": ["text"]},
    ],
)
def test_one_odd_type_leaves_the_others_readable(kind: Any) -> None:
    found = OrganisationSchema.of({"odd": kind, "km": {"ty": "number"}})
    assert found.unreadable == ("odd",)
    assert found.declared["km"] == MetadataKey(ValueType.NUMBER)
    assert found.answer["odd"] == kind
