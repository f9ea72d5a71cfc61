"""The scenarios of the demo studio: what each shows, beat by beat, and where.

A beat's words have places for numbers: `{entries}`, `{ready}`, `{held}`, `{failed}` and
`{registered}`, which are filled from what is there.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Act(StrEnum):
    """What a presenter does to the sandbox at a beat, as nobody in the dashboard could."""

    MEND = "mend"
    OUTAGE = "outage"
    COLLEAGUE = "colleague"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One moment of a demo."""

    title: str
    #: What the presenter says.
    say: str
    #: What the audience should see on the page.
    see: str
    page: str
    #: What the address names beside the page: `manifest`, `run`, or a fixed value.
    query: tuple[tuple[str, str], ...] = ()
    act: Act | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One demo."""

    id: str
    title: str
    #: What it is called in the middle of a sentence, on a button: a name of its own for each.
    called: str
    promise: str
    minutes: int
    #: Entries of its manifest, and the fewest and most a presenter may choose.
    size: int
    sizes: tuple[int, int]
    #: Units the sandbox processes per second.
    rate: float
    #: Whether the studio submits the run itself, so that the demo begins with its failures.
    submits: bool = False
    beats: tuple[Beat, ...]


MANIFEST: Final = (("manifest", "{manifest}"),)
RUN: Final = (("run", "{run}"),)
BUCKET: Final = ("bucket", "encord-demo-bucket")
#: Seconds that an outage lasts.
OUTAGE_SECONDS: Final = 10.0

_READ_FINDINGS: Final = Beat(
    title="Checked before anything is sent",
    say="This is a vendor's list of files. It was read in a moment, and nothing has left this "
    "machine. What is wrong is grouped by what fixes it, with its line and column.",
    see="{ready} of {entries} entries are ready. {held} are to be fixed, grouped by how.",
    page="manifest",
    query=MANIFEST,
)
_SUBMIT: Final = Beat(
    title="One sentence before the click",
    say="Names, folder and integration are filled in, and one sentence says what will happen. "
    "Clicking twice submits once. Click Submit.",
    see="{ready} entries are about to be sent, and one sentence says where.",
    page="submit",
    query=MANIFEST,
)
_CAUSES: Final = Beat(
    title="What failed, and why",
    say="Encord registered most files. {failed} failed, and we see the causes rather than a list "
    "of codes: each says who can mend it.",
    see="{registered} files are registered. {failed} are not, and the page says why.",
    page="run",
    query=RUN,
)
_RETRY: Final = Beat(
    title="Only what failed is sent again",
    say="The bucket's administrator has mended it. We retry the {failed} that failed, and nothing "
    "else: what is there already is never registered twice. Click Retry.",
    see="The {failed} that failed are sent again, and nothing else.",
    page="run",
    query=RUN,
    act=Act.MEND,
)

SCENARIOS: Final = (
    Scenario(
        id="first-onboarding",
        title="First onboarding",
        called="the first onboarding",
        promise="From a vendor's list to a proven dataset, with the failures on the way.",
        minutes=5,
        size=60,
        sizes=(20, 200),
        rate=40,
        beats=(
            _READ_FINDINGS,
            _SUBMIT,
            _CAUSES,
            _RETRY,
            Beat(
                title="Into a dataset",
                say="Exactly this run's files are linked to a dataset, not whatever the folder "
                "happens to hold. Click Link.",
                see="{registered} files go into a dataset.",
                page="datasets",
                query=RUN,
            ),
            Beat(
                title="The proof",
                say="Every entry that was asked for is compared with what Encord lists, by URL. "
                "The receipt can be checked again next year, by anybody.",
                see="All {registered} entries are compared by URL, and matched.",
                page="verify",
                query=RUN,
            ),
        ),
    ),
    Scenario(
        id="vendor-mistakes",
        title="A vendor's CSV full of mistakes",
        called="the vendor's mistakes",
        promise="A dozen kinds of mistake, found in one pass, grouped by fix and mended by click.",
        minutes=4,
        size=240,
        sizes=(100, 5_000),
        rate=40,
        beats=(
            _READ_FINDINGS,
            Beat(
                title="Mended by click",
                say="Blanks in URLs are cut, repeated URLs are dropped, types are corrected: each "
                "fix shows what it would do, and can be taken back.",
                see="A fix is previewed, applied to all it concerns, and can be undone.",
                page="manifest",
                query=(*MANIFEST, ("manifest_view", "Findings")),
            ),
            Beat(
                title="What is in it, at a glance",
                say="The same manifest as plots: what types, which buckets, how full each "
                "metadata key is. Behind every plot is its table.",
                see="Types, buckets and metadata keys as plots, each with its table.",
                page="manifest",
                query=(*MANIFEST, ("manifest_view", "Statistics")),
            ),
            Beat(
                title="The good go on, the others wait",
                say="Nobody has to wait for the vendor: {ready} entries can go now, and the {held} "
                "that are held back can be mended in a spreadsheet and come later.",
                see="{ready} entries can go now. The {held} others are not lost.",
                page="submit",
                query=MANIFEST,
            ),
        ),
    ),
    Scenario(
        id="forbidden-cors",
        title="A forbidden prefix, and CORS",
        called="the forbidden prefix",
        promise="Encord may not read a folder, and browsers may open no file: seen, and mended.",
        minutes=4,
        size=60,
        sizes=(20, 150),
        rate=200,
        submits=True,
        beats=(
            Beat(
                title="Files that Encord may not read",
                say="{failed} files failed, with one cause: the integration may not read a folder "
                "of the bucket. The page says so, and who can grant it.",
                see="{failed} failures, one cause, and how to mend it.",
                page="run",
                query=RUN,
            ),
            Beat(
                title="Would the files open in Encord?",
                say="Registering is not enough: the annotators' browsers must be allowed to open "
                "the files. Here are the bucket's rules, judged for each of Encord's pages.",
                see="The bucket's rules, judged for each of Encord's pages.",
                page="bucket",
                query=(BUCKET, ("bucket_view", "CORS")),
            ),
            _RETRY,
        ),
    ),
    Scenario(
        id="outage",
        title="An outage in the middle",
        called="the outage",
        promise="Encord goes away while a run is under way. Nothing is lost, nothing is doubled.",
        minutes=3,
        size=2_000,
        sizes=(200, 20_000),
        rate=40,
        submits=True,
        beats=(
            Beat(
                title="A run under way",
                say="{entries} files are being registered. The work would go on without this page.",
                see="{registered} of {entries} files are registered.",
                page="run",
                query=RUN,
            ),
            Beat(
                title="Encord goes away",
                say="Start the outage: every call to Encord fails from now on. The run neither "
                "fails nor guesses. It waits, and says so.",
                see="Encord does not answer. {registered} files are registered, the others wait.",
                page="run",
                query=RUN,
                act=Act.OUTAGE,
            ),
            Beat(
                title="And comes back",
                say="Nobody did anything. The run went on by itself, and every entry is accounted "
                "for exactly once.",
                see="{registered} of {entries} files, each exactly once.",
                page="run",
                query=RUN,
            ),
        ),
    ),
    Scenario(
        id="at-speed",
        title="200,000 files at speed",
        called="the files at speed",
        promise="A manifest nobody would open in a spreadsheet, checked and registered.",
        minutes=4,
        size=200_000,
        sizes=(1_000, 500_000),
        rate=20_000,
        beats=(
            Beat(
                title="{entries} entries, checked",
                say="All of them, every rule, in about a second a hundred megabytes. The page "
                "holds a screen's worth of rows, whatever the size.",
                see="{ready} of {entries} entries are ready.",
                page="manifest",
                query=MANIFEST,
            ),
            _SUBMIT,
            Beat(
                title="Chunk by chunk",
                say="The run is cut into upload jobs, written down before they are sent. You may "
                "close this page, or the machine may restart: it goes on where it was.",
                see="{registered} of {entries} files are registered.",
                page="run",
                query=RUN,
            ),
            Beat(
                title="Any file's whereabouts",
                say="Every file has its line here: registered, failed or waiting. Search one by "
                "its URL.",
                see="A line for every file.",
                page="run",
                query=(*RUN, ("run_view", "Entries")),
            ),
        ),
    ),
    Scenario(
        id="schema-conflict",
        title="A schema conflict",
        called="the schema conflict",
        promise="Metadata that fits nowhere, and a colleague who changes the schema meanwhile.",
        minutes=4,
        size=120,
        sizes=(60, 1_000),
        rate=40,
        beats=(
            Beat(
                title="Values that do not fit",
                say="The manifest is compared with the organization's metadata schema before "
                "anything is sent: a word where a number is declared, a key nobody declared.",
                see="{held} entries do not fit the schema.",
                page="manifest",
                query=MANIFEST,
            ),
            Beat(
                title="What the values themselves propose",
                say="The studio reads every value and proposes types, with the rows that would "
                "not fit. Take a proposal into the draft.",
                see="A type for every key, with the rows that would not fit.",
                page="schema",
                query=(*MANIFEST, ("schema_view", "Propose")),
            ),
            Beat(
                title="A colleague was faster",
                say="A schema is sent whole, and the last writer wins. Let a colleague add a key "
                "now, then apply your plan: it is refused, and the three views are shown.",
                see="Two people change one schema, and neither loses anything.",
                page="schema",
                query=(("schema_view", "Design"),),
                act=Act.COLLEAGUE,
            ),
        ),
    ),
)
BY_ID: Final = MappingProxyType({scenario.id: scenario for scenario in SCENARIOS})
