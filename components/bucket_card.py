"""The buckets of a connection: when each was checked, and when Encord last really read it."""

import pandas as pd
import streamlit as st

from components import bucket_access, layout, navigation, status, tables
from components.runtime import get_runtime
from components.text import moment
from services.domain.bucket_checks import CheckVerdict
from services.engine.connections import Connection


def show(connection: Connection, *, key: str) -> None:
    """Draw what is remembered of buckets, and the way to their page."""
    checked = {each.bucket: each for each in reversed(bucket_access.checked(connection))}
    proofs = get_runtime().buckets.records.proofs(connection.id)
    proven = {each.bucket: moment(each.at) for each in reversed(proofs)}
    names = list(dict.fromkeys((*checked, *proven)))
    with layout.card_box("Buckets", key=key):
        if names:
            verdicts = [
                _verdict(checked[name].verdict if name in checked else None) for name in names
            ]
            frame = pd.DataFrame(
                {
                    "Bucket": names,
                    "Last check": verdicts,
                    "Last proven": [proven.get(name, "never") for name in names],
                }
            )
            settings = {"Last check": tables.status_column("Last check", status.CHECKS)}
            alt = "Buckets that were checked or that Encord read"
            st.dataframe(frame, key=f"{key}_table", alt=alt, column_config=settings, **tables.GRID)
        else:
            st.caption("None is checked yet, and Encord has read none.")
        navigation.link("bucket", "Check a bucket", icon=":material/arrow_forward:")


def _verdict(found: CheckVerdict | None) -> list[str]:
    return [status.CHECKS[found or CheckVerdict.NOT_CHECKED].word]
