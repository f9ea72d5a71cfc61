"""The child that takes a manifest from a folder or a bucket: `python -m services.taking JOB`.

Who asks Google for an object comes over standard input, see `services.buckets.reach`.
"""

import sys
from pathlib import Path

from services.bootstrap import open_manifests, open_sources
from services.buckets.reach import read_line
from services.engine.errors import ConnectionProblem
from services.jobs import Progress, run_job
from services.manifests.errors import ManifestError
from services.settings import Settings


def main(argv: list[str]) -> int:
    """Do one job with what the settings of this server allow."""
    settings = Settings()
    sources = open_sources(settings, open_manifests(settings))
    line = sys.stdin.readline()
    open_reader = read_line(line).open if line else None

    def work(order: str, progress: Progress) -> bytes:
        return sources.carry_out(order, progress, open_reader)

    return run_job(Path(argv[0]), work, expected=(ConnectionProblem, ManifestError))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
