"""The seams of the gateway in memory that the engine's tests rely on."""

from pathlib import Path
from uuid import uuid4

import pytest

from services.encord_api.errors import NotAuthenticated, NotAuthorised, Unclear
from services.encord_api.interface import JobState
from tests.contract.memory import BUCKET, Fault, MemoryGateway
from tests.contract.worlds import image, images

GONE = Unclear("starting the upload")


def started(gateway: MemoryGateway, folder: str, document: Path) -> str:
    return gateway.start_upload(folder, BUCKET.id, document, trace="t0k3n")


def test_a_fault_before_or_after_the_effect(tmp_path: Path) -> None:
    gateway = MemoryGateway()
    folder, document = gateway.create_folder("yard", "").uuid, images(tmp_path, image(1))
    gateway.script("start_upload", Fault(GONE), Fault(GONE, after=True))
    for expected in (False, True):
        with pytest.raises(Unclear):
            started(gateway, folder, document)
        assert (gateway.job_of("t0k3n") is not None) is expected
    gateway.advance()
    assert len(next(gateway.list_items(folder))) == 1
    started(gateway, folder, document)
    assert gateway.count("start_upload") == 3
    assert gateway.calls[1].arguments == (folder, BUCKET.id, document.name, "t0k3n")


def test_jobs_finish_at_the_first_look_at_a_rate_or_by_hand(tmp_path: Path) -> None:
    document = images(tmp_path, *map(image, range(4)))
    for rate, states in (
        (None, [JobState.DONE]),
        (3, [JobState.PENDING, JobState.DONE]),
        (0, [JobState.PENDING, JobState.PENDING]),
    ):
        gateway = MemoryGateway(rate=rate)
        folder = gateway.create_folder("yard", "").uuid
        job = started(gateway, folder, document)
        assert [gateway.job_status(folder, job).state for _ in states] == states


def test_causes_can_be_mended(tmp_path: Path) -> None:
    gateway = MemoryGateway(broken={image(1): "forbidden"})
    folder, document = gateway.create_folder("yard", "").uuid, images(tmp_path, image(1))
    broken = gateway.job_status(folder, started(gateway, folder, document))
    assert [error.message for error in broken.unit_errors] == ["forbidden"]
    del gateway.broken[image(1)]
    assert gateway.job_status(folder, started(gateway, folder, document)).units_done == 1


def test_a_fault_may_hit_a_later_page(tmp_path: Path) -> None:
    gateway = MemoryGateway()
    folder = gateway.create_folder("yard", "").uuid
    started(gateway, folder, images(tmp_path, *map(image, range(1500))))
    gateway.advance()
    pages = gateway.list_items(folder)
    assert len(next(pages)) == 1000
    gateway.script("list_items", Fault(GONE))
    with pytest.raises(Unclear):
        next(pages)


def test_a_key_can_be_revoked_and_a_folder_deleted() -> None:
    gateway = MemoryGateway()
    folder = gateway.create_folder("yard", "").uuid
    gateway.key_accepted = False
    with pytest.raises(NotAuthenticated):
        gateway.get_folder(folder)
    gateway.key_accepted = True
    gateway.delete_folder(folder)
    with pytest.raises(NotAuthorised):
        gateway.job_status(folder, str(uuid4()))
