"""The launcher: serves the dashboard and holds what must outlive every browser session.

The script that draws the frame is `components/shell.py`, not this file: beside a folder `pages/`
Streamlit's older router answers a deep link without the frame on the first visit after a start.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from components.security import SecurityHeaders, show_script_error

ROOT = Path(__file__).resolve().parent


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the runtime with the server and stop it with the server."""
    from components import launch  # noqa: PLC0415 - its caches need the running server

    with launch.ending_without_traceback():
        launch.refuse_open_house()
    async with launch.running_runtime():
        yield


app = st.App(
    ROOT / "components" / "shell.py",
    lifespan=lifespan,
    middleware=[Middleware(SecurityHeaders)],
    on_script_error=show_script_error,
)

if __name__ == "__main__":
    app.run()
