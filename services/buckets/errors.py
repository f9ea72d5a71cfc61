"""What stops work on a bucket, in words for people.

BucketWorkError
|-- TableError          a table or sidecar file cannot be used
|-- RecipeError         a recipe cannot be followed
|-- NothingToListError  no finished listing, or it is gone
|-- NothingBeforeError  a recipe made nothing yet that could be compared with
|-- InventoryError      a file is not an inventory report of this bucket
`-- GoogleRefusedError  Google refused, or could not be reached
"""


class BucketWorkError(Exception):
    """Base of what this package raises; `str()` is a sentence without anything secret."""


class TableError(BucketWorkError):
    """A table or sidecar file cannot be used."""

    def __init__(self, sentence: str, **details: object) -> None:
        super().__init__(sentence.format(**details))


class RecipeError(BucketWorkError):
    """A recipe cannot be followed."""


class NothingToListError(BucketWorkError):
    """There is no finished listing to work with."""

    def __init__(self) -> None:
        super().__init__("There is no finished listing of this bucket; list it first.")


class NothingBeforeError(BucketWorkError):
    """The recipe was not followed before."""

    def __init__(self) -> None:
        super().__init__("This recipe made no manifest yet; there is nothing to compare with.")


class InventoryError(BucketWorkError):
    """A file is not an inventory report of this bucket."""

    def __init__(self, sentence: str, **details: object) -> None:
        super().__init__(sentence.format(**details))


class GoogleRefusedError(BucketWorkError):
    """Google refused, or could not be reached."""
