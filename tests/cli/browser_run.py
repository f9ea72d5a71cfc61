"""A run that somebody submitted with a key of their browser, which no command holds."""

from sqlalchemy import Connection

from services.domain.runs import FolderChoice, Submission
from services.ledger import runs


def begin(cx: Connection) -> str:
    """Write it down as the dashboard does; return its id."""
    return runs.create(
        cx,
        Submission(
            name="From a browser",
            connection="browser",
            account="SHA256:browser",
            manifest="f" * 64,
            check="{}",
            folder=FolderChoice(name="From a browser"),
            integration="integration",
            integration_title="Demo bucket",
            nonce="one",
            created_by="somebody",
        ),
        connection_label="Encord US",
        manifest_name="theirs.json",
        entries=3,
        held=0,
    )
