"""The map from the SDK's exceptions is complete, and every class says what became of a request."""

import inspect
import pickle
import socket
from collections.abc import Iterator

import encord.exceptions as sdk
import pytest
import requests.exceptions
import urllib3.exceptions
from encord.http.common import RequestContext
from pydantic import BaseModel, ValidationError

from services.encord_api import errors
from services.encord_api.errors import (
    TABLE,
    EncordError,
    NotAuthenticated,
    NotSent,
    RateLimited,
    Unclear,
    classify,
    translate,
)


def sdk_classes() -> Iterator[type[Exception]]:
    for _, kind in inspect.getmembers(sdk, inspect.isclass):
        if issubclass(kind, Exception) and kind.__module__ == sdk.__name__:
            yield kind


def our_classes() -> Iterator[type[EncordError]]:
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, EncordError):
            yield kind


def test_every_exception_of_the_sdk_is_mapped() -> None:
    unmapped = {kind.__name__ for kind in sdk_classes()} - {kind.__name__ for kind in TABLE}
    assert not unmapped
    assert set(sdk_classes()) == set(TABLE)


def test_the_tree_in_the_docstring_names_every_class() -> None:
    for kind in our_classes():
        assert kind.__name__ in (errors.__doc__ or "")


def test_every_error_has_its_own_words_and_survives_pickling() -> None:
    texts = set()
    for kind in our_classes():
        error = kind("starting the upload", trace_id="t0k3n", raw="said")
        assert "starting the upload" in str(error)
        texts.add(str(error))
        back = pickle.loads(pickle.dumps(error))
        assert type(back) is kind
        assert (str(back), back.trace_id, back.raw) == (str(error), "t0k3n", "said")
    assert len(texts) == len(list(our_classes()))


def test_classes_that_only_the_client_raises_are_never_called_refused() -> None:
    # These can be raised after the request was sent, whatever came back.
    for kind in (
        sdk.EncordException,
        sdk.RequestException,
        sdk.GenericServerError,
        sdk.TimeOutError,
    ):
        assert TABLE[kind] is Unclear


@pytest.mark.parametrize(
    "exc",
    [
        AttributeError("'NoneType' object has no attribute 'get'"),
        TypeError(),
        ValueError("badly formed"),
        KeyError("data_rows"),
        NotImplementedError(),
        RuntimeError(),
        OSError(),
        requests.exceptions.ReadTimeout(),
        requests.exceptions.ConnectionError(ConnectionResetError()),
        requests.exceptions.TooManyRedirects(),
        type("NewInTheNextRelease", (sdk.AuthenticationError,), {})("?"),
        KeyboardInterrupt(),
    ],
)
def test_anything_else_is_unclear(exc: BaseException) -> None:
    error = translate(exc, operation="starting the upload")
    assert type(error) is Unclear
    assert classify(error) == "unknown"


def test_a_models_complaint_is_unclear() -> None:
    class Model(BaseModel):
        uuid: int

    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"uuid": "x"})
    assert type(translate(caught.value, operation="x")) is Unclear


@pytest.mark.parametrize(
    "cause",
    [
        urllib3.exceptions.NameResolutionError("h", None, socket.gaierror()),  # type: ignore[arg-type]
        urllib3.exceptions.NewConnectionError(None, "refused"),  # type: ignore[arg-type]
        urllib3.exceptions.ConnectTimeoutError(),
        requests.exceptions.ConnectTimeout(),
        requests.exceptions.MissingSchema(),
        requests.exceptions.InvalidURL(),
    ],
)
def test_a_connection_that_was_never_made_is_found_anywhere_in_the_chain(
    cause: Exception,
) -> None:
    top, middle = sdk.RequestException("failed"), requests.exceptions.ConnectionError()
    top.__cause__, middle.__context__ = middle, cause
    error = translate(top, operation="starting the upload")
    assert type(error) is NotSent
    assert classify(error) == "not_sent"


def test_what_encord_said_is_kept_short_and_without_secrets() -> None:
    context = RequestContext(trace_id="t0k3n", domain="https://api.encord.com")
    said = (
        "Authorization: 0011223344:aabbccdd\nhttps://x.example/a?X-Goog-Signature=abc " + "é" * 4000
    )
    error = translate(sdk.AuthenticationError(said, context=context), operation="x")
    assert type(error) is NotAuthenticated
    assert error.trace_id == "t0k3n"
    assert "AuthenticationError" in error.raw
    assert "aabbccdd" not in error.raw
    assert "abc" not in error.raw
    assert len(error.raw.encode()) <= 2048


def test_a_message_that_is_no_text_is_kept_as_text() -> None:
    odd = sdk.UnknownException([{"loc": ["body"], "msg": "field required"}])  # type: ignore[arg-type]
    assert "field required" in translate(odd, operation="x").raw


def test_ours_passes_through() -> None:
    mine = RateLimited("x", retry_after=2)
    assert translate(mine, operation="y") is mine


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = ValueError(), TypeError()
    first.__cause__, second.__cause__ = second, first
    assert type(translate(first, operation="x")) is Unclear
