"""Gather what the overview judges: connection, manifest, run and proof."""

from components import bucket_access, links, manifests, session
from components.journey import Facts
from components.runtime import get_runtime
from services.engine.connections import Connection
from services.ledger.views import Counts, RunView


def gather(connection: Connection | None) -> Facts:
    """Read everything from memory and the ledger; nothing here asks the network."""
    runtime = get_runtime()
    run = _run()
    receipts = runtime.ledger.receipts(run=run.id, limit=1) if run else []
    checked = bucket_access.checked(connection) if connection else []
    proofs = runtime.buckets.records.proofs(connection.id) if connection else []
    return Facts(
        connection=connection,
        check=runtime.connections.last_check(connection.id) if connection else None,
        manifest=manifests.summary(links.manifest() or (run.manifest if run else None)),
        run=run,
        counts=runtime.ledger.family(run.id) if run else Counts(),
        receipt=receipts[0] if receipts else None,
        checked=checked[0] if checked else None,
        proof=proofs[0] if proofs else None,
    )


def _run() -> RunView | None:
    """Return the first run of the family this session looked at, else the latest one's."""
    ledger = get_runtime().ledger
    known = session.run()
    run = (ledger.run(known) if known else None) or ledger.overview().latest
    return ledger.run(run.parent) or run if run and run.parent else run
