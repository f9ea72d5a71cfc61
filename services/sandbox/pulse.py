"""Jobs that go on while nobody asks: what is due is decided a few times a second.

Whoever asks about a job decides what is due of it too, so answers never wait for a pulse; without
one, a large job would only go on as fast as its follower asks.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from services.sandbox import jobs
from services.sandbox.state import Sandbox

_PAUSE_S = 0.25


@contextlib.asynccontextmanager
async def beating(sandbox: Sandbox) -> AsyncIterator[None]:
    """Beat as long as the application serves."""
    task = asyncio.create_task(_beat(sandbox))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _beat(sandbox: Sandbox) -> None:
    while True:
        await asyncio.sleep(_PAUSE_S)
        await run_in_threadpool(jobs.settle_all, sandbox)
