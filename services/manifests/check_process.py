"""The child process of a check: `python -m services.manifests.check_process JOB MAX_BYTES`."""

import json
import shutil
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.manifests.check_jobs import CANCEL, FAILURE, HEARTBEAT, OPTIONS
from services.manifests.errors import CheckCancelledError
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore

_BEAT: Final = 0.5


@dataclass(slots=True)
class _Heart:
    """Tells watchers that the process lives and how far it is."""

    folder: Path
    progress: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)

    def advance(self, progress: float) -> None:
        """Note the progress; stops the check when somebody cancelled it."""
        self.progress = progress
        if (self.folder / CANCEL).exists():
            raise CheckCancelledError

    def beat(self) -> None:
        """Write the heartbeat until told to stop."""
        while True:
            aside = self.folder / f"{HEARTBEAT}.new"
            aside.write_text(json.dumps({"progress": self.progress}), encoding="utf-8")
            aside.replace(self.folder / HEARTBEAT)
            if self.stopped.wait(_BEAT):
                return


def main(argv: list[str]) -> int:
    """Run one job; its folder says what to check and takes what went wrong."""
    folder, max_bytes = Path(argv[0]), int(argv[1])
    store = ManifestStore(folder.parent.parent, max_bytes=max_bytes)
    options = CheckOptions.from_json((folder / OPTIONS).read_text(encoding="utf-8"))
    heart = _Heart(folder)
    thread = threading.Thread(target=heart.beat, daemon=True)
    thread.start()
    try:
        store.check(folder.parent.name, options, progress=heart.advance)
    except CheckCancelledError as cancelled:
        return _fail(folder, str(cancelled))
    except Exception as problem:  # noqa: BLE001 - a check must end with an answer
        return _fail(folder, f"The check failed unexpectedly ({type(problem).__name__}).")
    finally:
        heart.stopped.set()
        thread.join()
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _fail(folder: Path, message: str) -> int:
    (folder / FAILURE).write_text(message, encoding="utf-8")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
