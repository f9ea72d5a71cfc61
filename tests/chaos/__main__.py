"""`make chaos`: kill the worker until the count is full, on SQLite and on PostgreSQL."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.campaign import Campaign
from tests.postgres import Cluster, cluster


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="kills on each database")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    asked = parser.parse_args()
    clean = True
    if asked.database != "postgresql":
        clean &= campaign(asked.kills, asked.seed, None)
    if asked.database != "sqlite":
        with cluster() as postgres:
            clean &= campaign(asked.kills, asked.seed, postgres)
    return 0 if clean else 1


def campaign(kills: int, seed: int, postgres: Cluster | None) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        report = Campaign(Path(folder), kills=kills, postgres=postgres, seed=seed).run()
    where = "PostgreSQL" if postgres else "SQLite"
    print(f"{where}, seed {seed}: {report}\n")  # noqa: T201 - the command's output
    return not (report.lost or report.duplicated or report.untracked or report.findings)


if __name__ == "__main__":
    sys.exit(main())
