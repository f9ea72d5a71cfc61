"""Why a unit is not registered, in the words its result shows.

UnitError
    FaultyEntryError, MetadataNeededError, AccessDeniedError, NoSuchObjectError, EmptyFileError,
    WrongTypeError, DamagedFileError, MissingTagsError, ForeignUrlError, NoFramesError,
    NoSuchItemError, OddFactError

The wording is assumed, but for `WrongTypeError`, which the registration guide quotes.
"""


class UnitError(Exception):
    """Encord would not register this unit; the text is what its result would show."""


class FaultyEntryError(UnitError):
    """The entry itself cannot be used."""


class MetadataNeededError(UnitError):
    """A strict client-only integration was given an entry without its media metadata."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"Strict client-only access needs {kind}Metadata for every entry")


class OddFactError(UnitError):
    """A fact of the customer's own media metadata is a word for a number, or the like."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is of the wrong type")


class AccessDeniedError(UnitError):
    """The integration may not read the object, or its bucket."""

    def __init__(self, bucket: str, name: str) -> None:
        super().__init__(
            "Access denied: the integration does not have storage.objects.get access to"
            f" {bucket}/{name}"
        )


class NoSuchObjectError(UnitError):
    """The bucket has no object of that name."""

    def __init__(self, bucket: str, name: str) -> None:
        super().__init__(f"No such object: {bucket}/{name}")


class EmptyFileError(UnitError):
    """The object has no bytes."""

    def __init__(self, bucket: str, name: str) -> None:
        super().__init__(f"The file is empty: {bucket}/{name}")


class WrongTypeError(UnitError):
    """The object is not what its section is for; the registration guide quotes the words."""

    def __init__(self, expected: str, mime: str) -> None:
        super().__init__(f"Expected {expected}, got a file of type {mime}")


class DamagedFileError(UnitError):
    """The object starts like its type and cannot be read as one."""

    def __init__(self) -> None:
        super().__init__("The file is damaged and could not be read")


class MissingTagsError(UnitError):
    """A DICOM file lacks tags that a series needs."""

    def __init__(self, tags: list[str]) -> None:
        super().__init__(f"Required DICOM tags are missing: {', '.join(tags)}")


class ForeignUrlError(UnitError):
    """The URL does not name an object in a Google Cloud Storage bucket."""

    def __init__(self, url: str) -> None:
        super().__init__(f"Not an object URL of this integration: {url}")


class NoFramesError(UnitError):
    """A group made of items names none."""

    def __init__(self) -> None:
        super().__init__("imageItems is empty")


class NoSuchItemError(UnitError):
    """A group made of items names one that is no image, or is not there."""

    def __init__(self, uuid: str) -> None:
        super().__init__(f"There is no image with the UUID {uuid}")
