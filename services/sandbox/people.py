"""Users of the organization, its groups, and with whom folders and datasets are shared.

Shapes: the SDK's `orm/organisation.py` and `orm/group.py` [RUN]. A folder's roles are words, a
dataset's are numbers.
"""

import sqlite3

from services.sandbox import access, datasets, folders
from services.sandbox.access import Role
from services.sandbox.paging import single
from services.sandbox.state import Sandbox
from services.sandbox.wire import (
    Account,
    Call,
    Object,
    RefusalError,
    as_list,
    as_text,
    as_uuid,
    iso,
    new_uuid,
)

_ROLES = {
    "ADMIN": "00000000-0000-4000-8000-000000000001",
    "MEMBER": "00000000-0000-4000-8000-000000000002",
    "TASKER": "00000000-0000-4000-8000-000000000003",
    "WORKFORCE_MANAGER": "00000000-0000-4000-8000-000000000004",
}
_MEMBER_TYPES = ("internal", "external")
_DATASET_ROLES = (0, 1)

#: What goes when a user leaves an organization.
_FORGET = (
    "DELETE FROM users WHERE email = :email AND organization = :organization",
    (
        "DELETE FROM team_users WHERE email = :email AND team IN"
        " (SELECT uuid FROM teams WHERE organization = :organization)"
    ),
    (
        "DELETE FROM shares WHERE member = :email AND resource IN"
        " (SELECT uuid FROM datasets WHERE organization = :organization UNION"
        " SELECT uuid FROM integrations WHERE organization = :organization)"
    ),
)


def list_users(sandbox: Sandbox, call: Call) -> Object:
    """`GET organisation/users`."""
    query = "SELECT * FROM users WHERE organization = ?"
    with sandbox.store.read() as connection:
        rows = connection.execute(query, (call.account.organization,)).fetchall()
    return single([_user(row) for row in rows])


def _user(row: sqlite3.Row) -> Object:
    return {
        "email": row["email"],
        "roleMnemonicName": row["role"],
        "roleUuid": _ROLES[row["role"]],
        "memberType": row["member_type"],
        "createdAt": iso(row["created"]),
        "lastEditedAt": iso(row["created"]),
    }


def add_user(sandbox: Sandbox, call: Call) -> Object:
    """`POST organisation/users`: at once; a known address is a conflict."""
    access.check_administers(call.account)
    body = call.document()
    email = as_text(body.get("email"), "email")
    role, member_type = body.get("roleMnemonicName"), body.get("memberType")
    if role not in _ROLES or member_type not in _MEMBER_TYPES:
        raise RefusalError(400, "roleMnemonicName or memberType is not known.")
    with sandbox.store.write() as connection:
        if _known(connection, email, call.account):
            raise RefusalError(409, f"{email} is a user already.")
        row = (call.account.organization, email, role, member_type, sandbox.now())
        connection.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?)", row)
    return {}


def _known(connection: sqlite3.Connection, email: str, account: Account) -> bool:
    query = "SELECT 1 FROM users WHERE email = ? AND organization = ?"
    return connection.execute(query, (email, account.organization)).fetchone() is not None


def remove_user(sandbox: Sandbox, call: Call) -> Object:
    """`DELETE organisation/users/E`."""
    access.check_administers(call.account)
    email = call.path["email"]
    with sandbox.store.write() as connection:
        if not _known(connection, email, call.account):
            raise RefusalError(404, f"There is no user {email}.")
        for query in _FORGET:
            connection.execute(query, access.values(call.account) | {"email": email})
    return {}


def list_groups(sandbox: Sandbox, call: Call) -> Object:
    """`GET user/current-organisation/groups`; the cheapest call that needs a known key."""
    query = "SELECT * FROM teams WHERE organization = ?"
    with sandbox.store.read() as connection:
        rows = connection.execute(query, (call.account.organization,)).fetchall()
    return single([_group(row) for row in rows])


def _group(row: sqlite3.Row) -> Object:
    return {
        "groupHash": row["uuid"],
        "name": row["name"],
        "description": row["description"],
        "createdAt": iso(row["created"]),
    }


def _find_group(connection: sqlite3.Connection, uuid: str, account: Account) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM teams WHERE uuid = ? AND organization = ?",
        (uuid.lower(), account.organization),
    ).fetchone()
    if row is None:
        raise RefusalError(404, "There is no such group.")
    return row


