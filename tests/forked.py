"""`python -m services ...` forked from a process that has everything imported.

Importing costs a second of processor time for a job and four for a worker, again for each of the
hundred that the tests start. What is forked is a process of its own all the same, with its own
pipes, directory and environment, and a child of who asked for it, to be waited for or killed; only
the imports are behind it. The tests of the sandbox and `test_durability` start everything as users
do, and so do the journey, the first request of a fresh server and half a million entries in the
browser.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import random
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess  # noqa: TC003 - reads better up here
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NoReturn, TypedDict

import pytest

from tests.nursery import NURSERY, PROGRAMS

_LONGEST: Final = 1 << 17
_ADOPT: Final = 36  # PR_SET_CHILD_SUBREAPER


class _Order(TypedDict):
    """What to run."""

    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]


class Nursery:
    """The side that asks; the other one is there from the first time on."""

    def __init__(self, line: socket.socket | None = None, *, more: tuple[str, ...] = ()) -> None:
        """Take the line of a process that is there already, or what a new one imports besides."""
        self._line = line
        self._more = more
        self._process: BaseProcess | None = None
        self._one_at_a_time = threading.Lock()

    def fork(self, order: _Order, streams: list[int]) -> int:
        """Have a process forked with these as its standard streams; return its id."""
        with self._one_at_a_time, _adopting():
            line, self._line = self._line or self._start(), None
            socket.send_fds(line, [json.dumps(order).encode()], streams)
            born = int(line.recv(_LONGEST))
            # Kept only now: after an interruption, the next answer would be that of this order.
            self._line = line
            return born

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, pytest.MonkeyPatch.context() as patch:
            # What draws a page is the main module then, and would be run once more.
            patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
            self._process = NURSERY.Process(target=serve, args=(theirs, self._more), daemon=True)
            self._process.start()
        return ours

    def close(self) -> None:
        """End what was started."""
        if self._line:
            self._line.close()
        if self._process:
            self._process.kill()
            self._process.join()


@contextmanager
def _adopting() -> Iterator[None]:
    """Become the parent of whoever in this family loses theirs just now."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_ADOPT, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_ADOPT, 0, 0, 0, 0)


def popen_of(asked: Nursery) -> type[subprocess.Popen[Any]]:
    """Make a `subprocess.Popen` that has our programs forked and starts all others."""

    class Forked(subprocess.Popen):  # type: ignore[type-arg]
        def _execute_child(self, *given: Any) -> None:
            """Take the words, the 6th and 7th for directory and environment, and the pipes."""
            args, (folder, environment), pipes = given[0], given[5:7], given[10:16]
            if not _is_ours(args):
                super()._execute_child(*given)  # type: ignore[misc]
                return
            order = _Order(
                module=args[2],
                arguments=list(args[3:]),
                folder=str(folder or Path.cwd()),
                environment=dict(os.environ if environment is None else environment),
            )
            theirs = zip((pipes[0], pipes[3], pipes[5]), range(3), strict=True)
            self.pid = asked.fork(order, [own if at < 0 else at for at, own in theirs])
            self._child_created = True
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    return Forked


def _is_ours(args: Any) -> bool:
    is_module = isinstance(args, list) and args[:2] == [sys.executable, "-m"]
    return is_module and str(args[2]).partition(".")[0] in ("services", "streamlit")


def _born(line: socket.socket) -> _Order:
    """Fork whoever is asked for; returns in each of them and nowhere else."""
    while True:
        words, streams, _, _ = socket.recv_fds(line, _LONGEST, 3)
        if not words:
            os._exit(0)
        said, saying = os.pipe()
        between = os.fork()
        if between == 0:
            if born := os.fork():
                os.write(saying, str(born).encode())
                os._exit(0)
            for each in (said, saying):
                os.close(each)
            line.close()
            order: _Order = json.loads(words)
            _settle(order, streams)
            return order
        # Once the one between has ended, whoever asked has the child.
        os.waitpid(between, 0)
        line.send(os.read(said, _LONGEST))
        for each in (said, saying, *streams):
            os.close(each)


def _settle(order: _Order, streams: list[int]) -> None:
    """Become the process that was asked for, with somebody to fork processes of its own from."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        for each in streams:
            os.close(each)
        _run(_born(theirs))
    theirs.close()
    setattr(subprocess, "Popen", popen_of(Nursery(ours)))  # noqa: B010 - no type is assigned to
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    # Where this comes from, nobody had an input.
    sys.stdin = os.fdopen(0, closefd=False)
    random.seed()


def _run(order: _Order) -> NoReturn:
    """Run the module as Python does; nothing of the nursery comes after it.

    Nor is everything taken apart that was imported: that takes a tenth of a second.
    """
    sys.argv = [order["module"], *order["arguments"]]
    code = 0
    try:
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, Python says it and ends
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve(line: socket.socket, more: tuple[str, ...]) -> NoReturn:
    """Be the process that forks; the modules that it is asked for become main modules."""
    for name in more:
        importlib.import_module(name)
    for name in PROGRAMS:
        sys.modules.pop(name, None)
    gc.collect()
    gc.freeze()
    _run(_born(line))
