"""Find a folder by its UUID before something is done with it."""

from components import session
from components.connect_form import notice_of
from components.runtime import get_runtime
from services.encord_api.interface import Folder
from services.engine.errors import ConnectionProblem


def find(connection: str, uuid: str, *, place: str) -> Folder | None:
    """Return the folder; leave a notice at `place` when there is none to be had."""
    session.clear_notice(place)
    if not uuid.strip():
        session.notify(
            place,
            session.Notice(title="No folder is named", body="Paste the folder's UUID."),
        )
        return None
    try:
        return get_runtime().connections.find_folder(connection, uuid.strip())
    except ConnectionProblem as problem:
        session.notify(place, notice_of(problem))
        return None