def create_group(sandbox: Sandbox, call: Call) -> Object:
    """`POST organisation/groups`; the SDK repeats it, and then there are two [RUN]."""
    access.check_administers(call.account)
    body, uuid = call.document(), new_uuid()
    name = as_text(body.get("name"), "name")
    description = as_text(body.get("description") or "", "description")
    with sandbox.store.write() as connection:
        row = (uuid, name, description, sandbox.now(), call.account.organization)
        connection.execute("INSERT INTO teams VALUES (?, ?, ?, ?, ?)", row)
        return _group(_find_group(connection, uuid, call.account))


def get_group(sandbox: Sandbox, call: Call) -> Object:
    """`GET organisation/groups/G`."""
    with sandbox.store.read() as connection:
        return _group(_find_group(connection, call.path["group"], call.account))


def patch_group(sandbox: Sandbox, call: Call) -> Object:
    """`PATCH organisation/groups/G`: only the fields that were sent change."""
    access.check_administers(call.account)
    body = call.document()
    with sandbox.store.write() as connection:
        uuid = _find_group(connection, call.path["group"], call.account)["uuid"]
        connection.execute(
            "UPDATE teams SET name = coalesce(?, name), description = coalesce(?, description)"
            " WHERE uuid = ?",
            (body.get("name"), body.get("description"), uuid),
        )
        return _group(_find_group(connection, uuid, call.account))


def delete_group(sandbox: Sandbox, call: Call) -> Object:
    """`DELETE organisation/groups/G`: nothing is shared with it any more."""
    access.check_administers(call.account)
    with sandbox.store.write() as connection:
        uuid = _find_group(connection, call.path["group"], call.account)["uuid"]
        for query in (
            "DELETE FROM teams WHERE uuid = ?",
            "DELETE FROM team_users WHERE team = ?",
            "DELETE FROM shares WHERE member = ?",
        ):
            connection.execute(query, (uuid,))
    return {}


def list_group_users(sandbox: Sandbox, call: Call) -> Object:
    """`GET organisation/groups/G/users`."""
    with sandbox.store.read() as connection:
        return _members(
            connection, _find_group(connection, call.path["group"], call.account)["uuid"]
        )


def _members(connection: sqlite3.Connection, group: str) -> Object:
    query = "SELECT email FROM team_users WHERE team = ? ORDER BY email"
    rows = connection.execute(query, (group,))
    return single([{"userEmail": row["email"]} for row in rows])


def add_group_users(sandbox: Sandbox, call: Call) -> Object:
    """`POST organisation/groups/G/users`: all must be users of the organization."""
    access.check_administers(call.account)
    emails = _emails(call)
    with sandbox.store.write() as connection:
        uuid = _find_group(connection, call.path["group"], call.account)["uuid"]
        if not all(_known(connection, email, call.account) for email in emails):
            raise RefusalError(403, "Not all of them are users of the organization.")
        connection.executemany(
            "INSERT OR IGNORE INTO team_users VALUES (?, ?)", [(uuid, email) for email in emails]
        )
        return _members(connection, uuid)


def remove_group_users(sandbox: Sandbox, call: Call) -> Object:
    """`POST organisation/groups/G/users/bulk-delete`: those not in it are ignored."""
    access.check_administers(call.account)
    with sandbox.store.write() as connection:
        uuid = _find_group(connection, call.path["group"], call.account)["uuid"]
        connection.executemany(
            "DELETE FROM team_users WHERE team = ? AND email = ?",
            [(uuid, email) for email in _emails(call)],
        )
    return {}


def _emails(call: Call) -> list[str]:
    found = as_list(call.document().get("userEmails"), "userEmails")
    return [as_text(each, "userEmails") for each in found]


def list_tags(sandbox: Sandbox, call: Call) -> Object:
    """`GET organisation/organisation-tags`."""
    query = "SELECT uuid, name FROM tags WHERE organization = ? ORDER BY name"
    with sandbox.store.read() as connection:
        rows = connection.execute(query, (call.account.organization,)).fetchall()
    return single([dict(row) for row in rows])


