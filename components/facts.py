"""Gather what the overview judges: connection, manifest, run and proof."""

from components import bucket_access, links, manifests, session
from components.journey import Facts
from components.runtime import get_runtime
from services.domain.metadata import MetadataSchema
from services.engine.connections import Check, Connection
from services.ledger.views import Counts, RunView


def gather(connection: Connection | None) -> Facts:
    """Read everything from memory and the ledger; nothing here asks the network."""
    runtime = get_runtime()
    run = _run(connection) if connection else None
    check = runtime.connections.last_check(connection.id) if connection else None
    receipts = runtime.ledger.receipts(run=run.id, limit=1) if run else []
    checked = bucket_access.checked(connection) if connection else []
    proofs = runtime.buckets.records.proofs(connection.id) if connection else []
    return Facts(
        connection=connection,
        check=check,
        schema=_schema(connection, check) if connection else {},
        manifest=manifests.summary(links.manifest() or (run.manifest if run else None)),
        run=run,
        counts=runtime.ledger.family(run.id) if run else Counts(),
        linked=run is not None and runtime.ledger.is_linked(run.id),
        receipt=receipts[0] if receipts else None,
        checked=checked[0] if checked else None,
        proof=proofs[0] if proofs else None,
    )


def _schema(connection: Connection, check: Check | None) -> MetadataSchema:
    """Return the keys that Encord told last: to the check, or since, as after a change."""
    last = get_runtime().schemas.last(connection.id)
    if check is None or not check.ok or (last and last.at >= check.at):
        return last.schema if last else {}
    return check.schema


def _run(connection: Connection) -> RunView | None:
    """Return the first run of the family this session looked at, else of the newest one's.

    Those of another connection say nothing of where this one stands.
    """
    ledger = get_runtime().ledger
    known = session.run()
    run = ledger.run(known) if known else None
    if run is None or run.connection != connection.id:
        run = next(iter(ledger.newest(connection=connection.id, limit=1)), None)
    return ledger.run(run.parent) or run if run and run.parent else run
