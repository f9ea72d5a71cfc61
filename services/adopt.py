"""`python -m services adopt`: follow an upload job that was started elsewhere, as a run.

Called again with the same words, it goes on with the same run.
"""

import argparse

from services.bootstrap import Runtime
from services.engine.connections import Connection
from services.onboard import (
    add_connection,
    add_integration,
    add_manifest,
    answered,
    arrival,
    connected,
    follow,
    integration_of,
    read_manifest,
)


def main(argv: list[str]) -> int:
    """Run the command; 0 only when all entries are in Encord."""
    parser = argparse.ArgumentParser(prog="python -m services adopt", description=__doc__)
    add_manifest(parser)
    parser.add_argument("--job", required=True, metavar="UUID", help="the upload job")
    parser.add_argument("--folder-uuid", required=True, metavar="UUID", help="where it registers")
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
        actor="command line",
    )
    return arrival(follow(runtime, run))
