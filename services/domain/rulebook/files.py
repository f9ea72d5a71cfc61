"""Rules about the file as a whole: bytes, JSON, CSV, the top level and its limits."""

from typing import Final

from services.domain.rulebook.rule import Fix, Rule, error, info, warning

BYTES: Final[tuple[Rule, ...]] = (
    error(
        "file-empty",
        "The file is empty",
        what="The file has no bytes, or only white space.",
        why="There is nothing to register.",
        example="(0 bytes)",
        fix="Export the manifest again and upload that file.",
        message="There is nothing in this file.",
    ),
    error(
        "file-encoding",
        "Text cannot be decoded",
        what="A byte sequence is not valid in the file's encoding, or the file is not text.",
        why="Guessing would change object names, and a changed name is a missing object.",
        example="gs://demo/caf\\xe9.jpg saved as Latin-1",
        fix='Save the file as UTF-8 (in a spreadsheet: "CSV UTF-8") and upload it again.',
        message="{problem} at byte {byte}.",
    ),
    error(
        "file-too-large",
        "The file is too large",
        what="The file, or what it unpacks to, is over the size this server is set to read.",
        why="The limit protects everybody else on this server.",
        example="(a file over the configured number of bytes)",
        fix="Split the file, or ask the operator to raise the limit.",
        message="The file has {bytes} bytes; this server reads at most {limit}.",
    ),
)

JSON: Final[tuple[Rule, ...]] = (
    error(
        "json-syntax",
        "Not valid JSON",
        what="The text breaks the grammar of JSON (RFC 8259).",
        why="Encord reads the document as a whole; one broken character refuses all of it.",
        example='{"images": [{"objectUrl": "gs://demo/a.jpg"},]}',
        fix="Mend the text at the place shown; a trailing comma or a missing quote is usual.",
        message="This is not JSON: {problem}.",
    ),
    error(
        "json-root",
        "Not a registration document",
        what="The outermost value is not an object.",
        why="Encord looks for lists under keys such as `images` and `videos`.",
        example='["gs://demo/a.jpg"]',
        fix='Wrap the list: {"images": [...]}.',
        message="The outermost value is {found}; it must be an object with lists per type.",
    ),
    error(
        "json-depth",
        "Nested too deeply",
        what="Objects and lists are nested more than 64 deep.",
        why="No registration document is that deep, and readers fail on it.",
        example='{"images": [[[[ ... ]]]]}',
        fix="Flatten the value, or store it as text.",
        message="Values are nested more than 64 deep.",
    ),
    error(
        "json-number",
        "Not a number JSON can carry",
        what="A number is NaN, Infinity or outside the 64-bit range.",
        why="JSON has no such number; readers refuse it or silently change it.",
        example='{"clientMetadata": {"score": NaN}}',
        fix="Leave the key out, use a number in range, or write the value as text.",
        message="{value} is not a number that JSON readers agree on.",
    ),
    error(
        "json-duplicate-key",
        "The same key twice",
        Fix.REMOVE_KEY,
        what="One object has the same key more than once.",
        why="Readers keep one of the values and drop the other without a word.",
        example='{"title": "a", "title": "b"}',
        fix="Keep one of the two.",
        message="The key {key} appears more than once in the same object.",
    ),
)

CSV: Final[tuple[Rule, ...]] = (
    error(
        "csv-syntax",
        "Broken row or header",
        what="A quote is not closed, text follows a closing quote, a single quote mark stands "
        "inside an unquoted cell, a cell holds a control character, two columns have one heading, "
        "or lines end in CR alone.",
        why="Every reader takes such rows and columns differently.",
        example='"gs://demo/a.jpg,image',
        fix="Close the quote, write a quote inside a cell as two quotes, name each column once.",
        message="{problem}.",
    ),
    error(
        "csv-header-missing",
        "No URL column",
        what="No column is named ObjectURL.",
        why="Without it there is nothing to register.",
        example="file,label",
        fix="Name the column with the addresses ObjectURL, or map the columns.",
        message="None of the columns is ObjectURL: {columns}.",
    ),
    error(
        "csv-row-width",
        "Row with more or fewer cells",
        what="A row has another number of cells than the header.",
        why="Values would land under the wrong heading.",
        example="ObjectURL,Type,Title\ngs://demo/a.jpg,image",
        fix="Check the row for a missing or an unquoted separator.",
        message="This row has {found} cells; the header has {expected}.",
    ),
    warning(
        "csv-header-unknown",
        "Unknown column",
        Fix.RENAME_KEY,
        Fix.REMOVE_KEY,
        what="A column has a heading nobody knows.",
        why="Its values are not sent.",
        example="ObjectURL,Type,Titel",
        fix="Rename the column, write metadata.<key> for metadata, or remove it.",
        message="The column {key} is not known and is not sent{hint}.",
    ),
    warning(
        "csv-single-column",
        "Only URLs: read as videos",
        what="The file has the one column ObjectURL.",
        why="Encord reads such a file as a list of videos; other files then fail with "
        '"Expected a video, got a file of type ...".',
        example="ObjectURL\ngs://demo/a.mp4",
        fix="Add a Type column when these are not videos.",
        message="A file with the one column ObjectURL is a list of videos to Encord.",
    ),
    warning(
        "csv-dicom",
        "DICOM series in a CSV",
        what="A CSV lists DICOM series.",
        why="Encord's own pages disagree on whether it reads these from CSV; "
        "they are sent as JSON from here.",
        example="ObjectURL,Dicom title",
        fix="Nothing to do when you submit here; use JSON in Encord's own upload form.",
        message="Encord may not read DICOM series from CSV; they are sent as JSON from here.",
    ),
    info(
        "csv-entry-limit",
        "More rows than Encord reads from CSV",
        what="The CSV has over 10,000 rows.",
        why="Encord's own upload form would refuse it; here it is sent as JSON.",
        example="(10,001 rows)",
        fix="Nothing to do when you submit here.",
        message="{rows} rows: Encord's own form reads at most 10,000 from CSV. It is sent as JSON.",
    ),
)

