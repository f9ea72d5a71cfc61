"""The ledger on each database it runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ledger.store import Ledger
from tests.postgres import Cluster, cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres").new_database()
    made = Ledger(url)
    yield made
    made.engine.dispose()
