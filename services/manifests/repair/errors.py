"""What can go wrong while a manifest is mended.

ManifestError
|- UnfitFixError       the fix is not one of the finding code's
|- UnknownEntryError   no entry with that index, or no such field in it
|- InvalidEditError    the new text of an entry is no entry
`- BrokenLineageError  the file that says where a manifest comes from cannot be read
"""

from services.manifests.errors import ManifestError


class UnfitFixError(ManifestError):
    """The fix is not one that the rule of the code offers."""

    def __init__(self, code: str, fix: str) -> None:
        super().__init__(f"{fix} is not a fix for {code}.")


class UnknownEntryError(ManifestError):
    """An edit names an entry or a field that the manifest does not have."""

    def __init__(self, entry: int, field: str | None = None) -> None:
        about = f"entry {entry}" if field is None else f"field {field[:80]!r} in entry {entry}"
        super().__init__(f"The manifest has no {about}.")


class BrokenLineageError(ManifestError):
    """The record of how a manifest came to be is damaged."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(f"The record of where manifest {fingerprint[:12]} comes from is damaged.")


class InvalidEditError(ManifestError):
    """The text somebody wrote for a whole entry would break the document around it."""

    def __init__(self, entry: int) -> None:
        super().__init__(f"The new text of entry {entry} is not one JSON value.")
