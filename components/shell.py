"""The frame around every page: window, sign-in, list of pages, connection."""

from pathlib import Path

import streamlit as st

from components import (
    connection,
    demo_audience,
    disk,
    focus,
    gate,
    going_back,
    navigation,
    presenting,
    session,
    tour,
)

ASSETS = Path(__file__).with_name("assets")

st.set_page_config(
    page_title="Encord Onboarding",
    page_icon=str(ASSETS / "icon.svg"),
    layout="wide",
    initial_sidebar_state="collapsed" if demo_audience.is_asked() else 256,
)
logo = "logo-dark.svg" if st.context.theme.type == "dark" else "logo.svg"
st.logo(str(ASSETS / logo), size="large", icon_image=str(ASSETS / "icon.svg"))
session.set_dialog(is_open=False)
page = navigation.current_page()
gate.require_sign_in()
gate.require_whole_ledger()
navigation.follow(page)
tour.follow_address()
disk.warn_when_full()
with st.sidebar:
    connection.footer()
    going_back.allow()
    focus.keep()
tour.banner(navigation.name_of(page))
presenting.bar(navigation.name_of(page))
page.run()
