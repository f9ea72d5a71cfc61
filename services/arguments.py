"""What several commands are asked for in the same words, and what is made of these."""

import argparse
from pathlib import Path
from typing import Final

from services.bootstrap import Runtime
from services.connecting import RefusedError, say
from services.domain.metadata import MetadataSchema
from services.domain.runs import RunState
from services.domain.uuids import read_uuid
from services.encord_api.interface import Integration
from services.engine.connections import Check, Connection
from services.manifests.command import read_schema
from services.manifests.options import CheckOptions

NO_UUID: Final = "this is not a UUID"


class NoAnswerError(RefusedError):
    """The connection does not answer as it should."""

    def __init__(self, check: Check) -> None:
        super().__init__(f"{check.title}. {check.remedy}")


class NoIntegrationError(RefusedError):
    """No integration, or more than one, is called so; names those that there are."""

    def __init__(self, wanted: str, known: tuple[Integration, ...]) -> None:
        names = ", ".join(sorted(f"{each.title} ({each.id})" for each in known)) or "none"
        super().__init__(f"No single integration is called {wanted!r}. There are: {names}")


class NotCancelledError(RefusedError):
    """What is to begin anew was not cancelled."""

    def __init__(self, run: str) -> None:
        super().__init__(f"--after names what was cancelled, and {run} was not. Leave it out.")


class NoEntryError(RefusedError):
    """No entry of the manifest can be sent."""

    def __init__(self) -> None:
        super().__init__("Nothing can be submitted. Run validate to see why.")


def uuid_argument(typed: str) -> str:
    """Read a UUID on the command line, in Encord's spelling; another text is wrong usage."""
    uuid = read_uuid(typed)
    if uuid is None:
        raise argparse.ArgumentTypeError(NO_UUID)
    return uuid


def add_manifest(parser: argparse.ArgumentParser) -> None:
    """Let a command read a manifest."""
    parser.add_argument("file", type=Path, help="the manifest: JSON, JSON Lines or CSV")
    add_schema(parser)


def add_schema(parser: argparse.ArgumentParser) -> None:
    """Let a command choose what the metadata of a manifest is compared with."""
    schema = parser.add_mutually_exclusive_group()
    schema.add_argument("--schema", type=Path, metavar="FILE", help="default: the organization's")
    schema.add_argument("--no-schema", action="store_true", help="compare metadata with nothing")


def add_integration(parser: argparse.ArgumentParser) -> None:
    """Let a command choose an integration."""
    integration = parser.add_mutually_exclusive_group(required=True)
    integration.add_argument("--integration", metavar="TITLE")
    integration.add_argument("--integration-id", metavar="ID", help="where a title is not unique")


def add_after(parser: argparse.ArgumentParser) -> None:
    """Let a command begin anew what it goes on with otherwise."""
    what = "begin anew after this run or task of the same words, which was cancelled"
    parser.add_argument("--after", default="", metavar="RUN", help=what)


def anew(runtime: Runtime, after: str) -> str:
    """Return what makes a decision another one than what was cancelled; raises NotCancelledError.

    It names what was cancelled, so that a command that is started twice begins once.
    """
    if not after:
        return ""
    view = runtime.ledger.run(after)
    if view is None or view.state is not RunState.CANCELLED:
        raise NotCancelledError(after)
    return f" after {after}"


def answered(runtime: Runtime, connection: Connection) -> Check:
    """Return what a connection answers; raises `NoAnswerError`."""
    check = runtime.connections.check(connection.id)
    if not check.ok:
        raise NoAnswerError(check)
    return check


def integration_of(check: Check, asked: argparse.Namespace) -> Integration:
    """Return the one that is meant: two may have the same title; raises `NoIntegrationError`."""
    known, title = check.integrations, asked.integration
    meant = [each for each in known if each.id == asked.integration_id or each.title == title]
    if len(meant) != 1:
        raise NoIntegrationError(title or asked.integration_id, known)
    return meant[0]


def read_manifest(
    runtime: Runtime, check: Check, asked: argparse.Namespace
) -> tuple[str, CheckOptions]:
    """Check a manifest; return its fingerprint and how it was checked.

    Raises:
        OSError: The file cannot be read.
        ManifestError: It is no manifest, or the schema is none.
        NoEntryError: Nothing of it can be sent.
    """
    with asked.file.open("rb") as source:
        manifest = runtime.manifests.add(asked.file.name, source)
    options = CheckOptions(schema=_schema(check, asked))
    summary = runtime.manifests.check(manifest, options).summary
    say(f"{summary.valid_entries} of {summary.entries} entries are valid.")
    if not summary.valid_entries:
        raise NoEntryError
    return manifest, options


def _schema(check: Check, asked: argparse.Namespace) -> MetadataSchema | None:
    """Return what metadata is compared with; None when no key is declared."""
    if asked.no_schema:
        return None
    return (read_schema(asked.schema) if asked.schema else check.schema) or None
