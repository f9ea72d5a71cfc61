"""Who asks Google: the sandbox, this server, a service account of this session, or nobody."""

from typing import Final

import streamlit as st

from components import connection, session
from components.runtime import get_runtime
from components.text import code
from services.buckets.accounts import NOBODY, SERVER
from services.buckets.desk import Place
from services.buckets.reach import Reach
from services.cloud_storage.credentials import MAX_BYTES, CredentialProblem
from services.engine.connections import Connection
from services.ledger.buckets import CheckedBucket

WORDS: Final = {SERVER: "This server's own credentials", NOBODY: "Nobody: the bucket is public"}
NEW: Final = "A service account's key file"
LEAST: Final = (
    "To read a bucket, the identity needs storage.buckets.get, storage.objects.list and "
    "storage.objects.get on that bucket and nothing else: the roles Storage Object Viewer and "
    "Storage Legacy Bucket Reader. Only applying CORS rules from here needs storage.buckets.update "
    "as well."
)


def place(bucket: str) -> Place:
    """Return a bucket as this session sees it."""
    current = connection.current()
    at = sandbox()
    return Place(
        connection=current.id if current else "",
        account=NOBODY if at else session.google_account(),
        sandbox=at,
        bucket=bucket,
    )


def reach() -> Reach:
    """Return whom a child process asks as, and where; raises `CredentialProblem` without a key."""
    return get_runtime().accounts.reach(session.google_account(), sandbox=sandbox())


def checked(connected: Connection) -> list[CheckedBucket]:
    """List the buckets that this session's identities checked over a connection."""
    mine = (NOBODY, SERVER, *session.google_accounts())
    return get_runtime().buckets.records.checked(connected.id, mine)


def sandbox() -> str | None:
    """Return the sandbox's address while it is the connection; it has buckets of its own."""
    current = connection.current()
    return current.domain if current and current.kind == "sandbox" else None


def name() -> str:
    """Return who asks, in words of ours."""
    if sandbox():
        return "the sandbox"
    held = get_runtime().accounts.get(session.google_account())
    return (
        "a service account of yours"
        if held
        else WORDS.get(session.google_account(), WORDS[SERVER]).lower()
    )


def show(*, key: str) -> None:
    """Draw the choice of who asks."""
    if sandbox():
        st.caption("In the sandbox its own buckets are read; no Google account is needed.")
        return
    accounts = get_runtime().accounts
    held = [each for each in map(accounts.get, session.google_accounts()) if each]
    choices = {SERVER: WORDS[SERVER]} | {each.id: each.email for each in held}
    choices |= {NOBODY: WORDS[NOBODY], NEW: NEW}
    chosen = session.value(key) or session.google_account()
    st.radio(
        "Who asks Google",
        list(choices),
        index=list(choices).index(chosen) if chosen in choices else 0,
        format_func=lambda each: choices.get(each, NEW),
        key=key,
        on_change=_choose,
        args=(key,),
    )
    if session.value(key) == NEW:
        _key_file(key=f"{key}_file")
    elif accounts.get(session.google_account()):
        st.button(
            "Forget this key",
            key=f"{key}_forget",
            icon=":material/key_off:",
            on_click=_forget,
            args=(key, session.google_account()),
        )
    st.caption(LEAST)


def _choose(key: str) -> None:
    chosen = session.value(key)
    if chosen != NEW:
        session.use_google_account(str(chosen))


def _key_file(*, key: str) -> None:
    widget = f"{key}_{session.nonce('google_key')}"
    st.file_uploader("Service account key file (JSON)", key=widget, max_upload_size=1)
    st.caption("It stays in this server's memory for your session and is never written down.")
    st.button(
        "Use this account",
        key=f"{key}_use",
        on_click=_take,
        args=(key.removesuffix("_file"), widget),
    )


def _take(choice: str, widget: str) -> None:
    given = session.value(widget)
    text = given.read(MAX_BYTES + 1) if given else b""
    session.renew_nonce("google_key")
    session.clear_notice("bucket_access")
    try:
        account = get_runtime().accounts.add(text, by=session.actor())
    except CredentialProblem as problem:
        body = code(str(problem))
        session.notify("bucket_access", session.Notice(title="Not usable", body=body))
        return
    session.grant_google_account(account.id)
    session.set_value(choice, account.id)


def _forget(key: str, account: str) -> None:
    get_runtime().accounts.forget(account, by=session.actor())
    session.revoke_google_account(account)
    session.set_value(key, SERVER)
