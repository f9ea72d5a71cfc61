"""The child process of a job: `python -m services.manifests.work_process JOB MAX_BYTES`."""

import sys
from functools import partial
from pathlib import Path

from services.jobs import run_job
from services.manifests.errors import ManifestError
from services.manifests.repair.jobs import do
from services.manifests.store import ManifestStore


def main(argv: list[str]) -> int:
    """Do one job; its folder is in the folder of the manifest that it is about."""
    folder, max_bytes = Path(argv[0]), int(argv[1])
    store = ManifestStore(folder.parent.parent, max_bytes=max_bytes)
    return run_job(folder, partial(do, store, folder), expected=ManifestError)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
