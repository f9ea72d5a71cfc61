"""What the unit tests share."""

import pytest

from tests.unit.canaries import Canary, make_canaries


@pytest.fixture(scope="session")
def canaries() -> dict[str, Canary]:
    return make_canaries()
