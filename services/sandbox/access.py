"""Who may see and change what: an organization is a wall, and inside it roles decide.

Documented: integrations, folders and datasets each have admins and others who may only look; only
an admin registers through an integration or adds to a dataset. Assumed: a folder's role holds below
it too, and an organization's ADMIN is an admin of everything in it. What somebody may not see is
refused as if it did not exist.
"""

import enum
import sqlite3

from services.sandbox.wire import Account, RefusalError

_TEAMS = (
    "(SELECT :email UNION SELECT team FROM team_users JOIN teams ON teams.uuid = team"
    " WHERE email = :email AND teams.organization = :organization)"
)
_UP = (
    "WITH RECURSIVE up (parent, uuid, owner) AS ("
    " SELECT parent, uuid, owner FROM folders WHERE id = :folder UNION ALL"
    " SELECT folders.parent, folders.uuid, folders.owner FROM folders JOIN up"
    " ON folders.id = up.parent)"
    " SELECT up.owner = :email AS own, shares.role FROM up LEFT JOIN shares"
    " ON shares.resource = up.uuid AND shares.member IN"
)
_FOLDER_ROLES = f"{_UP} {_TEAMS}"
_DATASET_ROLES = f"SELECT role FROM shares WHERE resource = :resource AND member IN {_TEAMS}"  # noqa: S608 - no value in it
_SHARED = f"uuid IN (SELECT resource FROM shares WHERE member IN {_TEAMS})"  # noqa: S608 - no value in it
#: The folders somebody may see, as the table `seen`; needs the values of `values`.
SEEN = f"""
WITH RECURSIVE seen (id) AS (
  SELECT id FROM folders
    WHERE organization = :organization AND (:everything OR owner = :email OR {_SHARED})
  UNION SELECT folders.id FROM folders JOIN seen ON folders.parent = seen.id
)
"""  # noqa: S608 - no value in it
#: The same for datasets, as a condition.
SEEN_DATASET = f"organization = :organization AND (:everything OR owner = :email OR {_SHARED})"


class Role(enum.IntEnum):
    """What somebody may do with a folder, dataset or integration."""

    NONE = 0
    USER = 1
    ADMIN = 2


def values(account: Account, *, everything: bool = False) -> dict[str, object]:
    """Return what the conditions above need.

    `everything` is the SDK's `include_org_access`: an organization's admin sees all of it.
    """
    return {
        "email": account.email,
        "organization": account.organization,
        "everything": everything and account.admin,
    }


def folder(connection: sqlite3.Connection, account: Account, row: sqlite3.Row) -> Role:
    """Return the role for a folder: the best of it and of all above it."""
    if row["organization"] != account.organization:
        return Role.NONE
    if account.admin or row["owner"] == account.email:
        return Role.ADMIN
    rows = connection.execute(_FOLDER_ROLES, {**values(account), "folder": row["id"]})
    return max((_folder_role(found) for found in rows), default=Role.NONE)


def _folder_role(row: sqlite3.Row) -> Role:
    if row["own"] or row["role"] == "admin":
        return Role.ADMIN
    return Role.NONE if row["role"] is None else Role.USER


def item(connection: sqlite3.Connection, account: Account, number: int) -> Role:
    """Return the role for the items of a folder, by the folder's number."""
    if not account.organization:
        return Role.NONE
    row = connection.execute("SELECT * FROM folders WHERE id = ?", (number,)).fetchone()
    return Role.NONE if row is None else folder(connection, account, row)


def dataset(connection: sqlite3.Connection, account: Account, row: sqlite3.Row) -> Role:
    """Return the role for a dataset."""
    if row["organization"] != account.organization:
        return Role.NONE
    return Role.ADMIN if account.admin else direct_dataset(connection, account, row)


def direct_dataset(connection: sqlite3.Connection, account: Account, row: sqlite3.Row) -> Role:
    """Return the role somebody was given for a dataset of the own organization."""
    if row["owner"] == account.email:
        return Role.ADMIN
    found = connection.execute(_DATASET_ROLES, {**values(account), "resource": row["uuid"]})
    # A dataset's roles are numbers, and 0 is the admin's.
    return max(
        (Role.USER if each["role"] == "1" else Role.ADMIN for each in found), default=Role(0)
    )


def integration(connection: sqlite3.Connection, account: Account, row: sqlite3.Row) -> Role:
    """Return the role for an integration."""
    if row["organization"] != account.organization:
        return Role.NONE
    return Role.ADMIN if account.admin else direct_integration(connection, account, row)


def direct_integration(connection: sqlite3.Connection, account: Account, row: sqlite3.Row) -> Role:
    """Return the role somebody was given for an integration of the own organization."""
    if row["owner"] == account.email:
        return Role.ADMIN
    found = connection.execute(
        "SELECT 1 FROM shares WHERE resource = ? AND member = ?", (row["uuid"], account.email)
    )
    return Role.NONE if found.fetchone() is None else Role.USER


def check_may_register(connection: sqlite3.Connection, account: Account, uuid: str) -> None:
    """Refuse an integration that is not there, and one that somebody may only look at."""
    row = connection.execute("SELECT * FROM integrations WHERE uuid = ?", (uuid,)).fetchone()
    role = Role.NONE if row is None else integration(connection, account, row)
    if role is Role.NONE:
        raise RefusalError(403, "The integration does not exist, or you may not use it.")
    if role is Role.USER:
        raise RefusalError(403, "Your role for this integration is User: you may not register.")


def check_administers(account: Account) -> None:
    """Refuse what only an organization's admin may do."""
    if not account.admin:
        raise RefusalError(403, "Only an admin of the organization may do this.")


def owns(account: Account, row: sqlite3.Row) -> bool:
    """Whether a project or ontology is somebody's own, or of the organization one administers."""
    mine = bool(row["organization"] == account.organization)
    return mine and (account.admin or bool(row["owner"] == account.email))
