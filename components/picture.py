"""Draw a picture whose bytes come from a bucket, where they may be anything."""

import struct
from io import BytesIO
from typing import Final

import streamlit as st
from PIL import Image

#: What Pillow says of bytes that are cut off, damaged, no picture, or far too many pixels.
_BROKEN: Final = (
    OSError,
    EOFError,
    ValueError,
    SyntaxError,
    struct.error,
    Image.DecompressionBombError,
)


def show(
    content: bytes, *, alt: str | None = None, caption: str | None = None, width: int | None = None
) -> None:
    """Draw a picture, or say that it cannot be drawn: Streamlit would fail with the whole page."""
    try:
        Image.open(BytesIO(content)).load()
    except _BROKEN:
        st.caption("This is not a picture that can be drawn: its bytes are damaged or cut off.")
        return
    st.image(content, alt=alt, caption=caption, width=width or "content")
