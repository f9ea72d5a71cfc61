"""Who asks Google about buckets: identities held in memory, a person's own known by their id.

Nothing here writes a key anywhere, and the sandbox is always asked as nobody: a real identity
never signs for an address of this machine.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from services.buckets.reach import NOBODY, SERVER, Reach
from services.cloud_storage.credentials import (
    Access,
    CredentialProblem,
    CredentialReason,
    anonymous,
    application_default,
    service_account,
)
from services.cloud_storage.google import ENDPOINT, GoogleBuckets, connect

__all__ = ["NOBODY", "SERVER", "Account", "Accounts"]

#: Seconds to wait for a connection and for each piece of an answer, while a person waits too.
TIMEOUT: Final = (5.0, 20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A service account somebody gave. Knows no secret."""

    id: str
    email: str


class Accounts:
    """The Google identities of one process. Safe from any thread."""

    def __init__(self) -> None:
        """Start without any person's identity."""
        self._held: dict[str, Access] = {}
        self._files: dict[str, str] = {}
        #: Everybody who gave a key; it goes with the last of them.
        self._givers: dict[str, set[str]] = defaultdict(set)
        self._lock = threading.Lock()

    def add(self, text: bytes | str, *, by: str = "") -> Account:
        """Hold a service account's key for somebody; the same account is the same id.

        Raises:
            CredentialProblem: The text is anything else; never with any part of it.
        """
        file = _as_text(text)
        # The frame stays reachable from a traceback; the key must not.
        del text
        if file is None:
            raise CredentialProblem(CredentialReason.NOT_JSON)
        access = service_account(file)
        with self._lock:
            self._held[access.fingerprint] = access
            self._files[access.fingerprint] = file
            self._givers[access.fingerprint].add(by)
        del file
        return Account(id=access.fingerprint, email=access.name)

    def forget(self, account: str, *, by: str = "") -> None:
        """Drop a key that nobody else gave."""
        with self._lock:
            self._givers[account].discard(by)
            if self._givers[account]:
                return
            del self._givers[account]
            self._held.pop(account, None)
            self._files.pop(account, None)

    def get(self, account: str) -> Account | None:
        """Return an account whose key is held here."""
        access = self._held.get(account)
        return Account(id=account, email=access.name) if access else None

    def access(self, account: str) -> Access:
        """Return the identity itself.

        Raises:
            CredentialProblem: There is none: the server has no credentials, or the key is gone.
        """
        if account == SERVER:
            return application_default()
        if account == NOBODY:
            return anonymous()
        access = self._held.get(account)
        if access is None:
            raise CredentialProblem(CredentialReason.GONE)
        return access

    def reach(self, account: str, *, sandbox: str | None = None) -> Reach:
        """Return what a child process needs to ask as an account; at the sandbox, as nobody.

        Raises:
            CredentialProblem: The key is gone.
        """
        if sandbox:
            return Reach(account=NOBODY, endpoint=sandbox)
        if account not in {SERVER, NOBODY} and account not in self._files:
            raise CredentialProblem(CredentialReason.GONE)
        return Reach(account=account, key=self._files.get(account, ""))

    def open(
        self, account: str, *, sandbox: str | None = None, changing: bool = False
    ) -> GoogleBuckets:
        """Return who asks about buckets: the account, or nobody at the sandbox's address.

        Args:
            account: `SERVER`, `NOBODY` or the id of a person's account.
            sandbox: The sandbox's address, when its buckets are meant.
            changing: Ask for the scope that changes settings, not only the one that reads.

        Raises:
            CredentialProblem: See `access`.
        """
        if sandbox:
            return connect(anonymous(), api_endpoint=sandbox, timeout=TIMEOUT)
        access = self.access(account)
        if changing:
            access = access.for_changes()
        return connect(access, api_endpoint=ENDPOINT, timeout=TIMEOUT)


def _as_text(text: bytes | str) -> str | None:
    """Decode a file; None where that fails, because the error would carry the whole of it."""
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
