"""Scripts of the SDK run as they are, each in a process of its own.

The process is forked from one that has the SDK imported, which takes most of what a script costs.
"""

import os
import runpy
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from tests.nursery import NURSERY

REDIRECT = Path(__file__).with_name("redirect")


def printed_by(script: Path, **environment: str) -> str:
    """Run a script in its own directory, and return what it printed.

    With SANDBOX_DOMAIN, that is the SDK's default domain there: see `redirect/sitecustomize.py`.
    """
    printed, said = (script.with_suffix(ending) for ending in (".printed", ".said"))
    around = {**os.environ, **environment}
    process = NURSERY.Process(target=_run, args=(script, around, printed, said))
    process.start()
    process.join(60)
    assert process.exitcode == 0, said.read_text()
    return printed.read_text()


def _run(script: Path, environment: dict[str, str], printed: Path, said: Path) -> None:
    os.chdir(script.parent)
    os.environ.clear()
    os.environ.update(environment)
    warnings.simplefilter("ignore")
    with (
        printed.open("w") as out,
        said.open("w") as err,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            if "SANDBOX_DOMAIN" in environment:
                runpy.run_path(str(REDIRECT / "sitecustomize.py"))
            runpy.run_path(script.name, run_name="__main__")
        except BaseException:
            sys.excepthook(*sys.exc_info())
            raise
