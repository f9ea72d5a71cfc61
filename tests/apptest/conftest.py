"""Pages without a browser: the words a person reads, over a real ledger and Encord in memory."""

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from components.runtime import get_background, opening
from services.bootstrap import Runtime
from services.buckets.accounts import Accounts
from services.buckets.catalog import Catalog
from services.buckets.comparisons import Comparisons
from services.buckets.desk import BucketDesk
from services.buckets.recipes import Recipes
from services.engine.connections import Connection, Connections, _Held
from services.engine.held_values import HeldValues
from services.engine.passport import Passports
from services.engine.report import Reports
from services.engine.schema_studio import SchemaStudio
from services.engine.schemas import Schemas
from services.engine.sources import Sources
from services.jobs import Jobs
from services.manifests.basis import BasisStore
from services.manifests.mapping import Memory
from services.manifests.repair import RepairJobs
from services.settings import Settings
from tests.unit.engine.world import World

ROOT = Path(__file__).resolve().parents[2]
HERE = Connection(
    id="connection",
    kind="sandbox",
    label="Sandbox",
    domain="http://127.0.0.1:1",
    account="SHA256:test",
)
#: Opens a page with a query and returns it drawn.
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True, scope="session")
def _packages_are_read_once() -> Iterator[None]:
    """Spare each new app the search of all installed packages for components of Streamlit."""
    patch = pytest.MonkeyPatch()
    found = functools.cache(manifest_scanner.scan_component_manifests)
    patch.setattr(manifest_scanner, "scan_component_manifests", found)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _main_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the page away from where Streamlit leaves it: it would begin every forked process."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def runtime(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: None) -> Runtime:
    shared = tmp_path / "shared"
    shared.mkdir()
    connections = Connections()
    connections._held[HERE.id] = _Held(HERE, world.encord, cast("Any", None))
    catalog = Catalog(tmp_path / "buckets", world.manifests)
    accounts = Accounts()
    made = Runtime(
        settings=Settings(data_dir=tmp_path, manifest_folders=(shared,)),
        manifests=world.manifests,
        ledger=world.ledger,
        connections=connections,
        onboarding=world.onboarding,
        proofs=world.proofs,
        passports=Passports(world.ledger, world.manifests, world.gateway, world.proofs.item_of_row),
        reports=Reports(world.ledger, world.manifests),
        sources=Sources(world.manifests, (shared,), Jobs("services.taking")),
        repairs=RepairJobs(world.manifests),
        mappings=Memory(tmp_path / "mappings"),
        schemas=Schemas(connections.gateway, BasisStore(world.manifests)),
        schema_studio=SchemaStudio(world.ledger, connections.gateway),
        held_values=HeldValues(world.ledger, connections.gateway),
        catalog=catalog,
        recipes=Recipes(catalog),
        comparisons=Comparisons(catalog),
        accounts=accounts,
        buckets=BucketDesk(world.ledger, accounts, connections.gateway),
    )
    monkeypatch.setattr("components.runtime.build_runtime", lambda _settings: made)
    opening.clear()
    get_background.clear()
    return made


@pytest.fixture
def open_page(runtime: Runtime) -> Open:
    def opened(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=20)
        app.switch_page(str(ROOT / "pages" / f"{name}.py"))
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        return app

    return opened


def words(app: AppTest) -> str:
    """Return everything a page says, one line an element."""
    kinds = (
        *(app.title, app.subheader, app.caption, app.markdown, app.text, app.code),
        *(app.error, app.warning, app.success, app.info),
    )
    said = [str(element.value) for kind in kinds for element in kind]
    titles = [
        str(getattr(alert.proto, "title", ""))
        for alert in (*app.error, *app.warning, *app.success, *app.info)
    ]
    metrics = [f"{metric.label}: {metric.value}" for metric in app.metric]
    return "\n".join([*said, *titles, *metrics])


def scripts(app: AppTest) -> set[str]:
    """Return the commands and programs that a page shows beside its actions."""
    return {str(each.value) for each in app.code}
