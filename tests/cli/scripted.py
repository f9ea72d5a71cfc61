"""The programs and commands that pages show, run for real against the sandbox.

What a page does is what the engine does; a command is the engine too. A program has to end in the
same place, as Encord's own SDK or Google's client sees it.
"""

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.__main__ import main
from services.bootstrap import Runtime
from services.buckets.reach import TIMEOUT
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.google import GoogleBuckets
from services.cloud_storage.google import connect as connect_google
from services.domain.runs import FolderChoice, RunOptions, RunState, Submission
from services.domain.scripts import onboarding
from services.domain.scripts.script import Place, Script
from services.encord_api.interface import EncordGateway
from services.ledger.views import RunView
from services.manifests.options import CheckOptions
from services.manifests.repair import Kind, Replacement
from services.sandbox.demo import BUCKET, INTEGRATION

NAME = "street & field's.csv"
FROM_FTP = Replacement(
    kind=Kind.PREFIX,
    old="ftp://files.example.com/street/0007",
    new=f"gs://{BUCKET}/images/street/0140",
)
#: Two files that are in the bucket, two that are not and stay away when it is mended.
FEW, FEW_URLS = (
    "few.json",
    [
        f"gs://{BUCKET}/{key}"
        for key in (
            "images/street/0001.jpg",
            "images/street/0002.jpg",
            "nowhere/1.jpg",
            "nowhere/2.jpg",
        )
    ],
)
FIXED = "gs://encord-demo-bucket/restricted/0001.jpg"


@dataclass(frozen=True)
class Dashboard:
    """A running sandbox, and what a page would know of it."""

    runtime: Runtime
    folder: Path

    @property
    def place(self) -> Place:
        return Place(domain=self._connection.domain, is_sandbox=True)

    @property
    def options(self) -> CheckOptions:
        check = self.runtime.connections.check(self._connection.id)
        return CheckOptions(schema=check.schema)

    @property
    def gateway(self) -> EncordGateway:
        return self.runtime.connections.gateway(self._connection.id)

    @property
    def bucket(self) -> GoogleBuckets:
        return connect_google(anonymous(), api_endpoint=self._connection.domain, timeout=TIMEOUT)

    @property
    def connection(self) -> str:
        return str(self._connection.id)

    @property
    def account(self) -> str:
        return str(self._connection.account)

    @property
    def _connection(self) -> Any:
        found = self.runtime.connections.sandbox()
        assert found is not None
        return found


def run_python(script: Script) -> None:
    exec(compile(script.python, "script.py", "exec"), {"__name__": "__main__"})


def run_command(script: Script) -> int:
    """Run what a shell makes of the command; files it writes are written by a real shell."""
    *before, last = script.command.rpartition("python -m services ")
    if before[0]:
        subprocess.run(["sh", "-ec", before[0]], check=True, env=os.environ)
    return main(shlex.split(last))


def items(dashboard: Dashboard, folder: str) -> list[tuple[str | None, str, str, object]]:
    pages = dashboard.gateway.list_items(folder, metadata=True)
    found = [(item.url, item.name, item.type, item.metadata) for page in pages for item in page]
    return sorted(found, key=repr)


def folder_called(dashboard: Dashboard, name: str) -> str:
    (found,) = [each for each in dashboard.gateway.find_folders(name) if each.name == name]
    return found.uuid


def submit_script(
    dashboard: Dashboard,
    folder: FolderChoice,
    *,
    name: str = NAME,
    check: CheckOptions | None = None,
    **options: Any,
) -> Script:
    found = {each.title: each.id for each in dashboard.gateway.list_integrations()}
    return onboarding.submit(
        dashboard.place,
        name=name,
        check=(check or dashboard.options).to_json(),
        run="Streets",
        folder=folder,
        integration=found[INTEGRATION],
        options=RunOptions(**options),
    )


def uploaded(dashboard: Dashboard, name: str = NAME) -> str:
    with (dashboard.folder / name).open("rb") as source:
        return dashboard.runtime.manifests.add(name, source)


def waiting(dashboard: Dashboard, nonce: str) -> str:
    """Submit as a page does, while no worker is there."""
    manifest, runtime = uploaded(dashboard, FEW), dashboard.runtime
    check = runtime.manifests.check(manifest, dashboard.options).options
    (integration,) = [
        each for each in dashboard.gateway.list_integrations() if each.title == INTEGRATION
    ]
    submission = Submission(
        name=nonce,
        connection=dashboard.connection,
        account=dashboard.account,
        manifest=manifest,
        check=check.to_json(),
        folder=FolderChoice(name=nonce),
        integration=integration.id,
        integration_title=integration.title,
        nonce=nonce,
        created_by="somebody",
    )
    return runtime.onboarding.submit(submission, actor="somebody")


def registered(dashboard: Dashboard, name: str, file: str = FEW) -> RunView:
    """Make a run of its own folder; of four files, two are not there."""
    run_command(submit_script(dashboard, FolderChoice(name=name), name=file))
    return dashboard.runtime.ledger.runs().rows[0]


def state_of(dashboard: Dashboard, run: str) -> RunState:
    found = dashboard.runtime.ledger.run(run)
    assert found
    return found.state
