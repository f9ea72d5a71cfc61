"""The sandbox as a process of its own, as the app starts it, for the contract suites."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class SandboxProcess:
    """Where a running sandbox is and how a test moves it."""

    url: str
    key_file: Path
    integration: str
    bucket: str
    token: str

    def control(self, call: str, **body: Any) -> Any:
        """Make one control call."""
        request = urllib.request.Request(
            f"{self.url}/sandbox/control/{call}",
            data=json.dumps(body).encode(),
            headers={"X-Sandbox-Token": self.token, "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            return json.loads(response.read())


@contextmanager
def sandbox_process(data: Path, *, rate: float = 0) -> Iterator[SandboxProcess]:
    """Run a sandbox for the block; its jobs move by hand when the rate is 0."""
    command = [sys.executable, "-m", "services.sandbox.serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(
        [*command, "--rate", str(rate), "--exit-with-parent"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        try:
            found = json.loads(process.stdout.readline())
            private = json.loads((data / "endpoint.json").read_text())
            yield SandboxProcess(
                url=found["url"],
                key_file=Path(found["ssh_key_path"]),
                integration=found["integrations"][0],
                bucket=found["buckets"][0],
                token=private["control_token"],
            )
        finally:
            process.kill()
