"""Let the browser's Back undo one choice after another: a filter, a tab, the page of a table.

Streamlit keeps them in the address without an entry in the browser's history, and makes up to two
for a button that leads to another page. The script is the same every time and the content security
policy names it by its hash, as that of `focus`.
"""

from typing import Final

import streamlit as st

#: Stands between Streamlit and the history, once for each document. A widget that was changed by
#: hand gives the whole address: an entry. All else comes from the server, by its path: what comes
#: first after somebody clicked or typed is an entry, and what follows from it belongs to that one,
#: such as a filter that leaves the page with its tab, or the page that a button leads to. Whoever
#: goes back or forth makes no entry, whatever the page then puts right in its address.
SCRIPT: Final = """{
if (!window.goesBack) {
  window.goesBack = true;
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  let last = "entry";
  const note = (what) => () => { last = what; };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, note("act"), true);
  addEventListener("popstate", note("entry"), true);
  history.replaceState = (state, title, address) => {
    if (!String(address).startsWith(location.origin)) return replace(state, title, address);
    last = "entry";
    push(state, title, address);
  };
  history.pushState = (state, title, address) => {
    const isHere = new URL(address, location.href).pathname === location.pathname;
    const follows = isHere ? last !== "act" : last === "change";
    (follows ? replace : push)(state, title, address);
    if (!isHere) last = "entry";
    else if (!follows) last = "change";
  };
}
document.currentScript.remove();
}"""


def allow() -> None:
    """Put the script on the page, where it takes no room."""
    st.html(f"<i hidden></i><script>{SCRIPT}</script>", unsafe_allow_javascript=True)
