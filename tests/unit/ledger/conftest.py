"""The ledger on each database it runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ledger.clock import BootClock
from services.ledger.store import Ledger
from tests.postgres import Cluster
from tests.unit.engine.world import new_ledger, share_compiled


@pytest.fixture(scope="session")
def empty(postgres: Cluster) -> str:
    """A database with all tables, for others to be copies of."""
    url = postgres.new_database()
    Ledger(url).engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ledger(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if kind == "sqlite":
        file = tmp_path / "ledger.sqlite3"
        file.write_bytes(new_ledger(BootClock))
        url = f"sqlite:///{file}"
    else:
        cluster = request.getfixturevalue("postgres")
        url = cluster.new_database(like=request.getfixturevalue("empty"))
    made = Ledger(url)
    share_compiled(made.engine)
    yield made
    made.engine.dispose()
