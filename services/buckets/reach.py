"""Where a child process finds a bucket and as whom it asks: one line over its standard input.

A key is on no disk and in no argument; it is in this line, and the line is in a pipe.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from services.cloud_storage.credentials import (
    Access,
    CredentialProblem,
    CredentialReason,
    anonymous,
    application_default,
    service_account,
)
from services.cloud_storage.google import ENDPOINT, connect
from services.cloud_storage.interface import BucketReader

#: Ask as this server, or as nobody; any other account is a person's service account.
SERVER: Final = "server"
NOBODY: Final = "nobody"
#: Seconds for a connection, and for each piece of an answer.
TIMEOUT: Final = (10.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """An address and an identity."""

    #: `server`, `nobody`, or the fingerprint of somebody's key: tells what one may see.
    account: str
    endpoint: str = ENDPOINT
    #: The service account's file, when it is somebody's.
    key: str = field(default="", repr=False)

    @property
    def is_sandbox(self) -> bool:
        """Whether it leads to the stand-in on this machine, at whatever address."""
        return self.endpoint != ENDPOINT

    def line(self) -> str:
        """Write what `read_line` reads; holds the key."""
        return json.dumps({"account": self.account, "endpoint": self.endpoint, "key": self.key})

    def open(self) -> BucketReader:
        """Return a reader for one thread.

        Raises:
            CredentialProblem: There are no credentials to ask with, or no more.
        """
        return connect(self._access(), api_endpoint=self.endpoint, timeout=TIMEOUT)

    def _access(self) -> Access:
        if self.is_sandbox or self.account == NOBODY:
            return anonymous()
        if self.account == SERVER:
            return application_default()
        if not self.key:  # forgotten a moment ago; the server must not stand in for a person
            raise CredentialProblem(CredentialReason.GONE)
        return service_account(self.key)


def read_line(line: str) -> Reach:
    """Read what `Reach.line` wrote."""
    return Reach(**json.loads(line))


#: Opens a reader; called once a thread.
OpenReader = Callable[[], BucketReader]
