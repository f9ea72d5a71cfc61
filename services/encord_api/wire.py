"""The SDK's connection objects, made from our key object and set never to retry nor to redirect.

The one place that knows how the SDK is put together; what is asked through it is `sdk`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast
from uuid import UUID

import encord.orm.storage as orm
from encord import EncordUserClient
from encord.client import EncordClientDataset
from encord.configs import SshConfig, UserConfig
from encord.constants.string_constants import TYPE_DATASET
from encord.http import querier
from encord.http.constants import RequestsSettings
from encord.http.querier import Querier, create_new_session
from encord.http.v2 import api_client
from encord.http.v2.api_client import ApiClient
from encord.storage import StorageFolder
from requests import PreparedRequest, Response, Session

from services.encord_api.credentials import PrivateKey
from services.encord_api.errors import ClockSkewError

_UNAUTHORIZED: Final = 401
#: Further apart than this, two clocks are worth mentioning when a signature is refused.
_SKEW_SECONDS: Final = 60


@contextmanager
def _session_that_stays(**settings: Any) -> Iterator[Session]:  # noqa: ANN401 - the SDK's own
    """Make the SDK's session, which refuses redirects.

    Following one would send a request a second time, and its signature, which does not cover the
    host, to whoever is named.
    """
    with create_new_session(**settings) as session:
        session.max_redirects = 0
        yield session


# The SDK has no setting for it; each of its transports makes a session for each request by this.
for _transport in (querier, api_client):
    vars(_transport)["create_new_session"] = _session_that_stays


class _Config(SshConfig):
    """Signs requests and knows whether it did."""

    signed = False

    def define_headers_v2(self, request: PreparedRequest) -> PreparedRequest:
        self.signed = True
        request.hooks = {"response": _compare_clocks}
        return super().define_headers_v2(request)


class Wire:
    """One way to reach Encord: a key, a domain, and how long to wait."""

    def __init__(
        self,
        domain: str,
        key: PrivateKey,
        *,
        connect_timeout: float,
        read_timeout: float,
        trace: str | None = None,
    ) -> None:
        # The SDK annotates whole seconds; requests, which gets them unchanged, takes fractions.
        connect, read = cast("int", connect_timeout), cast("int", read_timeout)
        settings = RequestsSettings(
            max_retries=0,
            connection_retries=0,
            connect_timeout=connect,
            read_timeout=read,
            write_timeout=read,
            trace_id_provider=None if trace is None else lambda: f"{trace}/1;o=1",
        )
        self._config = _Config(key.sdk_key(), domain=domain, requests_settings=settings)
        user = UserConfig(self._config)
        #: The SDK's own entry point.
        self.client = EncordUserClient(user, Querier(user))
        #: Its second transport, for what the entry point offers only with waiting or with rows.
        self.api = ApiClient(self._config)

    @property
    def used(self) -> bool:
        """Whether a request was made ready to send; until then nothing can have happened."""
        return self._config.signed

    def folder(self, uuid: UUID) -> StorageFolder:
        """Return the SDK's folder without asking for it: its methods need the UUID only."""
        known = orm.StorageFolder.model_construct(uuid=uuid)  # type: ignore[call-arg] # on purpose
        return StorageFolder(self.api, known)

    def dataset(self, uuid: UUID) -> EncordClientDataset:
        """Return the SDK's dataset client without asking for the dataset."""
        return EncordClientDataset(self.rows(uuid), self._config, api_client=self.api)

    def rows(self, uuid: UUID) -> Querier:
        """Return what the SDK's dataset client asks through, for an answer read row by row."""
        return Querier(self._config, resource_type=TYPE_DATASET, resource_id=str(uuid))


def _compare_clocks(response: Response, *_args: object, **_kwargs: object) -> None:
    """Tell a wrong clock from a wrong key: the SDK's own hint names the region for both."""
    if response.status_code != _UNAUTHORIZED:
        return
    try:
        theirs = parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        return
    seconds = round(time.time() - theirs)
    if abs(seconds) > _SKEW_SECONDS:
        raise ClockSkewError(seconds)
