"""What can go wrong around manifests. A bad manifest is a report, never one of these.

ManifestError
|- ManifestTooLargeError     more bytes than this server reads
|- UnknownManifestError      no manifest with that fingerprint
|- NotCheckedError           no finished check with those options
`- UnreadableFileError       a file named on the command line cannot be read
"""


class ManifestError(Exception):
    """Base of everything this boundary raises."""


class ManifestTooLargeError(ManifestError):
    """The upload has more bytes than this server reads."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The file is larger than the {limit:,} bytes this server reads.")
        self.limit = limit


class UnknownManifestError(ManifestError):
    """No manifest with that fingerprint is stored here."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(f"No manifest {fingerprint[:12]} is stored here.")


class NotCheckedError(ManifestError):
    """The manifest was not checked with those options, or the check is not finished."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(f"Manifest {fingerprint[:12]} has no finished check with these options.")


class UnreadableFileError(ManifestError):
    """A file cannot be opened or read."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}.")
