"""A picture from a bucket is drawn, or said to be none; the page stays."""

from io import BytesIO

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest


def _page(content: bytes) -> None:
    import streamlit as st

    from components import picture

    picture.show(content, alt="The object itself", width=8)
    st.write("below")


def whole() -> bytes:
    stream = BytesIO()
    Image.effect_noise((400, 400), 60).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", b"\x89PNG\r\n\x1a\n", whole()[:2000]],
    ids=["empty", "text", "only its beginning", "cut off"],
)
def test_what_cannot_be_drawn_is_said(content: bytes) -> None:
    app = AppTest.from_function(_page, kwargs={"content": content}).run()
    assert not app.exception
    assert "not a picture that can be drawn" in app.caption[0].value
    assert app.markdown[-1].value == "below"


def test_a_whole_picture_is_drawn() -> None:
    app = AppTest.from_function(_page, kwargs={"content": whole()}).run()
    assert not app.exception
    assert not app.caption
    assert "image" in [each.type for each in app.main]
