"""When two URLs name the same object in Google Cloud Storage."""

from typing import Final

from services.domain.urls import GOOGLE_HOST, GOOGLE_PEOPLE_HOST

_PATH_STYLE: Final = (
    f"https://{GOOGLE_HOST}/",
    f"https://{GOOGLE_PEOPLE_HOST}/",
)


def identity(url: str) -> str:
    """Return the one spelling of an object URL that verification compares.

    `https://storage.googleapis.com/b/k`, `https://b.storage.googleapis.com/k` and `gs://b/k` are
    one object. A query string, as signed URLs have, is not part of it. Other URLs stay as they are.
    """
    if url.startswith("gs://"):  # as most are
        return url
    for prefix in _PATH_STYLE:
        if url.startswith(prefix):
            return "gs://" + url.removeprefix(prefix).partition("?")[0]
    host, slash, key = url.removeprefix("https://").partition("/")
    if slash and url.startswith("https://") and host.endswith(f".{GOOGLE_HOST}"):
        return f"gs://{host.removesuffix(f'.{GOOGLE_HOST}')}/{key.partition('?')[0]}"
    return url