TOP: Final[tuple[Rule, ...]] = (
    error(
        "key-unknown",
        "Unknown top-level key",
        Fix.RENAME_KEY,
        Fix.REMOVE_KEY,
        what="A top-level key is neither a list of entries nor a flag.",
        why="Encord may refuse the document or skip everything under the key.",
        example='{"imagse": []}',
        fix="Rename the key to one Encord knows, or remove it.",
        message="{key} is not a key of a registration document{hint}.",
    ),
    warning(
        "key-case",
        "Top-level key in another spelling",
        Fix.RENAME_KEY,
        what="A top-level key differs from Encord's only in case or underscores.",
        why="Encord's documents use snake_case; another spelling may be ignored silently. "
        "It is sent in the right spelling from here.",
        example='{"skipDuplicateUrls": true}',
        fix="Write it as shown.",
        message="{key} is read as {expected}.",
    ),
    error(
        "section-type",
        "Not a list of entries",
        what="The value under a type's key is not a list.",
        why="Encord expects a list of objects there.",
        example='{"images": {"objectUrl": "gs://demo/a.jpg"}}',
        fix="Wrap the entries in a list.",
        message="{key} holds {found}; it must be a list.",
    ),
    error(
        "entry-type",
        "Not an entry, or of unknown type",
        what="An entry is not an object, or its type is not one Encord registers.",
        why="Nobody can tell what to register.",
        example="ObjectURL,Type\ngs://demo/a.jpg,picture",
        fix="Use one of the types: video, image, image group, image sequence, audio, text, PDF, "
        "NIfTI, DICOM series, scene, time series.",
        message="{problem}{hint}.",
    ),
    error(
        "flag-type",
        "Flag is not true or false",
        Fix.RETYPE,
        what="skip_duplicate_urls or upsert_metadata is not a boolean.",
        why='The text "false" counts as true for some readers.',
        example='{"skip_duplicate_urls": "yes"}',
        fix="Write true or false without quotes.",
        message="{key} is {found}; it must be true or false.",
    ),
    warning(
        "upsert-without-skip",
        "upsert_metadata without skip_duplicate_urls",
        what="upsert_metadata is true and skip_duplicate_urls is not.",
        why="Encord ignores upsert_metadata then, and registers duplicates.",
        example='{"upsert_metadata": true}',
        fix="Set skip_duplicate_urls to true as well.",
        message="upsert_metadata has no effect unless skip_duplicate_urls is true.",
    ),
    warning(
        "skip-off",
        "Duplicates would be registered",
        what="skip_duplicate_urls is false in the document.",
        why="URLs that the folder already holds become second items. "
        "The choice made when submitting overrides it.",
        example='{"skip_duplicate_urls": false}',
        fix="Set skip_duplicate_urls to true.",
        message="With skip_duplicate_urls off, URLs already in the folder are registered again.",
    ),
)

LIMITS: Final[tuple[Rule, ...]] = (
    info(
        "limit-items",
        "More than 500,000 entries",
        what="The manifest asks for more entries than one document may hold.",
        why="It is sent in chunks, each within the limit.",
        example="(500,001 entries)",
        fix="Nothing to do.",
        message="{count} entries; one document holds at most 500,000. It is sent in chunks.",
    ),
    info(
        "limit-urls",
        "More than 1,000,000 URLs",
        what="The manifest names more URLs than one document may hold.",
        why="It is sent in chunks, each within the limit.",
        example="(1,000,001 URLs)",
        fix="Nothing to do.",
        message="{count} URLs; one document holds at most 1,000,000. It is sent in chunks.",
    ),
    info(
        "limit-bytes",
        "Larger than 100 MB",
        what="The document is larger than Encord's documented 100 MB.",
        why="It is sent in chunks, each within the limit.",
        example="(100,000,001 bytes)",
        fix="Nothing to do.",
        message="{count} bytes; one document holds at most 100 MB. It is sent in chunks.",
    ),
)
