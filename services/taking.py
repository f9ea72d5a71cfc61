"""The child that takes a manifest from a folder or a bucket: `python -m services.taking JOB`."""

import sys
from pathlib import Path

from services.bootstrap import connect_standalone, open_manifests, open_sources
from services.engine.connections import Connections
from services.engine.errors import ConnectionProblem
from services.jobs import run_job
from services.manifests.errors import ManifestError
from services.settings import Settings


def main(argv: list[str]) -> int:
    """Do one job with what the settings of this server allow."""
    settings = Settings()
    connections = Connections(own_domains=settings.domains)
    connect_standalone(settings, connections)
    sources = open_sources(settings, open_manifests(settings), connections)
    return run_job(Path(argv[0]), sources.carry_out, expected=(ConnectionProblem, ManifestError))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
