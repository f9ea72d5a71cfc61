"""A sandbox process on a free port with a data directory of its own, and clients for it."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from encord import EncordUserClient
from encord.http.constants import RequestsSettings
from encord.storage import StorageFolder
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
START = (sys.executable, "-m", "services.sandbox.serve")

#: Local file -> the demo object whose bytes it has.
FILES = {
    "image.jpg": "images/street/0001.jpg",
    "other.jpg": "images/street/0002.jpg",
    "text.txt": "text/0001.txt",
    "video.mp4": "videos/0001.mp4",
    "audio.wav": "audio/0001.wav",
    "document.pdf": "documents/0001.pdf",
    "slice-1.dcm": "scans/series-01/0001.dcm",
    "slice-2.dcm": "scans/series-01/0002.dcm",
}
#: Local file -> its bytes, of kinds that the demo bucket lacks.
OWN_FILES = {
    "brain.nii": bytes(344) + b"n+1\x00" + bytes(64),
    "series.csv": b"timestamp,speed\n0,1.5\n1,1.75\n",
    "points.ply": b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n0\n",
}


@dataclass(frozen=True)
class Running:
    """A sandbox process and what it announced."""

    url: str
    directory: Path
    ssh_key_path: str
    control_token: str
    process: subprocess.Popen[str]

    def ask(self, path: str, body: object = None, *, method: str = "POST") -> requests.Response:
        return requests.request(
            method,
            f"{self.url}/sandbox/control/{path}",
            json=body,
            headers={"X-Sandbox-Token": self.control_token},
            timeout=30,
        )

    def control(self, path: str, body: object = None, *, method: str = "POST") -> dict[str, object]:
        answer = self.ask(path, body, method=method)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def control_delete(self, path: str) -> None:
        self.control(path, method="DELETE")

    def advance(self, units: int | None = None) -> None:
        self.control("jobs/advance", {"units": units})

    def state(self) -> dict[str, object]:
        return self.control("state", method="GET")

    def client(self, name: str = "demo", *, retries: int = 0) -> EncordUserClient:
        return EncordUserClient.create_with_ssh_private_key(
            ssh_private_key_path=self.directory / f"{name}_key",
            domain=self.url,
            requests_settings=RequestsSettings(max_retries=retries, backoff_factor=0.1),
        )

    def storage(self) -> storage.Client:
        return storage.Client(
            project="demo",
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": self.url},
        )


@contextlib.contextmanager
def running(directory: Path, *options: str) -> Iterator[Running]:
    """Start a sandbox that ends with this process, and end it."""
    with subprocess.Popen(
        [*START, "--data", str(directory), "--exit-with-parent", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        private = json.loads((directory / "endpoint.json").read_text())
        try:
            yield Running(
                url=line["url"],
                directory=directory,
                ssh_key_path=line["ssh_key_path"],
                control_token=private["control_token"],
                process=process,
            )
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One process for the whole session; its jobs advance by hand."""
    with running(tmp_path_factory.mktemp("sandbox"), "--rate", "0") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Running) -> Running:
    """The shared process, back in the fresh demo state."""
    shared.control("reset")
    return shared


@pytest.fixture
def client(sandbox: Running) -> EncordUserClient:
    return sandbox.client()


@pytest.fixture
def folder(client: EncordUserClient) -> StorageFolder:
    return client.create_storage_folder("Harbor")


@pytest.fixture
def integration(client: EncordUserClient) -> str:
    return client.get_cloud_integrations(filter_integration_titles=["Demo bucket"])[0].id


@pytest.fixture
def bucket(sandbox: Running) -> storage.Bucket:
    return sandbox.storage().bucket("encord-demo-bucket")


@pytest.fixture
def files(bucket: storage.Bucket, tmp_path: Path) -> Path:
    """A directory with local files of every kind, as somebody's own disk has them."""
    for name, key in FILES.items():
        (tmp_path / name).write_bytes(bucket.blob(key).download_as_bytes())
    for name, content in OWN_FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path
