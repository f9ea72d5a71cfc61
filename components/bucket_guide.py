"""The way to an integration: Encord's clicks with this bucket's values filled in."""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from components import connection, layout
from services.engine.connections import Connection

APPS: Final = {
    "https://api.encord.com": "https://app.encord.com/integrations",
    "https://api.us.encord.com": "https://app.us.encord.com/integrations",
}
STRICT: Final = (
    "Encord then signs URLs and never downloads a file to its servers. It costs the server-side "
    "media features (conversion, image sequences from groups), and every video, image, audio, "
    "text and PDF entry of a manifest needs its media metadata: Encord will not look itself."
)


@dataclass(frozen=True, slots=True)
class Click:
    """One thing to do in Encord or with Google."""

    text: str
    #: What to type or paste there.
    value: str = ""


def _clicks(bucket: str) -> tuple[Click, ...]:
    grant = (
        f"gcloud storage buckets add-iam-policy-binding gs://{bucket} "
        "--member=serviceAccount:ADDRESS_THAT_ENCORD_SHOWS --role=roles/storage.objectViewer"
    )
    return (
        Click("The bucket is checked, and its CORS rules allow Encord's pages."),
        Click("In Encord's Integrations section, click *+ New integration*, then *Add*."),
        Click("Choose *GCP* at the top."),
        Click("Give it a name.", bucket),
        Click("Enter the name of the bucket in the second field.", bucket),
        Click(f"*Strict client-only access*: leave it off, unless files must not leave. {STRICT}"),
        Click("Let the service account that Encord shows read the bucket.", grant),
        Click("Click *Create*. Then prove it with the trial below."),
    )


def show(bucket: str, *, key: str) -> None:
    """Draw the checklist; ticks are the person's own and mean nothing to the trial."""
    with layout.card_box("Create the integration in Encord", key=key, word="integration"):
        for place, click in enumerate(_clicks(bucket), 1):
            st.checkbox(
                f"{place}. {click.text}", key=f"{key}_{bucket}_{place}", persist_state="session"
            )
            if click.value:
                st.code(click.value, language=None, wrap_lines=True)
        address = _address(connection.current())
        if address:
            st.link_button("Open Encord's Integrations", address, icon=":material/open_in_new:")


def _address(current: Connection | None) -> str | None:
    """Return where Encord's integrations are; unknown for domains of one's own."""
    return APPS.get(current.domain) if current else APPS["https://api.encord.com"]
