"""The seven stops of the first onboarding: which one a person is at, told by what is there.

Nothing here draws, and nothing here remembers: the same facts are the same stop in any tab.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is there of the tour's manifest, run and proof."""

    #: The page that is open, by its name in the address.
    page: str
    #: The tour's manifest is the one this session works on.
    has_manifest: bool = False
    #: Entries that can be sent, and those that are held back.
    ready: int = 0
    held: int = 0
    #: The manifest was submitted before, so another submission needs a tick.
    submitted_before: bool = False
    has_run: bool = False
    #: The run, one of its retries or its linking goes on by itself.
    working: bool = False
    #: Entries that failed and were not mended by a retry.
    failed: int = 0
    arrived: int = 0
    #: The demo bucket was mended on this tour.
    mended: bool = False
    has_dataset: bool = False
    proven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop: what to look at, and what to click."""

    title: str
    page: str
    #: Its places are filled from `Progress`.
    words: str
    #: The banner's button that leads on; empty where a button of the page does.
    onward: str = ""


CONNECT, FINDINGS, SUBMIT, FAILURES, RETRY, LINK, VERIFY = range(7)
STOPS: Final = (
    Stop(
        title="Meet the sandbox",
        page="connect",
        words="It answers in place of Encord and Google Cloud Storage. Below: who answered, and "
        "its integrations. For an account of your own you would give a key here.",
        onward="Check a manifest",
    ),
    Stop(
        title="Read the findings",
        page="manifest",
        words="The rows of a vendor's CSV, checked before anything is sent. What is wrong is "
        "grouped by what fixes it; {held} entries with errors are held back.",
        onward="Next",
    ),
    Stop(
        title="Submit the run",
        page="submit",
        words="Names, folder and integration are filled in; the sentence says what will happen. "
        "{tick}Click *Submit {ready} entries*.",
    ),
    Stop(
        title="See what failed, and why",
        page="run",
        words="{failed} files failed at Encord, grouped by cause: some are not in the bucket, one "
        "may not be read. Mend the bucket as its administrator would.",
        onward="Mend the bucket",
    ),
    Stop(
        title="Retry what failed",
        page="run",
        words="The files are there now. Click *Retry all {failed} entries*: only these are sent "
        "again.",
    ),
    Stop(
        title="Link the files to a dataset",
        page="datasets",
        words="The dataset's title is filled in. Click *Link {arrived} entries*: exactly this "
        "run's files are linked, and then compared.",
    ),
    Stop(
        title="Read the proof",
        page="verify",
        words="Every entry that was asked for, compared by URL with what the dataset lists. The "
        "receipt can be downloaded and checked later.",
        onward="Finish the tour",
    ),
)
#: What is said while the run works, by stop: there is nothing to click.
WORKING: Final = {
    FAILURES: "Encord is registering the files. The work would go on without this page.",
    RETRY: "Only the failed entries are on their way again.",
    LINK: "The files are being linked, then compared.",
}


def stop(progress: Progress) -> int:
    """Return the place in `STOPS`, from what is there and, before a run, from the page."""
    if not progress.has_run:
        return _before_a_run(progress)
    if progress.has_dataset:
        return LINK if progress.working else VERIFY
    if not progress.mended and (progress.failed or progress.working):
        return FAILURES
    if progress.failed or progress.working:
        return RETRY
    return LINK


def _before_a_run(progress: Progress) -> int:
    if not progress.has_manifest or progress.page == "connect":
        return CONNECT
    return SUBMIT if progress.page == "submit" else FINDINGS


def words(at: int, progress: Progress) -> str:
    """Say what to look at and what to click."""
    if progress.working and at in WORKING:
        return WORKING[at]
    return STOPS[at].words.format(
        ready=f"{progress.ready:,}",
        held=f"{progress.held:,}",
        failed=f"{progress.failed:,}",
        arrived=f"{progress.arrived:,}",
        tick="Tick *Submit it again*. " if progress.submitted_before else "",
    )
