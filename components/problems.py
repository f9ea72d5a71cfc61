"""Problems with a connection in the words of a page: what failed, and what to do."""

from components import layout, session
from components.text import code
from services.engine.errors import ConnectionProblem


def notice_of(problem: ConnectionProblem) -> session.Notice:
    """Put a problem into words that a callback leaves for the page."""
    return session.Notice(
        title=problem.title,
        body=code(problem.remedy),
        reference=problem.reference,
        symptom=problem.symptom,
    )


def show(problem: ConnectionProblem) -> None:
    """Draw a problem where its answer would stand."""
    layout.say(notice_of(problem))
