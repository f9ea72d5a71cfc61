"""What counts as a UUID of Encord's."""

import pytest

from services.domain.uuids import is_uuid, read_uuid

ONE = "0b1c2d3e-4f50-4162-8738-495a6b7c8d9e"
BARE = ONE.replace("-", "")


@pytest.mark.parametrize("typed", [ONE, ONE.upper(), f" {ONE}\n", BARE, BARE.upper()])
def test_every_usual_spelling_is_read_as_encord_writes_it(typed: str) -> None:
    assert read_uuid(typed) == ONE


@pytest.mark.parametrize(
    "typed",
    [
        "",
        ONE[:-1],
        f"{ONE}0",
        f"urn:uuid:{ONE}",
        f"{{{ONE}}}",
        ONE.replace("-", "_"),
        ONE.replace("-", "", 1),
        ONE.replace("0", "\N{FULLWIDTH DIGIT ZERO}"),
        f"https://app.encord.com/datasets/view/{ONE}",
    ],
)
def test_nothing_else_is_one(typed: str) -> None:
    assert read_uuid(typed) is None


def test_without_hyphens_it_may_be_a_name() -> None:
    assert is_uuid(ONE)
    assert is_uuid(ONE.upper())
    assert not is_uuid(BARE)
