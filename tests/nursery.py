"""Processes forked from one that has everything imported and no thread running.

Starting one costs milliseconds, and nobody inherits a lock that is held. Python has one such server
in a process, and what it imports is settled when it starts: so it is settled here for all tests, or
those who come second would have each of their processes import everything anew.
"""

import multiprocessing
from typing import Final

NURSERY: Final = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload(["pytest", "tests.chaos.campaign", "tests.cli.test_clicks"])
