"""The links that lead to an entry of the troubleshooting."""

from typing import Final

from components import navigation

#: The tab's name, which its address carries.
VIEW: Final = "Troubleshooting"


def link(symptom: str) -> None:
    """Draw a link to a symptom's entry, from any other page."""
    query = {"reference_view": VIEW, "symptom": symptom}
    navigation.link("reference", "Troubleshoot", icon=":material/build_circle:", query=query)
