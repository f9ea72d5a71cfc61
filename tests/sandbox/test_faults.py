"""Faults on demand, as the real clients meet them; and jobs that stall."""

import time

import pytest
import requests
from encord import EncordUserClient
from encord.exceptions import EncordException, RateLimitExceededError, UnknownException
from encord.storage import StorageFolder
from google.api_core.exceptions import ServiceUnavailable
from google.cloud import storage  # type: ignore[import-untyped]

from tests.sandbox.conftest import Running

CREATE = "v2 POST storage/folders"


def plan(sandbox: Running, operation: str, kind: str, **more: object) -> None:
    sandbox.control("faults", {"operation": operation, "kind": kind, **more})


def folders(sandbox: Running) -> int:
    return int(str(sandbox.state()["folders"]))


def test_a_status_comes_once_and_without_effect(sandbox: Running, client: EncordUserClient) -> None:
    plan(sandbox, CREATE, "status", status=503, times=1)
    with pytest.raises(UnknownException):
        client.create_storage_folder("Harbor")
    assert folders(sandbox) == 0
    assert client.create_storage_folder("Harbor").name == "Harbor"


def test_faults_of_one_operation_queue_up(sandbox: Running, client: EncordUserClient) -> None:
    plan(sandbox, CREATE, "status", status=429, retry_after=7, times=1)
    plan(sandbox, CREATE, "status", status=500, times=1)
    with pytest.raises(RateLimitExceededError):
        client.create_storage_folder("Harbor")
    with pytest.raises(UnknownException):
        client.create_storage_folder("Harbor")
    client.create_storage_folder("Harbor")
    assert folders(sandbox) == 1


def test_retry_after_is_seconds_or_a_date(sandbox: Running) -> None:
    for as_date in (False, True):
        plan(sandbox, "gcs *", "status", status=429, retry_after=9, as_date=as_date, times=1)
    address = f"{sandbox.url}/storage/v1/b/encord-demo-bucket"
    first, second = (requests.get(address, timeout=10).headers["Retry-After"] for _ in range(2))
    assert first == "9"
    assert second.endswith("GMT")


@pytest.mark.parametrize(("kind", "made"), [("reset-before", 0), ("reset-after", 1)])
def test_a_reset_before_the_effect_or_after(
    sandbox: Running, client: EncordUserClient, kind: str, made: int
) -> None:
    plan(sandbox, CREATE, kind, times=1)
    with pytest.raises(EncordException):
        client.create_storage_folder("Harbor")
    assert folders(sandbox) == made


@pytest.mark.parametrize("kind", ["malformed", "wrong-type"])
def test_an_answer_that_is_not_what_it_should_be(
    sandbox: Running, client: EncordUserClient, kind: str
) -> None:
    plan(sandbox, "v2 GET cloud-integrations", kind, times=1)
    with pytest.raises((EncordException, ValueError)):
        client.get_cloud_integrations()
    assert client.get_cloud_integrations()


@pytest.mark.parametrize("kind", ["drip", "delay"])
def test_a_slow_answer_is_whole(sandbox: Running, client: EncordUserClient, kind: str) -> None:
    plan(sandbox, "v2 GET cloud-integrations", kind, seconds=0.01, times=1)
    assert len(client.get_cloud_integrations()) == 2


def test_v1_calls_are_named_by_their_query(sandbox: Running, client: EncordUserClient) -> None:
    made = client.create_dataset("Streets", 0, create_backing_folder=False)  # type: ignore[arg-type]
    plan(sandbox, "v1 datarows GET", "status", status=400)
    dataset = client.get_dataset(made.dataset_hash)
    with pytest.raises(EncordException):
        dataset.list_data_rows()
    sandbox.control_delete("faults")
    assert dataset.list_data_rows() == []


def test_an_outage_hits_everything_until_it_is_over(sandbox: Running) -> None:
    plan(sandbox, "*", "status", status=503, until=time.time() + 3600)
    with pytest.raises(ServiceUnavailable):
        sandbox.storage().get_bucket("encord-demo-bucket", retry=None)
    plan(sandbox, "*", "status", status=503, until=time.time() - 1)
    sandbox.control_delete("faults")
    assert isinstance(sandbox.storage().get_bucket("encord-demo-bucket"), storage.Bucket)


def test_an_outage_that_is_still_to_come_hits_nothing(
    sandbox: Running, client: EncordUserClient
) -> None:
    plan(sandbox, "*", "status", status=503, since=time.time() + 3600)
    assert client.get_cloud_integrations()
    plan(sandbox, "*", "status", status=503, since=time.time() - 1)
    with pytest.raises(EncordException):
        client.get_cloud_integrations()


def test_chance_is_the_same_under_a_seed(sandbox: Running) -> None:
    def meet() -> list[int]:
        sandbox.control_delete("faults?seed=7")
        plan(sandbox, "gcs *", "status", status=500, probability=0.5)
        address = f"{sandbox.url}/storage/v1/b/encord-demo-bucket"
        return [requests.get(address, timeout=10).status_code for _ in range(20)]

    first = meet()
    assert {200, 500} == set(first)
    assert meet() == first


def test_a_fault_must_name_a_call(sandbox: Running) -> None:
    refused = sandbox.ask("faults", {"operation": "v2 GET nothing", "kind": "delay"})
    assert (refused.status_code, "No call is named" in refused.text) == (400, True)


def test_stalled_jobs_stand_still_and_go_on(
    sandbox: Running, folder: StorageFolder, integration: str
) -> None:
    sandbox.control("rate", {"rate": 1_000_000})
    sandbox.control("jobs/stall", {"stalled": True})
    images = [{"objectUrl": f"gs://encord-demo-bucket/bulk/{n:06}.jpg"} for n in range(50)]
    job = folder.add_private_data_to_folder_start(integration, {"images": images}, True)
    look = folder.add_private_data_to_folder_get_result
    assert look(job, timeout_seconds=0).units_pending_count == 50
    sandbox.control("jobs/stall", {"stalled": False})
    assert look(job, timeout_seconds=60).units_done_count == 50
