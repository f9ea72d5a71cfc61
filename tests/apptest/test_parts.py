"""Parts of a page, and the places they have."""

from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block


def page() -> None:
    import streamlit as st

    from components.parts import part

    def nothing() -> None: ...

    st.title("Before")
    part(nothing)
    part(st.write, "first")
    part(lambda one, two: st.write(one + two), "sec", "ond", key="named")
    st.caption("Behind")


def test_a_part_that_is_missing_would_move_nothing_else() -> None:
    drawn: dict[int, Any] = AppTest.from_function(page).run().main.children
    places = [drawn[each] for each in (1, 2, 3)]
    assert [type(each) is Block for each in drawn.values()] == [False, True, True, True, False]
    # The part itself is what the place holds, and all that it holds.
    assert [[type(each) for each in place.children.values()] for place in places] == [[Block]] * 3
    assert [[each.value for each in place.markdown] for place in places] == [
        [],
        ["first"],
        ["second"],
    ]
