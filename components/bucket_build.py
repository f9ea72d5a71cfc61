"""A manifest made from what a bucket holds."""

from components import layout


def show(bucket: str, *, key: str) -> None:
    """Draw the section for a bucket; `key` namespaces its widgets."""
    del bucket, key
    layout.empty_state(
        icon=":material/hourglass_empty:",
        title="Not here yet",
        body="A manifest made from what the bucket holds.",
    )
