"""What can go wrong at the ledger.

LedgerError
|-- LeaseLostError      somebody else owns the work now; this owner must write nothing
|-- NoSuchRunError      no run of that id
|-- SchemaChangedError  newer code has changed the tables; this process must end
|-- NothingToRetryError no entry of the run failed for that cause
|-- NetworkFolderError  its folder is on a network share (`filesystem`)
|-- LedgerAwayError     its database cannot be reached, which is no damage
|-- DamagedLedgerError  it is not whole (`keeping`)
`-- CopyError           it was not copied or put back (`copies`)
"""


class LedgerError(Exception):
    """Base of the ledger's errors."""


class LedgerAwayError(LedgerError):
    """The ledger's database cannot be reached; nothing is known of what it holds."""

    def __init__(self, said: str) -> None:
        super().__init__(f"The ledger's database cannot be reached: {said}.")


class LeaseLostError(LedgerError):
    """The lease on a piece of work ran out and another owner took it."""

    def __init__(self, work: int) -> None:
        super().__init__(f"The lease on work {work} was lost.")


class NoSuchRunError(LedgerError):
    """There is no run of that id."""

    def __init__(self, run: str) -> None:
        super().__init__(f"There is no run {run}.")


class SchemaChangedError(LedgerError):
    """Newer code has changed the tables; this process knows only the old ones."""

    def __init__(self) -> None:
        super().__init__("The ledger's tables are of another version than this process.")


class NothingToRetryError(LedgerError):
    """Nothing of the run failed, or nothing of that cause, or it is being retried already."""

    def __init__(self) -> None:
        super().__init__("Nothing to retry: no failed entry matches.")
