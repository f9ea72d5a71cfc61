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
        st.markdown(sentence(receipt, since))
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


def sentence(receipt: ReceiptView, since: dict[str, Any]) -> str:
    """Return e.g. `**After 30 days: 3 entries gone**`."""
    then = datetime.fromisoformat(since["at"])
    passed = duration((receipt.at - then).total_seconds())
    gone = sum(each["entries"] for each in since["changes"] if each["then"] == Verdict.MATCHED)
    back = sum(each["entries"] for each in since["changes"] if each["now"] == Verdict.MATCHED)
    parts = [
        f"{count(number, 'entry')} {word}"
        for number, word in ((gone, "gone or changed"), (back, "right by now"))
        if number
    ]
    if parts:
        return f"**After {passed}: {', '.join(parts)}**"
    return f"**After {passed}: nothing has changed**"
