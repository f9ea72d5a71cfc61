"""Streamlit's script runner, mended where a page has parts that ask for news on their own.

All of it was seen in 1.67. A later click mended it, where its button was still there.

*A page just reached was emptied by the one that was left.* A part may ask while its page is being
left. Streamlit queues the request until the next page is drawn and then answers it with the page
that was left: the part is not there any more, so nothing is drawn, but the browser takes the page
for changed and clears it but for its frame. Requests of parts of a page that is not shown any more
are left unanswered, a click on one of them included.

*The last things that were drawn never came.* What a run of the script draws waits for the event
loop to send it. A part that asks when a run has just ended is answered by a runner of its own, and
what still waits of the one before is dropped then: the rest of the page, and that it is complete.
A dialog did not open that way, or never closed. A runner therefore ends only once nothing waits.

*A click was lost.* A click stops the run under way and is answered by another runner at once. The
first may just have come to its end, where it forgets all parts that it has not drawn itself: the
dialog that the click opened is one, and nothing in it answers any more. So the runs of one session
take turns.
"""

import asyncio
import threading
from contextlib import suppress
from typing import Any, Final
from weakref import WeakKeyDictionary

from streamlit.runtime import app_session
from streamlit.runtime.fragment import FragmentStorage
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner

#: How long at most, in seconds: a server that is being stopped sends nothing any more.
_PATIENCE: Final = 5.0


def wait_for_what_was_said(loop: asyncio.AbstractEventLoop) -> None:
    """Wait until an event loop has done what it was given so far, on a thread beside it."""
    is_done = threading.Event()
    with suppress(RuntimeError):  # it is closed
        loop.call_soon_threadsafe(is_done.set)
        is_done.wait(_PATIENCE)


def mend(loop: asyncio.AbstractEventLoop) -> None:
    """Use the mended runner from now on, in every session.

    Args:
        loop: The server's, which sends what runners draw.
    """
    #: By what the runners of one session share.
    turns = WeakKeyDictionary[FragmentStorage, threading.Lock]()

    class Runner(ScriptRunner):
        """Runs a session's script as Streamlit does, but for the faults."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Streamlit has it
            super().__init__(*args, **kwargs)
            self._turn = turns.setdefault(self._fragment_storage, threading.Lock())

        def _run_script(self, rerun_data: RerunData) -> None:
            with self._turn:
                shown = self._pages_manager.current_page_script_hash
                if rerun_data.fragment_id_queue and rerun_data.page_script_hash != shown:
                    return
                super()._run_script(rerun_data)
            wait_for_what_was_said(loop)

    app_session.ScriptRunner = Runner  # type: ignore[attr-defined] # no public way to choose it
