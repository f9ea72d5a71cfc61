"""Two Encords that must behave alike: one in memory, one real SDK on the sandbox process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.encord_api.credentials import PrivateKey, load_private_key_file
from services.encord_api.interface import EncordGateway
from services.encord_api.sdk import connect
from tests.contract.memory import BUCKET, MemoryGateway
from tests.contract.sandbox_process import SandboxProcess

_DEMO = "gs://encord-demo-bucket/"
#: An object that is not in the bucket.
MISSING = f"{_DEMO}images/street/9999.jpg"


class World(Protocol):
    """One Encord and what a test needs beside the gateway."""

    @property
    def gateway(self) -> EncordGateway:
        """The Encord that is asked."""
        ...

    @property
    def integration(self) -> str:
        """The id of an integration that may read the demo bucket."""
        ...

    def advance(self, units: int | None = None) -> None:
        """Let every job get through so many units, all of them when None."""
        ...

    def stranger(self) -> EncordGateway:
        """Return the gateway of a key that Encord does not know."""
        ...

    def declare(self, schema: dict[str, Any]) -> None:
        """Make this, as Encord writes it, the organization's metadata schema."""
        ...


@dataclass
class MemoryWorld:
    """The fake, with the one object missing that the sandbox lacks too."""

    gateway: MemoryGateway = field(
        default_factory=lambda: MemoryGateway(broken={MISSING: "Object not found"}, rate=0)
    )
    integration: str = BUCKET.id

    def advance(self, units: int | None = None) -> None:
        self.gateway.advance(units)

    def stranger(self) -> EncordGateway:
        locked_out = MemoryGateway()
        locked_out.key_accepted = False
        return locked_out

    def declare(self, schema: dict[str, Any]) -> None:
        self.gateway.schema = schema


class SandboxWorld:
    """The real SDK, signing with the sandbox's demo key."""

    def __init__(self, process: SandboxProcess) -> None:
        self._process = process
        self.gateway: EncordGateway = connect(
            process.url, load_private_key_file(process.key_file).key
        )
        titles = {entry.title: entry.id for entry in self.gateway.list_integrations()}
        self.integration = titles[process.integration]

    def advance(self, units: int | None = None) -> None:
        self._process.control("jobs/advance", units=units)

    def stranger(self) -> EncordGateway:
        return connect(self._process.url, PrivateKey(Ed25519PrivateKey.generate()))

    def declare(self, schema: dict[str, Any]) -> None:
        self._process.control("schema", **schema)


def image(number: int) -> str:
    """Return the URL of one of the bucket's images; there are a million."""
    return f"{_DEMO}bulk/{number:06d}.jpg"


def at(key: str) -> str:
    """Return the URL of an object of the demo bucket."""
    return _DEMO + key


def write(folder: Path, sections: Mapping[str, object], *, skip: bool = True) -> Path:
    """Write a registration document."""
    path = folder / f"manifest~{uuid4().hex}.json"
    path.write_text(json.dumps({**sections, "skip_duplicate_urls": skip}))
    return path


def images(folder: Path, *urls: str, skip: bool = True) -> Path:
    """Write a document that registers images, titled by their place."""
    entries = [{"objectUrl": url, "title": f"image {at}"} for at, url in enumerate(urls)]
    return write(folder, {"images": entries}, skip=skip)
