"""The words of the dashboard: one word for one thing, everywhere."""

from typing import Final

#: Word to meaning, in the order in which a person meets them.
WORDS: Final = {
    "connection": "An Encord domain plus a key; or the built-in sandbox.",
    "integration": "Encord's stored access to a bucket. Its id and title are all Encord reveals.",
    "trial": "One object registered through an integration, opened as Encord's page would, and "
    "taken away again. It proves the integration.",
    "manifest": "The CSV, JSON or JSON Lines document that lists what to register. It is "
    "identified by its SHA-256 fingerprint.",
    "entry": "One item a manifest asks for: a video, image, image group, image sequence, DICOM "
    "series, audio, text, PDF, NIfTI file, scene or time series.",
    "object URL": "The address of one object in cloud storage. An entry has one or many.",
    "finding": "One thing the check found in a manifest: code, severity, place, value and how to "
    "fix it.",
    "held back": "An entry with an error. It is not sent; the others are.",
    "run": "One submission of a manifest to a folder through an integration.",
    "chunk": "The slice of a run that is sent as one Encord upload job.",
    "job": "Encord's upload job for a chunk.",
    "unit": "What Encord processed for one entry of a job.",
    "outcome": "What became of an entry: registered, already there, failed (with a cause), "
    "cancelled or unknown.",
    "folder, item": "Encord's own words: where files are registered, and one registered file.",
    "dataset, data row": "Encord's own words: what is labeled, and one linked item of it.",
    "verification": "Comparing what the manifest asked for with what Encord lists, by object URL, "
    "never by title or count.",
    "task": "What links, unlinks or verifies what is in Encord already. It has a page like a run.",
    "receipt": "The durable, checkable record of a verification.",
    "passport": "Everything known about one object: manifests, runs, item, datasets, receipts.",
    "listing": "What a bucket held when it was listed: names, sizes and generations.",
    "recipe": "How a manifest is made from a listing. It makes the same one again, or only what is "
    "new.",
    "schema": "The metadata keys an organization has declared, each with its type.",
    "plan": "The steps from the schema in force to the one designed, shown before any is taken.",
    "snapshot": "The schema as it was at a moment, kept to go back to.",
    "scenario, beat": "A demo that the demo studio sets up in the sandbox, and one moment of it.",
    "sandbox": "The stand-in for Encord and Google Cloud Storage on this machine.",
}


def meaning(word: str) -> str:
    """Return what a word means, to be shown where it is new."""
    return WORDS[word]


def about(*words: str) -> str | None:
    """Return the help of a field, heading or number; none where no word is new.

    One word is explained alone, several each by its name.
    """
    new = [word for word in words if word]
    if len(new) == 1:
        return meaning(new[0])
    return "\n\n".join(f"**{heading(word)}**: {meaning(word)}" for word in new) or None


def heading(word: str) -> str:
    """Return a word as a heading has it: *Object URL*, not *Object url*."""
    return f"{word[0].upper()}{word[1:]}"
