"""What a presenter does to the sandbox: mending the bucket, starting over, choosing the speed.

Speaks to the sandbox's control address over loopback, as any client could; shares no code with it.
"""

import json
import urllib.request
from pathlib import Path
from typing import Any, Final

TIMEOUT_SECONDS: Final = 20.0


class SandboxDemo:
    """The controls of a running sandbox, found through the endpoint file it writes."""

    def __init__(self, endpoint: Path) -> None:
        self._endpoint = endpoint

    @classmethod
    def answers(cls, endpoint: Path) -> bool:
        """Whether the sandbox of this endpoint file is alive."""
        try:
            return bool(cls(endpoint).call("GET", "health")["ok"])
        except (OSError, ValueError, KeyError):
            return False

    def mend(self) -> None:
        """Put back what the demo manifest misses in the bucket and lift the forbidden prefix."""
        self.call("POST", "mend")

    def reset(self) -> None:
        """Forget everything that was done in the sandbox."""
        self.call("POST", "reset")

    def set_rate(self, units_per_second: float) -> None:
        """Choose how fast jobs go on."""
        self.call("POST", "rate", {"rate": units_per_second})

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call a control address, e.g. `jobs/advance`."""
        said = json.loads(self._endpoint.read_text())
        request = urllib.request.Request(  # noqa: S310 - the address is our own child's
            f"{said['url']}/sandbox/control/{path}",
            data=json.dumps(body or {}).encode() if method == "POST" else None,
            method=method,
            headers={
                "Content-Type": "application/json",
                "X-Sandbox-Token": said["control_token"],
            },
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return dict(json.load(answer))
