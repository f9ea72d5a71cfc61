"""Bring a ledger's tables up to the code's version, once, whoever comes first."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from services.ledger import seal

#: The newest migration; a test compares it with the files. Starting looks at the tables of this one
#: (`keeping.require_whole`): with a second migration, upgrade an older ledger before that look.
HEAD: Final = "0001"


def upgrade(engine: Engine) -> None:
    """Run the missing migrations in one transaction with their record."""
    with engine.begin() as cx:
        if not inspect(cx).has_table("alembic_version") or version(cx) != HEAD:
            _run(cx)
        if engine.dialect.name == "sqlite":
            seal.apply(cx)


def version(cx: Connection) -> str | None:
    """Return the migration that a ledger is at."""
    found = cx.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _run(cx: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - takes 0.3 s and is needed once in a lifetime
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = cx
    command.upgrade(config, "head")
