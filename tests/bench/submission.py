"""From a manifest to a proven dataset: the processor's time for the command, and for the SDK alone.

The SDK makes the calls that the command makes: a job for each 10,000 entries, a listing of the
folder, links of 1,000 items, a listing of the dataset with the metadata that verification compares,
and looks at its jobs as often as the command does. Each runs in a process of its own whose time
counts from its start, with all imports. The manifest was checked before, which has rows of its own.
Requests are counted too.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, Final

import requests

COUNT: Final = 100_000
SDK: Final = "the SDK"
COMMAND: Final = "the command"
#: Tells the SDK's process where the sandbox is.
DOMAIN: Final = "BENCH_DOMAIN"
#: Units a second: so many that nobody waits for them.
_RATE: Final = 1e6
_PAGE: Final = 1_000
#: Entries of a job and items of a link, as the command sends them.
_JOB: Final = 10_000
_LINKS: Final = 1_000
#: Between two looks at a job, as the command waits for a young one.
_LOOK_SECONDS: Final = 2.0


def measure(turns: int) -> Iterator[tuple[str, float, int]]:
    """Yield who worked, the seconds of the processor and the requests that took: medians."""
    # Here, as the SDK's process has no need of them.
    from services.bootstrap import build_runtime
    from services.manifests.options import CheckOptions
    from services.settings import Settings
    from tests.bench import work

    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        manifest = folder / "files.json"
        work.write_bulk(manifest, COUNT)
        _write_parts(manifest)
        settings = Settings(data_dir=folder / "data", sandbox_rate=_RATE)
        runtime = build_runtime(settings)
        runtime.start_sandbox()
        assert runtime.wait_for_sandbox()
        with manifest.open("rb") as source:
            runtime.manifests.check(runtime.manifests.add(manifest.name, source), CheckOptions())
        connection = runtime.connections.sandbox()
        assert connection is not None
        environment = {
            **os.environ,
            "ENCORD_ONBOARDING_DATA_DIR": str(settings.data_dir),
            "ENCORD_SSH_KEY_FILE": str(settings.data_dir / "sandbox" / "demo_key"),
            DOMAIN: connection.domain,
        }
        taken: dict[str, list[tuple[float, int]]] = {SDK: [], COMMAND: []}
        try:
            for turn, who in product(range(turns), taken):
                words = [sys.executable, "-m", "tests.bench.submission", who, str(manifest)]
                said = subprocess.run(
                    [*words, f"{who}, {turn}"],
                    env=environment,
                    check=True,
                    stdout=subprocess.PIPE,
                    text=True,
                ).stdout
                seconds, asked = said.split()
                taken[who].append((float(seconds), int(asked)))
        finally:
            runtime.stop()
        for who, each in taken.items():
            times, counts = zip(*each, strict=True)
            yield who, median(times), round(median(counts))


def _write_parts(manifest: Path) -> None:
    entries = json.loads(manifest.read_bytes())["images"]
    for first in range(0, COUNT, _JOB):
        part = manifest.with_name(f"part-{first:06}.json")
        part.write_text(json.dumps({"images": entries[first : first + _JOB]}))


def _by_sdk(manifest: Path, name: str) -> None:
    from encord import EncordUserClient
    from encord.orm.dataset import DatasetAccessSettings, StorageLocation

    client = EncordUserClient.create_with_ssh_private_key(
        ssh_private_key_path=os.environ["ENCORD_SSH_KEY_FILE"],
        domain=os.environ[DOMAIN],
    )
    integration = client.get_cloud_integrations()[0].id
    folder = client.create_storage_folder(name)
    parts = sorted(manifest.parent.glob("part-*.json"))
    jobs = [
        folder.add_private_data_to_folder_start(integration, part, ignore_errors=True)
        for part in parts
    ]
    while jobs:
        time.sleep(_LOOK_SECONDS)
        looks = [folder.add_private_data_to_folder_get_result(job, 0) for job in jobs]
        assert not any(look.units_error_count for look in looks)
        jobs = [job for job, look in zip(jobs, looks, strict=True) if look.units_pending_count]
    items = [item.uuid for item in folder.list_items(page_size=_PAGE)]
    made = client.create_dataset(name, StorageLocation.CORD_STORAGE, create_backing_folder=False)
    settings = DatasetAccessSettings(fetch_client_metadata=True)
    dataset = client.get_dataset(made.dataset_hash, dataset_access_settings=settings)
    for first in range(0, len(items), _LINKS):
        dataset.link_items(items[first : first + _LINKS])
    assert len(dataset.list_data_rows()) == len(items)


def _by_command(manifest: Path, name: str) -> None:
    from services.__main__ import main

    words = ["onboard", str(manifest), "--integration", "Demo bucket", "--folder", name]
    with contextlib.redirect_stdout(io.StringIO()):
        assert main([*words, "--no-schema"]) == 0


def _counted(do: Callable[[], None]) -> int:
    """Do it; return how many requests were made."""
    send, asked = requests.Session.send, list[str | None]()

    def counting(
        self: requests.Session, request: requests.PreparedRequest, **settings: Any
    ) -> requests.Response:
        asked.append(request.url)
        return send(self, request, **settings)

    requests.Session.send = counting  # type: ignore[method-assign]
    do()
    return len(asked)


def main() -> None:
    who, manifest, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    do = _by_command if who == COMMAND else _by_sdk
    asked = _counted(partial(do, manifest, name))
    print(f"{time.process_time():.2f} {asked}")  # noqa: T201 - read by the bench


if __name__ == "__main__":
    main()
