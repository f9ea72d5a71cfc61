"""`python -m services adopt | rescue`: a run of what no run of this ledger sent."""

import argparse
from secrets import token_hex

from services.arguments import (
    add_integration,
    add_manifest,
    answered,
    integration_of,
    read_manifest,
    uuid_argument,
)
from services.bootstrap import Runtime
from services.connecting import ACTOR, add_connection, connected
from services.engine.connections import Connection
from services.following import arrival, follow


def adopt(argv: list[str]) -> int:
    """Follow a job that was started elsewhere; 0 only when all its entries are in Encord.

    Called again with the same words, it goes on with the same run.
    """
    parser = argparse.ArgumentParser(prog="python -m services adopt")
    add_manifest(parser)
    parser.add_argument(
        "--job", required=True, metavar="UUID", type=uuid_argument, help="the upload job"
    )
    parser.add_argument(
        "--folder-uuid",
        required=True,
        metavar="UUID",
        type=uuid_argument,
        help="where it registers",
    )
    add_integration(parser)
    add_connection(parser)
    asked = parser.parse_args(argv)
    return connected(asked.connection, lambda runtime, known: _adopt(runtime, known, asked))


def _adopt(runtime: Runtime, connection: Connection, asked: argparse.Namespace) -> int:
    check = answered(runtime, connection)
    integration = integration_of(check, asked)
    folder = runtime.connections.find_folder(connection.id, asked.folder_uuid)
    manifest, options = read_manifest(runtime, check, asked)
    run = runtime.onboarding.adopt(
        asked.job,
        manifest=manifest,
        check=options.to_json(),
        folder=folder,
        integration=integration,
        connection=connection.id,
        account=connection.account,
        actor=ACTOR,
    )
    return arrival(follow(runtime, run))


def rescue(argv: list[str]) -> int:
    """Rebuild a run from what a folder holds now; 0 when that is done."""
    parser = argparse.ArgumentParser(prog="python -m services rescue")
    parser.add_argument("--folder-uuid", required=True, metavar="UUID", type=uuid_argument)
    add_connection(parser)
    asked = parser.parse_args(argv)
    return connected(asked.connection, lambda runtime, known: _rescue(runtime, known, asked))


def _rescue(runtime: Runtime, connection: Connection, asked: argparse.Namespace) -> int:
    run = runtime.onboarding.rescue(
        runtime.connections.find_folder(connection.id, asked.folder_uuid),
        connection=connection.id,
        account=connection.account,
        nonce=token_hex(16),  # the folder may hold something else than last time
        actor=ACTOR,
    )
    return arrival(follow(runtime, run))
