"""The process: its announcement, its files, restarts, its end, and several clients at once."""

import json
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from encord.storage import StorageFolder

from tests.sandbox.conftest import ROOT, START, Running, running
from tests.sandbox.printing import printed_by


def test_it_announces_itself_in_one_line_and_one_private_file(shared: Running) -> None:
    path = shared.directory / "endpoint.json"
    assert json.loads(path.read_text())["pid"] == shared.process.pid
    assert shared.url.startswith("http://127.0.0.1:")
    for file in (path, Path(shared.ssh_key_path), shared.directory / "sandbox.sqlite"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Path(shared.ssh_key_path).read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY")


def test_a_second_process_is_refused(shared: Running) -> None:
    second = subprocess.run(
        [*START, "--data", str(shared.directory)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 3
    assert second.stdout == ""
    assert second.stderr.count("\n") == 1
    assert "already runs" in second.stderr


def test_a_taken_port_is_named(shared: Running, tmp_path: Path) -> None:
    port = shared.url.rpartition(":")[2]
    second = subprocess.run(
        [*START, "--data", str(tmp_path), "--port", port],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (second.returncode, second.stdout) == (4, "")
    assert second.stderr == f"Port {port} on 127.0.0.1 is taken.\n"


def test_state_survives_a_restart(tmp_path: Path) -> None:
    with running(tmp_path, "--rate", "0") as first:
        client = first.client()
        folder = client.create_storage_folder("Kept")
        integration = client.get_cloud_integrations()[0].id
        entries = [{"objectUrl": f"gs://encord-demo-bucket/bulk/{n:06d}.jpg"} for n in range(5)]
        job = folder.add_private_data_to_folder_start(integration, {"images": entries})
        first.advance(2)
        first.process.kill()
    with running(tmp_path, "--rate", "0") as second:
        assert second.url == first.url
        assert second.control_token != first.control_token
        again = second.client().get_storage_folder(folder.uuid)
        assert len(list(again.list_items())) == 2
        second.advance()
        result = again.add_private_data_to_folder_get_result(job, timeout_seconds=0)
        assert result.units_done_count == 5


def test_reset_goes_back_to_the_fresh_demo(sandbox: Running, folder: StorageFolder) -> None:
    assert sandbox.state()["folders"] == 1
    sandbox.control("rate", {"rate": 9})
    sandbox.control("reset")
    state = sandbox.state()
    assert (state["folders"], state["integrations"], state["rate"]) == (0, 3, 0)
    assert state["forbidden"] == [{"bucket": "encord-demo-bucket", "prefix": "restricted/"}]


PARENT = """
import subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-m", "services.sandbox.serve", "--data", sys.argv[1], "--exit-with-parent"],
    stdin=subprocess.PIPE,
)
time.sleep(600)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        line = json.loads(parent.stdout.readline())
        health = f"{line['url']}/sandbox/control/health"
        assert requests.get(health, timeout=10).json()["ok"] is True
        parent.send_signal(signal.SIGKILL)
        # The child holds the other end of this pipe: reading ends when the child has.
        assert parent.stdout.read() == ""
    with pytest.raises(requests.ConnectionError):
        requests.get(health, timeout=10)


CLIENT = """
import os
from encord import EncordUserClient
client = EncordUserClient.create_with_ssh_private_key()
first = int(os.environ["FIRST"])
integration = client.get_cloud_integrations()[0].id
folder = next(client.find_storage_folders(search="Shared"))
address = "gs://encord-demo-bucket/bulk/{:06d}.jpg"
entries = [{"objectUrl": address.format(n)} for n in range(first, first + 500)]
document = {"images": entries, "skip_duplicate_urls": True}
job = folder.add_private_data_to_folder_start(integration, document)
result = folder.add_private_data_to_folder_get_result(job, timeout_seconds=60)
print(result.status.value, result.units_done_count)
"""


def test_two_client_processes_at_once(sandbox: Running, tmp_path: Path) -> None:
    folder = sandbox.client().create_storage_folder("Shared")
    sandbox.control("rate", {"rate": 1000})
    environment = {"SANDBOX_DOMAIN": sandbox.url, "ENCORD_SSH_KEY_FILE": sandbox.ssh_key_path}

    def client(first: str) -> str:
        script = tmp_path / f"client_{first}.py"
        script.write_text(CLIENT)
        return printed_by(script, **environment, FIRST=first)

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(client, ("0", "250"))) == ["DONE 500\n"] * 2
    urls = [item.url for item in folder.list_items(page_size=1000)]
    assert len(urls) == len(set(urls)) == 750
