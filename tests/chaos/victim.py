"""A real worker that kills itself, with a given chance, at every step of the submit protocol.

The code under test is untouched: this process wraps its own functions before it starts to work.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from services import logs
from services.bootstrap import build_worker
from services.encord_api.credentials import load_private_key_file
from services.encord_api.sdk import SdkGateway
from services.engine import chunk
from services.ledger.store import Claim, Ledger
from services.settings import Settings

#: Where workers say what failed; most of it is the database that was killed.
VICTIMS_LOG: Final = "victims.log"
#: Steps by function: killed right before it, or right after it returned.
REQUESTS: Final = ("start_upload", "job_status", "link_items", "create_folder", "list_rows")
#: How much likelier a death is there: what was sent is the question, and most steps only look.
AROUND_REQUESTS: Final = 3


class Reaper:
    """Decides when this process dies, and leaves a note of where."""

    def __init__(self, notes: Path, chance: float, seed: int) -> None:
        self._notes = notes
        self._chance = chance
        self._random = random.Random(seed)

    def pass_by(self, step: str, *, times: int = 1) -> None:
        """Die here, perhaps; or so many times likelier than elsewhere."""
        if self._random.random() >= self._chance * times:
            return
        note = os.open(self._notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(note, f"{step}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str) -> None:
        """Wrap what asks Encord so that the process may die before and after it."""
        original: Callable[..., Any] = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.pass_by(f"before {name}", times=AROUND_REQUESTS)
            result = original(*args, **kwargs)
            self.pass_by(f"after {name}", times=AROUND_REQUESTS)
            return result

        setattr(owner, name, wrapped)

    def after_claims(self) -> None:
        """Die with work in hand; looking in vain is no step."""
        original = Ledger.claim

        def claim(*args: Any, **kwargs: Any) -> Any:
            taken = original(*args, **kwargs)
            if taken:
                self.pass_by("after claim")
            return taken

        setattr(Ledger, "claim", claim)  # noqa: B010 - wraps a method of the real class

    def around_commits(self) -> None:
        """Wrap every fenced transaction: inside it before the commit, and after the commit."""
        original = Ledger.fenced

        @contextmanager
        def fenced(ledger: Ledger, claim: Claim) -> Iterator[Connection]:
            with original(ledger, claim) as cx:
                yield cx
                self.pass_by(f"before commit of {claim.kind}")
            self.pass_by(f"after commit of {claim.kind}")

        setattr(Ledger, "fenced", fenced)  # noqa: B010 - wraps a method of the real class


def work(settings: Settings, url: str, key: Path, reaper: Reaper) -> None:
    """Work until killed."""
    said = (settings.data_dir / VICTIMS_LOG).open("a", encoding="utf-8")
    logs.configure("ERROR", as_json=True, stream=said)
    reaper.around_commits()
    for name in REQUESTS:
        reaper.around(SdkGateway, name)
    reaper.after_claims()
    reaper.around(chunk, "find_present")
    try:
        worker, connections = build_worker(settings)
        connections.hold("sandbox", url, load_private_key_file(key).key)
        worker.run()
    finally:
        os._exit(1)  # a worker whose database went away is started again
