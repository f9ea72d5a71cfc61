"""The process-wide objects pages use. The only module that uses Streamlit's caches."""

import streamlit as st

from services.bootstrap import Runtime, build_runtime
from services.settings import Settings


@st.cache_resource(show_spinner=False)
def get_runtime() -> Runtime:
    """Return the one runtime of this process; the launcher makes it before the first visit."""
    return build_runtime(Settings())
