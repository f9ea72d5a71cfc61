"""Names of the files that Encord itself keeps: a key for each, in a bucket nobody can reach."""

from typing import Final

#: No address of Google's side leads to it, as it has no row among the buckets.
BUCKET: Final = "encord-hosted"
_PREFIX: Final = "uploads/"


def key(uuid: str) -> str:
    """Return the key of a file by the UUID its item will have."""
    return f"{_PREFIX}{uuid}"


def uuid_of(address: str | None) -> str | None:
    """Return the UUID in a key, or None when the address is of somebody else's storage."""
    if address is None or not address.startswith(_PREFIX):
        return None
    return address.removeprefix(_PREFIX)
