"""Take the schema out as a file, or keys from a file into the draft."""

from typing import Final

import streamlit as st

from components import schema_desk, session
from components.session import Notice, SchemaDesk
from components.text import code, count
from services.domain.metadata import SchemaProblem
from services.domain.schema import exchange

LIMIT_MB: Final = 5


def downloads(desk: SchemaDesk, *, key: str) -> None:
    """Draw the downloads of the keys in use."""
    with st.container(horizontal=True, key=key):
        for label, write, ending, mime in (
            ("Download JSON", exchange.to_json, "json", "application/json"),
            ("Download YAML", exchange.to_yaml, "yaml", "application/yaml"),
        ):
            st.download_button(
                label,
                write(desk.base.declared),
                file_name=f"metadata_schema.{ending}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"{key}_{ending}",
            )


def upload(desk: SchemaDesk, *, key: str) -> None:
    """Draw the field that takes a file's keys into the draft."""
    field = f"{key}_{desk.version}"
    st.file_uploader(
        "Take keys from a file into the draft",
        type=["json", "yaml", "yml"],
        max_upload_size=LIMIT_MB,
        key=field,
        on_change=_take,
        args=(desk, field),
        help="Keys that are not in the file stay as they are",
    )


def _take(desk: SchemaDesk, field: str) -> None:
    file = session.value(field)
    if file is None:
        return
    try:
        found = exchange.read(file.getvalue().decode("utf-8-sig"), file.name)
    except SchemaProblem as problem:
        session.notify(
            schema_desk.PLACE, Notice(title="Not a schema file", body=code(str(problem)))
        )
        return
    except UnicodeDecodeError:
        session.notify(
            schema_desk.PLACE, Notice(title="Not a schema file", body="The file is not UTF-8 text.")
        )
        return
    schema_desk.take(desk, exchange.taken_into(schema_desk.edited(desk), found))
    session.notify(
        schema_desk.PLACE,
        Notice(title=f"{count(len(found), 'key')} taken", body="See the plan below.", good=True),
    )
    session.set_value(schema_desk.VIEW, schema_desk.DESIGN)
