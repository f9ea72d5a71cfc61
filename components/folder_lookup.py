"""Find a folder by its UUID before something is done with it."""

from typing import Final

from components import session, uuid_field
from components.problems import notice_of
from components.runtime import get_runtime
from services.domain.uuids import read_uuid
from services.encord_api.interface import Folder
from services.engine.errors import ConnectionProblem

NOT_NAMED: Final = session.Notice(title="No folder is named", body="Paste the folder's UUID.")
NO_UUID: Final = session.Notice(title=uuid_field.NO_UUID, body=uuid_field.FORM)


def find(connection: str, typed: str, *, place: str) -> Folder | None:
    """Return the folder; leave a notice at `place` when there is none to be had."""
    session.clear_notice(place)
    uuid = read_uuid(typed)
    if uuid is None:
        session.notify(place, NO_UUID if typed.strip() else NOT_NAMED)
        return None
    try:
        return get_runtime().connections.find_folder(connection, uuid)
    except ConnectionProblem as problem:
        session.notify(place, notice_of(problem))
        return None
