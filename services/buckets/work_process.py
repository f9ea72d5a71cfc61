"""The child process of work on a bucket: `python -m services.buckets.work_process JOB FOLDER MAX`.

Who asks Google comes over standard input, see `services.buckets.reach`.
"""

import sys
from pathlib import Path

import numpy as np  # noqa: F401 - before polars, see `test_polars_is_ready_for_threads`

from services.buckets.errors import BucketWorkError
from services.buckets.orders import Place, carry_out
from services.buckets.reach import read_line
from services.jobs import Progress, run_job
from services.manifests.store import ManifestStore


def main(argv: list[str]) -> int:
    """Do one job."""
    store = ManifestStore(Path(argv[1]), max_bytes=int(argv[2]))
    reach = read_line(sys.stdin.readline())

    def work(order: str, progress: Progress) -> bytes:
        return carry_out(order, Place(store, reach, progress))

    return run_job(Path(argv[0]), work, expected=BucketWorkError)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
