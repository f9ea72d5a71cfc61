"""Which entries can go because every URL of theirs stands in an earlier entry that can be sent."""

from typing import Final

from services.domain.chunks import Ranges
from services.manifests.repair.opened import Mask, Opened

CODE: Final = "url-duplicate"


def droppable(opened: Opened) -> Mask:
    """Mark the entries to drop.

    An entry stays when one of its URLs is new, or when the earlier entry is held back: dropping it
    would leave an object that nobody registers.
    """
    marked = dict(opened.marked(CODE).iter_rows())
    mask = opened.none()
    if not marked:
        return mask
    valid = opened.none()
    for first, last in opened.checked.valid_indexes().pairs:
        valid[first : last + 1] = True
    suspects = {url for entry in opened.entries(Ranges.of(sorted(marked))) for url in entry.urls()}
    sendable: dict[str, bool] = {}
    for entry in opened.entries(Ranges(((0, max(marked)),))):
        shared = [url for url in entry.urls() if url in suspects]
        if entry.index in marked and len(shared) == entry.url_count:
            mask[entry.index] = all(sendable.get(url, False) for url in shared)
        for url in shared:
            sent = bool(valid[entry.index]) and not mask[entry.index]
            sendable[url] = sendable.get(url, False) or sent
    return mask
