"""Every finding code from the rule itself: what is found, why it matters, an example, the fix."""

from typing import Final

import streamlit as st

from components import layout, navigation, session, status
from components.fixes import FIXES
from components.text import count
from services.domain.rules import GROUPS, RULES, Rule

ANY: Final = "All codes"
#: A browser needs some time for so many parts that can be opened.
PAGE: Final = 25


def show(search: str) -> None:
    """Draw the choice of a code, then the rules that match, group by group."""
    chosen = st.selectbox("Code", [ANY, *RULES], key="code", bind="query-params", width=300)
    rules = [RULES[chosen]] if chosen != ANY else found(search)
    if not rules:
        layout.filtered_out({"reference_find": "", "code": ANY}, key="codes")
        return
    st.caption(f"{len(rules)} of {count(len(RULES), 'code')}")
    place, pages = st.container(), -(-len(rules) // PAGE)
    page = st.pagination(pages, key="codes_page", bind="query-params") if pages > 1 else 1
    with place:
        _page(rules[(page - 1) * PAGE : page * PAGE], open_at_once=len(rules) == 1)


def _page(rules: list[Rule], *, open_at_once: bool) -> None:
    for heading, group in GROUPS.items():
        shown = [rule for rule in group if rule in rules]
        if shown:
            st.subheader(heading, anchor=False)
        for rule in shown:
            _rule(rule, open_at_once=open_at_once)


def show_all() -> None:
    """Let go of the chosen code, so that a search is over all of them."""
    session.set_value("code", ANY)


def found(search: str) -> list[Rule]:
    """Return the rules whose code or texts hold what is searched."""
    wanted = search.casefold()
    return [rule for rule in RULES.values() if wanted in _text(rule)]


def _text(rule: Rule) -> str:
    words = (rule.code, rule.title, rule.what, rule.why, rule.fix, rule.example, rule.severity)
    return " ".join(words).casefold()


def _rule(rule: Rule, *, open_at_once: bool) -> None:
    look = status.SEVERITIES[rule.severity]
    box = st.expander(
        f"**{rule.title}** `{rule.code}`",
        expanded=open_at_once,
        icon=look.icon,
        key=f"rule_{rule.code}_{open_at_once}",
        on_change="rerun",
    )
    if box.open:
        with box:
            _explain(rule)


def _explain(rule: Rule) -> None:
    status.badge(status.SEVERITIES[rule.severity])
    for heading, words in (
        ("Found when", rule.what),
        ("Why it matters", rule.why),
        ("How to fix it", rule.fix),
    ):
        with st.container(gap=None):
            st.caption(heading)
            st.text(words)
    with st.container(gap="xsmall"):
        st.caption("Example")
        st.code(rule.example, language=None, wrap_lines=True)
    if rule.fixes:
        with st.container(gap="xsmall"):
            st.caption("Fixed by click on the Manifest page")
            for fix in rule.fixes:
                st.markdown(f"**{FIXES[fix].label}**: {FIXES[fix].does}")


def link(code: str) -> None:
    """Draw a link to a code's explanation."""
    navigation.link("reference", "Explain", icon=":material/menu_book:", query={"code": code})
