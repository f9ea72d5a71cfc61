"""Keep a page that was just reached from being emptied by the one that was left.

A part of a page asks for news on its own, also while its page is being left. Streamlit queues such
a request until the next page is drawn and then answers it with the page that was left: the part is
not there any more, so nothing is drawn, but the browser takes the page for changed and clears it
but for its frame (seen in 1.67: a page without content, until the next click). Requests of parts of
a page that is not shown any more are therefore left unanswered, a click on one of them included.
"""

from streamlit.runtime import app_session
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner


class _Runner(ScriptRunner):
    """Runs a session's script as Streamlit does, unless only parts of a page left before ask."""

    def _run_script(self, rerun_data: RerunData) -> None:
        shown = self._pages_manager.current_page_script_hash
        if not rerun_data.fragment_id_queue or rerun_data.page_script_hash == shown:
            super()._run_script(rerun_data)


def ignore() -> None:
    """Leave late requests unanswered from now on, in every session."""
    app_session.ScriptRunner = _Runner  # type: ignore[attr-defined] # no public way to choose the runner
