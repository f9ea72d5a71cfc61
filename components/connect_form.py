"""Make a connection: where Encord is, and a key given by file, paste or server setting.

A key passes through here once, from the widget to the runtime's memory. It is taken out of the
widget at the same moment and appears in no log, URL or page.
"""

from typing import Final

import streamlit as st

from components import glossary, layout, session, status
from components.problems import notice_of
from components.runtime import get_runtime
from services.engine.connections import Connection
from services.engine.errors import ConnectionProblem

#: Label to domain; None asks for it.
PLACES: Final = {
    "Encord EU": "https://api.encord.com",
    "Encord US": "https://api.us.encord.com",
    "Own domain": None,
}
SANDBOX: Final = "Sandbox"
FILE, PASTE, SERVER = "Upload the key file", "Paste the key", "Use the server's key"
LARGEST_KEY: Final = 64 * 1024
PLACE, DOMAIN = "place", "own_domain"


def show() -> bool:
    """Draw the choice of place and, for Encord, the key; tell whether there is something to do."""
    layout.notice("connect")
    _own_connections()
    runtime = get_runtime()
    sandbox = runtime.connections.sandbox()
    places = [*([SANDBOX] if runtime.settings.sandbox else []), *PLACES]
    place = st.radio("Where to", places, key=PLACE, bind="query-params", horizontal=True)
    if place == SANDBOX:
        return _sandbox_choice(sandbox)
    _encord_form(place)
    return True


def _own_connections() -> None:
    """Offer the connections this session made before and is not using."""
    connections = get_runtime().connections
    for known in session.granted():
        connection = connections.get(known)
        if connection and known != session.connection_id():
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.button("Switch back", key=f"switch_{known}", on_click=_use, args=(known,))
                st.text(f"{connection.label}, {connection.account}", width="content")


def _sandbox_choice(sandbox: Connection | None) -> bool:
    """Offer the sandbox; tell whether it is not in use yet."""
    st.caption(
        f"{glossary.meaning('sandbox')} It has a bucket of demo files. It needs no account and no "
        "key."
    )
    chosen = session.connection_id()
    default = get_runtime().connections.default()
    if sandbox and (chosen or (default and default.id)) == sandbox.id:
        status.badge(status.IN_USE)
        return False
    st.button(
        "Use the sandbox",
        key="use_sandbox",
        type="primary",
        icon=":material/science:",
        disabled=sandbox is None,
        help="The sandbox is still starting" if sandbox is None else None,
        on_click=_use,
        args=(sandbox.id if sandbox else None,),
    )
    return True


def _encord_form(place: str) -> None:
    if PLACES.get(place) is None:
        _own_domain()
    server = get_runtime().connections.server()
    ways = [FILE, PASTE, *([SERVER] if server else [])]
    way = st.radio("Key", ways, key="key_by", bind="query-params", horizontal=True)
    if way == SERVER and server:
        st.caption("The key that ENCORD_SSH_KEY_FILE or ENCORD_SSH_KEY names on this server.")
        st.text(server.domain)
        st.button("Connect", key="connect_server", type="primary", on_click=_use, args=(server.id,))
        return
    source = f"private_key_{session.nonce('key')}"
    _key_widget(way, key=source)
    passphrase = f"passphrase_{session.nonce('key')}"
    st.text_input(
        "Passphrase",
        key=passphrase,
        type="password",
        autocomplete="off",
        help="Only if the key file asks for one",
    )
    st.caption(
        "An Ed25519 private key whose public half is registered in Encord. It stays in this "
        "server's memory and is never written down."
    )
    st.button(
        "Connect",
        key="connect",
        type="primary",
        icon=":material/cable:",
        on_click=_connect,
        args=(source, passphrase),
    )


def _own_domain() -> None:
    known = get_runtime().settings.domains
    if known:
        st.selectbox("Domain", known, key=DOMAIN, accept_new_options=True)
    else:
        st.text_input(
            "Domain", key=DOMAIN, type="url", placeholder="https://api.encord.example.com"
        )


def _key_widget(way: str, *, key: str) -> None:
    """Draw the widget that takes the key."""
    if way == PASTE:
        st.text_area(
            "Private key",
            key=key,
            height=140,
            placeholder="-----BEGIN OPENSSH PRIVATE KEY-----",
        )
    else:
        st.file_uploader("Private key file", key=key, max_upload_size=1)


def _connect(source: str, passphrase: str) -> None:
    # Asks the fields themselves, see `session`: a key goes only where it was meant to.
    place = session.value(PLACE)
    if place not in PLACES:
        return
    domain = PLACES[place] or session.typed(DOMAIN)
    secret, phrase = _take_key(source), session.value(passphrase)
    session.renew_nonce("key")
    session.clear_notice("connect")
    connections = get_runtime().connections
    try:
        connection = connections.add(domain, secret, phrase or None, by=session.actor())
    except ConnectionProblem as problem:
        session.notify("connect", notice_of(problem))
        return
    session.grant(connection.id)
    connections.check(connection.id)


def _take_key(source: str) -> bytes:
    given = session.value(source)
    if given is None:
        return b""
    return given.encode() if isinstance(given, str) else bytes(given.read(LARGEST_KEY))


def _use(connection: str | None) -> None:
    session.clear_notice("connect")
    session.use_connection(connection)
    if connection:
        get_runtime().connections.check(connection)
