"""The accounts of the sandbox: who a key belongs to, and making and revoking keys.

What an account may see is in `access`. The demo's accounts are there from the start; a control call
makes more.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.sandbox import identity
from services.sandbox.wire import Account, Object

OWNER: Final = "demo@sandbox.example"
#: The organization of the demo, and another one that must know nothing of it.
ORGANIZATION: Final = "Sandbox"
ELSEWHERE: Final = "Elsewhere"
_IDENTIFY = (
    "SELECT accounts.email, accounts.organization, users.role FROM accounts"
    " LEFT JOIN users ON users.email = accounts.email"
    " AND users.organization = accounts.organization WHERE key = ? AND NOT revoked"
)


class UnknownKeyError(Exception):
    """The key belongs to nobody, or to nobody any more."""


class NoMemberError(Exception):
    """The key's user is in no organization any more."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One account as it is made."""

    name: str
    email: str
    organization: str
    role: str

    @property
    def key_file(self) -> str:
        """Name the file of the private key in the data directory."""
        return f"{self.name}_key"


#: Who is there from the start; the first is the one that everything of the demo belongs to.
DEMO: Final = (
    Person(name="demo", email=OWNER, organization=ORGANIZATION, role="ADMIN"),
    Person(name="viewer", email="viewer@sandbox.example", organization=ORGANIZATION, role="MEMBER"),
    Person(name="elsewhere", email="demo@elsewhere.example", organization=ELSEWHERE, role="ADMIN"),
)


def ensure(connection: sqlite3.Connection, directory: Path) -> None:
    """Make the keys of the demo's accounts where there are none, and know them."""
    for person in DEMO:
        _know(connection, directory, person)


def _know(connection: sqlite3.Connection, directory: Path, person: Person) -> None:
    key = identity.ensure_key(directory, person.key_file)
    row = (key, person.name, person.email, person.organization, person.role)
    connection.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, 0)", row)


def make(connection: sqlite3.Connection, directory: Path, person: Person, *, now: int) -> Path:
    """Make an account with a key of its own and return where the key is."""
    _know(connection, directory, person)
    insert_user(connection, person, now=now)
    return directory / person.key_file


def insert_user(connection: sqlite3.Connection, person: Person, *, now: int) -> None:
    """Make an account's user."""
    connection.execute(
        "INSERT OR REPLACE INTO users VALUES (?, ?, ?, 'internal', ?)",
        (person.organization, person.email, person.role, now),
    )


def reset(connection: sqlite3.Connection, *, now: int) -> None:
    """Forget made accounts, give revoked keys back, and make the demo's users."""
    names = [person.name for person in DEMO]
    marks = ", ".join("?" * len(names))
    connection.execute(f"DELETE FROM accounts WHERE name NOT IN ({marks})", names)  # noqa: S608 - marks alone
    connection.execute("UPDATE accounts SET revoked = 0")
    for person in DEMO:
        insert_user(connection, person, now=now)


def revoke(connection: sqlite3.Connection, name: str, *, revoked: bool) -> bool:
    """Revoke an account's key or give it back; say whether there is such an account."""
    query = "UPDATE accounts SET revoked = ? WHERE name = ?"
    return connection.execute(query, (revoked, name)).rowcount > 0


def identify(connection: sqlite3.Connection, key: str) -> Account:
    """Return whose key it is, or raise."""
    row = connection.execute(_IDENTIFY, (key,)).fetchone()
    if row is None:
        raise UnknownKeyError
    if row["role"] is None:
        raise NoMemberError
    return Account(
        email=row["email"], organization=row["organization"], admin=row["role"] == "ADMIN"
    )


def member(connection: sqlite3.Connection, organization: str, email: str) -> Account:
    """Return an account by its address, as what it started goes on without it."""
    row = connection.execute(
        "SELECT role FROM users WHERE organization = ? AND email = ?", (organization, email)
    ).fetchone()
    admin = row is not None and row["role"] == "ADMIN"
    return Account(email=email, organization=organization, admin=admin)


def said(connection: sqlite3.Connection, directory: Path) -> Iterator[Object]:
    """Say who there is, and where each one's key lies; never a key."""
    for row in connection.execute("SELECT * FROM accounts ORDER BY rowid"):
        yield {
            "name": row["name"],
            "email": row["email"],
            "organization": row["organization"],
            "role": row["role"],
            "revoked": bool(row["revoked"]),
            "ssh_key_path": str(directory / f"{row['name']}_key"),
        }