def create_tag(sandbox: Sandbox, call: Call) -> Object:
    """`POST organisation/organisation-tags`: names are unique."""
    access.check_administers(call.account)
    made = {"uuid": new_uuid(), "name": as_text(call.document().get("name"), "name")}
    with sandbox.store.write() as connection:
        try:
            row = (made["uuid"], made["name"], call.account.organization)
            connection.execute("INSERT INTO tags VALUES (?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            raise RefusalError(409, f"There is a tag {made['name']} already.") from error
    return dict(made)


def delete_tag(sandbox: Sandbox, call: Call) -> Object:
    """`DELETE organisation/organisation-tags/T`."""
    access.check_administers(call.account)
    with sandbox.store.write() as connection:
        row = (call.path["tag"].lower(), call.account.organization)
        connection.execute("DELETE FROM tags WHERE uuid = ? AND organization = ?", row)
    return {}


def _resource(connection: sqlite3.Connection, call: Call, role: Role = Role.ADMIN) -> str:
    """Return the UUID of the folder or dataset a path names, or refuse."""
    if "folder" in call.path:
        return str(folders.find(connection, call.path["folder"], call.account, role)["uuid"])
    return str(_dataset(connection, call, call.path["dataset"], role)["uuid"])


def _dataset(connection: sqlite3.Connection, call: Call, uuid: str, role: Role) -> sqlite3.Row:
    row = datasets.find(connection, uuid, call.account)
    if row is None:
        raise RefusalError(404, "There is no such dataset.")
    if access.dataset(connection, call.account, row) < role:
        raise RefusalError(403, "Only an admin of the dataset may do this.")
    return row


def shared_groups(sandbox: Sandbox, call: Call) -> Object:
    """`GET .../groups` of a folder or dataset."""
    with sandbox.store.read() as connection:
        rows = connection.execute(
            "SELECT teams.*, shares.role AS as_role FROM shares"
            " JOIN teams ON teams.uuid = shares.member WHERE resource = ? ORDER BY name",
            (_resource(connection, call, Role.USER),),
        ).fetchall()
    return single(
        [
            {**_group(row), "isSameOrganisation": True, "userRole": _role(call, row["as_role"])}
            for row in rows
        ]
    )


def _role(call: Call, text: str) -> str | int:
    return text if "folder" in call.path else int(text)


def share(sandbox: Sandbox, call: Call) -> Object:
    """`POST .../groups` of a folder or dataset with `{"groupHashList", "userRole"}`."""
    body = call.document()
    uuids = [as_uuid(found, "groupHashList") for found in as_list(body.get("groupHashList"), "it")]
    role = str(body.get("userRole"))
    with sandbox.store.write() as connection:
        resource = _resource(connection, call)
        for uuid in uuids:
            _find_group(connection, uuid, call.account)
            row = (resource, uuid, role)
            connection.execute("INSERT OR REPLACE INTO shares VALUES (?, ?, ?)", row)
    return {}


def unshare(sandbox: Sandbox, call: Call) -> Object:
    """`DELETE .../groups?groupHashList=...` of a folder or dataset."""
    with sandbox.store.write() as connection:
        resource = _resource(connection, call)
        connection.executemany(
            "DELETE FROM shares WHERE resource = ? AND member = ?",
            [(resource, uuid.lower()) for uuid in call.many("groupHashList")],
        )
    return {}


def dataset_users(sandbox: Sandbox, call: Call) -> Object:
    """`GET datasets/D/users`: the owner, an admin, and whom it is shared with."""
    with sandbox.store.read() as connection:
        row = _dataset(connection, call, call.path["dataset"], Role.USER)
        uuid = row["uuid"]
        rows = connection.execute(
            "SELECT member, role FROM shares WHERE resource = ? AND member LIKE '%@%'", (uuid,)
        )
        roles = {row["owner"]: 0, **{each["member"]: int(each["role"]) for each in rows}}
    return single(
        [
            {"datasetUuid": uuid, "userEmail": email, "userRole": role}
            for email, role in roles.items()
        ]
    )


def add_dataset_users(sandbox: Sandbox, call: Call, uid: object, payload: Object) -> list[Object]:
    """`datasetusers` POST with `{"user_emails", "user_role"}`."""
    del uid
    emails, role = as_list(payload.get("user_emails"), "user_emails"), payload.get("user_role")
    if role not in _DATASET_ROLES:
        raise RefusalError(400, "user_role must be 0 or 1.")
    asked = call.headers.get("resourceid", "")
    with sandbox.store.write() as connection:
        uuid = _dataset(connection, call, asked, Role.ADMIN)["uuid"]
        for email in emails:
            if not _known(connection, str(email), call.account):
                raise RefusalError(400, f"{email} is no user of the organization.")
            row = (uuid, email, str(role))
            connection.execute("INSERT OR REPLACE INTO shares VALUES (?, ?, ?)", row)
    return [{"user_email": each, "user_role": role, "dataset_hash": uuid} for each in emails]


def remove_dataset_users(sandbox: Sandbox, call: Call) -> Object:
    """`POST datasets/D/users/bulk-delete`."""
    with sandbox.store.write() as connection:
        uuid = _resource(connection, call)
        connection.executemany(
            "DELETE FROM shares WHERE resource = ? AND member = ?",
            [(uuid, email) for email in _emails(call)],
        )
    return {}
