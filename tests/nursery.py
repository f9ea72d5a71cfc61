"""Processes forked from one that has everything imported and no thread running.

Starting one costs milliseconds, and nobody inherits a lock that is held. Python has one such server
in a process, and what it imports is settled when it starts: so it is settled here for all tests, or
those who come second would have each of their processes import everything anew.
"""

import multiprocessing
from typing import Final

#: What `python -m` is told; each knows by itself what else it needs.
PROGRAMS: Final = (
    "services.__main__",
    "services.buckets.work_process",
    "services.manifests.work_process",
    "services.sandbox.serve",
    "services.taking",
)
#: What `services` imports once it knows the command.
_COMMANDS: Final = (
    "services.bucket_commands",
    "services.engine.keeper",
    "services.engine.procrastinate_worker",
    "services.engine.worker_process",
    "services.ledger.command",
    "services.manifests.command",
    "services.run_commands",
)

NURSERY: Final = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload(
    [
        "pytest",
        "tests.chaos.campaign",
        "tests.cli.test_clicks",
        *PROGRAMS,
        *_COMMANDS,
        "tests.frozen",
    ]
)
