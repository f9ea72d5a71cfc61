"""What has changed since the receipt before: still true, or not any more."""

from datetime import datetime
from typing import Any

import streamlit as st

from components import navigation
from components.runtime import get_runtime
from components.text import count, duration, moment
from services.domain.verification import Verdict
from services.ledger.views import ReceiptView


def show(receipt: ReceiptView) -> None:
    """Say it in a sentence, with the way to the receipt before; nothing for a first one."""
    since = get_runtime().proofs.body(receipt.id).get("since")
    if not since:
        return
    with st.container(border=True, key="since"):
        st.markdown(sentence(receipt.at, since))
        changes = since["changes"]
        if changes:
            st.caption(
                ". ".join(
                    f"{count(each['entries'], 'entry')}: {each['then']} then, {each['now']} now"
                    for each in changes
                )
            )
        navigation.link(
            "verify",
            f"The receipt of {moment(datetime.fromisoformat(since['at']))}",
            icon=":material/history:",
            query={"receipt": since["receipt"]},
        )


def sentence(at: datetime, since: dict[str, Any]) -> str:
    """Return e.g. `**After 30 days: 3 entries gone or changed**`."""
    passed = duration((at - datetime.fromisoformat(since["at"])).total_seconds())
    changes = since["changes"]
    gone = sum(each["entries"] for each in changes if each["then"] == Verdict.MATCHED)
    back = sum(each["entries"] for each in changes if each["now"] == Verdict.MATCHED)
    other = sum(each["entries"] for each in changes) - gone - back
    words = ((gone, "gone or changed"), (back, "right by now"), (other, "wrong in another way"))
    parts = [f"{count(number, 'entry')} {word}" for number, word in words if number]
    if parts:
        return f"**After {passed}: {', '.join(parts)}**"
    return f"**After {passed}: nothing has changed**"
