"""The metadata schema as it was before it had types of its own: one word for each key.

Shape: the SDK's `orm/client_metadata_schema.py` [RUN]. It is the schema that `organization` keeps.
"""

from services.sandbox import access, organization
from services.sandbox.state import Sandbox
from services.sandbox.wire import Call, Object, RefusalError, as_text, iso

#: Word -> the type it stands for; an enum and an embedding say too little to be made of a word.
_TYPES: dict[str, Object] = {
    "number": {"ty": "variant", "hint": "number"},
    "string": {"ty": "variant", "hint": "varchar"},
    "long_string": {"ty": "variant", "hint": "text"},
    "boolean": {"ty": "variant", "hint": "boolean"},
    "datetime": {"ty": "variant", "hint": "datetime"},
    "geospatial": {"ty": "geospatial"},
}
_WORDS = {
    "number": "number",
    "boolean": "boolean",
    "datetime": "datetime",
    "varchar": "string",
    "uuid": "string",
    "text": "long_string",
    "enum": "enum",
    "embedding": "embedding",
    "geospatial": "geospatial",
}
#: There is one schema an organization, and its identity says nothing.
_UUID = "00000000-0000-4000-8000-0000000000b1"


def get(sandbox: Sandbox, call: Call) -> Object | None:
    """`GET organisation/client-metadata-schema`: null when there is no key."""
    words = {key: _word(kind) for key, kind in organization.get_schema(sandbox, call).items()}
    found = {key: word for key, word in words.items() if word is not None}
    if not found:
        return None
    return {
        "uuid": _UUID,
        "metadata_schema": found,
        "organisation_id": 1,
        "created_at": iso(sandbox.now()),
        "updated_at": iso(sandbox.now()),
    }


def _word(kind: object) -> str | None:
    if not isinstance(kind, dict):
        return None
    name = kind.get("hint", "text") if kind.get("ty") == "variant" else kind.get("ty")
    return _WORDS.get(str(name))


def post(sandbox: Sandbox, call: Call) -> Object:
    """`POST organisation/client-metadata-schema` with `{key: word}`: replaces the whole schema."""
    access.check_administers(call.account)
    known = organization.get_schema(sandbox, call)
    made: Object = {}
    for key, found in call.document().items():
        word = as_text(found, key)
        if word not in _TYPES and _word(known.get(key)) != word:
            raise RefusalError(400, f"{key} cannot be made a {word} by this call.")
        made[key] = known[key] if _word(known.get(key)) == word else _TYPES[word]
    organization.keep_schema(sandbox, made, call.account.organization)
    return {}
