"""Schemas are read aside, chosen once a connection and manifest, and never swapped in silence."""

import io
import threading
from pathlib import Path

import pytest

from services.domain.metadata import MetadataKey, ValueType
from services.encord_api.errors import NotAuthorised, NotSent
from services.engine.connections import Connection
from services.engine.schemas import Change, Schemas, compare
from services.manifests.basis import PLAIN, BasisStore, Source
from services.manifests.store import ManifestStore
from tests.contract.memory import Fault, MemoryGateway

KM = {"km": {"ty": "variant", "hint": "number"}}
SITE = {"site": {"ty": "enum", "values": ["a"]}}
PATIENCE = 30.0


def connection(name: str) -> Connection:
    return Connection(
        id=name, kind="session", label=name.upper(), domain="https://x.example", account="SHA256:x"
    )


MINE, THEIRS = connection("mine"), connection("theirs")


class Place:
    """Manifests, an Encord in memory, and the schemas between them."""

    def __init__(self, folder: Path) -> None:
        self.encord = MemoryGateway()
        self.encord.schema = dict(KM)
        self.manifests = ManifestStore(folder, max_bytes=10**6)
        #: Encord answers while this is set.
        self.awake = threading.Event()
        self.awake.set()
        self.schemas = self.restarted()

    def restarted(self) -> Schemas:
        return Schemas(self._gateway, BasisStore(self.manifests))

    def _gateway(self, _connection: str) -> MemoryGateway:
        assert self.awake.wait(PATIENCE)
        return self.encord

    def manifest(self, name: str = "a.csv") -> str:
        return self.manifests.add(name, io.BytesIO(name.encode()))

    def asked(self) -> int:
        return len([call for call in self.encord.calls if call.operation == "metadata_schema"])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_new_manifest_is_checked_against_the_connections_schema(place: Place) -> None:
    made = place.manifest()
    basis = place.schemas.prepare(made, MINE, like=None, patience=PATIENCE)
    assert (basis.source, basis.name) == (Source.CONNECTION, "MINE")
    assert basis.at is not None
    assert basis.options.schema == {"km": MetadataKey(ValueType.NUMBER)}


def test_a_choice_survives_a_restart_and_stays_its_connections_own(place: Place) -> None:
    made = place.manifest()
    basis = place.schemas.prepare(made, MINE, like=None, patience=PATIENCE)
    again = place.restarted()
    assert again.basis(made, MINE.id) == basis
    assert again.basis(made, MINE.id).options.digest == basis.options.digest
    assert again.basis(made, THEIRS.id) == PLAIN
    assert again.basis(made, None) == PLAIN


def test_a_changed_schema_is_told_and_taken_only_when_asked_for(place: Place) -> None:
    made = place.manifest()
    before = place.schemas.prepare(made, MINE, like=None, patience=PATIENCE)
    place.encord.schema = {"km": {"ty": "text"}, **SITE}
    place.schemas.refresh(MINE.id, patience=PATIENCE, fresh=0.0)
    assert place.schemas.prepare(made, MINE, like=None, patience=PATIENCE) == before
    change = place.schemas.change(before, MINE.id)
    assert change == Change(added=("site",), removed=(), changed=("km",))
    taken = place.schemas.use_connection(made, MINE)
    assert set(taken.schema or ()) == {"km", "site"}
    assert place.schemas.basis(made, MINE.id) == taken
    assert not place.schemas.change(taken, MINE.id)


def test_a_slow_encord_holds_nobody_up_and_is_heard_later(place: Place) -> None:
    place.awake.clear()
    made = place.manifest()
    basis = place.schemas.prepare(made, MINE, like=None, patience=0.0)
    assert (basis.schema, basis.at, basis.options.schema) == (None, None, None)
    assert place.schemas.is_reading(MINE.id)
    assert place.schemas.change(basis, MINE.id) is None
    place.awake.set()
    place.schemas.refresh(MINE.id, patience=PATIENCE)
    assert place.schemas.change(basis, MINE.id) == Change(added=("km",), removed=(), changed=())
    assert place.asked() == 1


def test_a_refusal_is_explained_and_the_last_answer_kept(place: Place) -> None:
    place.schemas.refresh(MINE.id, patience=PATIENCE)
    place.encord.script("metadata_schema", Fault(NotSent("reading the metadata schema")))
    place.schemas.refresh(MINE.id, patience=PATIENCE, fresh=0.0)
    problem = place.schemas.problem(MINE.id)
    assert problem is not None
    assert problem.title == "Encord could not be reached"
    last = place.schemas.last(MINE.id)
    assert last is not None
    assert set(last.schema) == {"km"}


def test_an_answer_and_a_refusal_are_not_asked_for_at_every_click(place: Place) -> None:
    place.encord.script("metadata_schema", Fault(NotAuthorised("reading the metadata schema")))
    for _ in range(3):
        place.schemas.refresh(MINE.id, patience=PATIENCE)
    assert place.asked() == 1
    assert place.schemas.problem(MINE.id) is not None


def test_no_declared_key_leaves_nothing_to_compare(place: Place) -> None:
    place.encord.schema = {}
    basis = place.schemas.prepare(place.manifest(), MINE, like=None, patience=PATIENCE)
    assert (basis.schema, basis.options.schema) == ({}, None)
    assert basis.at is not None


def test_what_is_mended_keeps_a_schema_file_and_takes_the_newest_of_a_connection(
    place: Place,
) -> None:
    before = place.manifest("before.csv")
    chosen = place.schemas.use_file(before, MINE, "ours.json", {"a": MetadataKey(ValueType.TEXT)})
    after = place.manifest("after.csv")
    assert place.schemas.prepare(after, MINE, like=before, patience=PATIENCE) == chosen
    place.schemas.use_connection(before, MINE)
    other = place.manifest("other.csv")
    found = place.schemas.prepare(other, MINE, like=before, patience=PATIENCE)
    assert found.source is Source.CONNECTION


def test_without_a_connection_there_is_no_schema(place: Place) -> None:
    basis = place.schemas.prepare(place.manifest(), None, like=None, patience=PATIENCE)
    assert basis == PLAIN
    assert place.asked() == 0


def test_schemas_are_compared_key_by_key() -> None:
    one, other = MetadataKey(ValueType.ENUM, ("a",)), MetadataKey(ValueType.ENUM, ("a", "b"))
    assert compare({"x": one, "y": one}, {"x": other, "z": one}) == Change(
        added=("z",), removed=("y",), changed=("x",)
    )
    assert not compare({"x": one}, {"x": one})
