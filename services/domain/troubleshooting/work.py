"""What is met afterwards: files that fail, runs, schema and proof."""

from typing import Final

from services.domain.runs import Problem
from services.domain.troubleshooting.symptom import Symptom

FILES: Final = (
    Symptom(
        code="wrong-type",
        title="A file is not what the manifest says",
        seen="Entries fail because a file is of another type, damaged, or of an unknown codec.",
        why="Encord opens each file and compares it with the entry's type.",
        steps=(
            "Correct the type in the manifest where the file is right.",
            "Encode or upload the file again where it is not, a video as H.264 in MP4.",
        ),
        page="manifest",
        causes=("wrong-type", "object-unreadable", "codec-unsupported"),
    ),
    Symptom(
        code="file-size",
        title="A file is empty or too large",
        seen="Entries fail because of the size of their file.",
        why="An upload broke off, or the file exceeds what Encord's plan takes.",
        steps=("Upload empty files again.", "Split or shrink large ones, then retry."),
        page="manifest",
        causes=("too-large", "object-empty"),
    ),
    Symptom(
        code="group-mismatch",
        title="The files of a group or series do not fit together",
        seen="Image groups or DICOM series fail as a whole.",
        why="All images of a group have one size, and all files of a series its tags.",
        steps=(
            "Look into the entry: one frame differs, or lacks a tag the message names.",
            "Take it out or export the series again, then submit the entry.",
        ),
        page="manifest",
        causes=("frames-differ", "dicom-tags-missing"),
    ),
    Symptom(
        code="bad-entry",
        title="Encord refuses what an entry says",
        seen="Entries fail because of their URL, title or metadata.",
        why="The manifest says something that Encord does not take.",
        steps=("Check the manifest again; correct what the message names; submit it.",),
        page="manifest",
        causes=("entry-invalid",),
    ),
    Symptom(
        code="already-there",
        title="Files are there already",
        seen="Entries are skipped as duplicates, or linking stops because items are linked.",
        why="A folder takes a URL once, and a dataset an item, unless asked otherwise.",
        steps=(
            "Nothing, if the same file was meant.",
            "Otherwise submit to another folder, or link to another dataset.",
        ),
        page="runs",
        causes=("duplicate",),
        problems=(Problem.ALREADY_LINKED,),
    ),
)

WORKING: Final = (
    Symptom(
        code="wrong-schema",
        title="Metadata is missing, or a filter in Encord finds nothing",
        seen="Findings say that a key is not declared or a value does not fit; or a filter on "
        "metadata finds nothing.",
        why="The schema belongs to the whole organization. Only declared keys of the right type "
        "can be filtered, and saving replaces the schema as a whole.",
        steps=(
            "Compare the manifest with the schema: the tab Findings says what does not fit.",
            "Declare keys, or change a type, by a plan on the Schema page.",
            "If somebody overwrote it, go back by a snapshot in the tab History.",
        ),
        page="schema",
    ),
    Symptom(
        code="waits-for-key",
        title="A run waits for its key",
        seen="The key of this run's connection is not in memory any more.",
        why="Keys are never written to disk, so a restart forgets those given in a browser.",
        steps=("Connect again with the same key.", "Resume the run. Nothing is lost."),
        page="connect",
        problems=(Problem.RECONNECT,),
    ),
    Symptom(
        code="not-everything-arrived",
        title="A job is done, and files are missing",
        seen="A run is complete with failures, or a verification misses entries.",
        why="Encord calls a job done even if every file in it failed.",
        steps=(
            "Read the failures by cause, mend each cause, and retry it.",
            "Link again and verify: the table says where each missing entry stopped.",
        ),
        page="verify",
        see=("moved-file", "forbidden"),
    ),
    Symptom(
        code="nothing-to-link",
        title="No file matches a selection",
        seen="Linking files of a folder stops before a dataset is made.",
        why="No file of the folder has that text in its name or URL and that type; or all of them "
        "are in datasets already, and only unused ones are asked for.",
        steps=("Link another selection.", "Or resume once such files are in the folder."),
        page="datasets",
        problems=(Problem.NOTHING_TO_LINK,),
    ),
    Symptom(
        code="stalled",
        title="A run does not go on",
        seen="A run is stalled, or there is no news of it.",
        why="Encord answers and changes nothing, or does not answer. The run asks again.",
        steps=(
            "Wait: it goes on by itself, with or without this page.",
            "After hours, quote the job's id to Encord's support.",
        ),
        page="runs",
        see=("rate-limited",),
    ),
    Symptom(
        code="not-certain",
        title="It is not certain whether something was taken",
        seen="A run asks to look into the folder before it goes on.",
        why="The answer to a request was lost. Single files are found by URL; groups and series "
        "have none of their own, so a person has to look.",
        steps=(
            "Look into the run's folder in Encord.",
            "If the groups are missing, resume: they are sent again. If not, cancel the rest.",
        ),
        page="runs",
        problems=(Problem.UNCONFIRMED_GROUPS,),
    ),
    Symptom(
        code="manifest-changed",
        title="The stored manifest is not what was submitted",
        seen="A run stops because its manifest changed.",
        why="Somebody altered or removed files in the server's data directory.",
        steps=("Upload the manifest again and submit it as a new run.",),
        page="manifest",
        problems=(Problem.MANIFEST_CHANGED,),
    ),
)
