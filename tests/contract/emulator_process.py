"""The independent `gcp-storage-emulator` as a process of its own, with a bucket of some objects."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage  # type: ignore[import-untyped]

from tests.unit.loopback import free_port

BUCKET = "yard"


@contextmanager
def emulator_process(objects: Mapping[str, tuple[bytes, str]]) -> Iterator[str]:
    """Run an emulator for the block and yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--in-memory"]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--default-bucket", BUCKET],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _fill(url, objects)
            yield url
        finally:
            process.kill()


def _fill(url: str, objects: Mapping[str, tuple[bytes, str]]) -> None:
    client = storage.Client(
        project="none",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": url},
    )
    # It tells nobody that it listens.
    deadline = time.monotonic() + 30
    while True:
        try:
            client.bucket(BUCKET).reload(retry=None, timeout=5)
            break
        except OSError:
            assert time.monotonic() < deadline
    for name, (data, content_type) in objects.items():
        client.bucket(BUCKET).blob(name).upload_from_string(data, content_type=content_type)
