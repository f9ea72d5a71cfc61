"""What stops a step of the engine.

EngineError
|-- NotConnectedError      this process does not hold the run's key
|-- StopError              a person has to do something: carries the problem and its words
`-- ConnectionProblem      a connection, or a file to be taken, cannot be used: title and remedy
"""

from services.domain.runs import Problem


class EngineError(Exception):
    """Base of the engine's errors."""


class NotConnectedError(EngineError):
    """No key for this connection is held here."""

    def __init__(self, connection: str) -> None:
        super().__init__(f"No key is held for connection {connection}.")


class StopError(EngineError):
    """The work cannot go on without a person."""

    def __init__(self, problem: Problem, detail: str) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail


class ConnectionProblem(EngineError):  # noqa: N818 - it says what a person has to solve
    """A connection, or a file to be taken from a server or bucket, cannot be used."""

    def __init__(
        self, title: str, remedy: str, symptom: str = "", *, reference: str | None = None
    ) -> None:
        # As one text, where there is no alert to put the title above the remedy.
        super().__init__(f"{title}. {remedy}" if remedy else title)
        self.title = title
        self.remedy = remedy
        #: The entry in `domain.symptoms` that says more.
        self.symptom = symptom
        #: To quote to Encord's support.
        self.reference = reference
