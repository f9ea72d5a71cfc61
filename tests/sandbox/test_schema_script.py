"""A plan as a program: it runs unchanged on the sandbox and does what applying the plan does."""

from pathlib import Path

from encord import EncordUserClient

from services.domain.metadata import OrganisationSchema
from services.domain.schema.draft import DraftKey, KeyState, draft_of
from services.domain.schema.plan import plan, same
from services.domain.scripts.schema import script
from tests.sandbox.conftest import Running
from tests.sandbox.printing import printed_by

START = {
    "count": {"ty": "variant", "hint": "varchar"},
    "weather": {"ty": "enum", "values": ["rain", "sun"]},
    "old": {"ty": "variant", "hint": "text"},
    "older": {"ty": "geospatial"},
    "back": {"ty": "tombstone", "deleted_ty": {"ty": "enum", "values": ["a"]}},
    "more": {"ty": "tombstone", "deleted_ty": {"ty": "enum", "values": ["a"]}},
    "turned": {"ty": "tombstone", "deleted_ty": {"ty": "variant", "hint": "text"}},
}
ROWS = (
    DraftKey(key="count", type="number"),
    DraftKey(key="weather", type="enum", options=("rain", "sun", "snow", 'a "quoted" one')),
    DraftKey(key="old", type="text", state=KeyState.DELETED),
    DraftKey(key="older", type="geospatial", state=KeyState.DELETED_FOREVER),
    DraftKey(key="back", type="enum", options=("a",)),
    DraftKey(key="more", type="enum", options=("a", "b")),
    DraftKey(key="turned", type="uuid"),
    *(
        DraftKey(key=f"new.{kind}", type=kind)
        for kind in ("boolean", "datetime", "number", "uuid", "varchar", "text", "geospatial")
    ),
    DraftKey(key="new.enum", type="enum", options=("b", "a")),
    DraftKey(key="new.embedding", type="embedding", size="512"),
)


def test_the_program_does_what_the_plan_does(
    sandbox: Running, client: EncordUserClient, tmp_path: Path
) -> None:
    sandbox.control("schema", START)
    made = plan(OrganisationSchema.of(START), ROWS)
    program = tmp_path / "change_schema.py"
    program.write_text(script(made))
    printed_by(program, ENCORD_SSH_KEY_FILE=sandbox.ssh_key_path, ENCORD_DOMAIN=sandbox.url)
    saved = client.metadata_schema()._schema
    answer = {key: kind.model_dump(mode="json") for key, kind in saved.items()}
    assert same(answer, made.target)
    assert plan(OrganisationSchema.of(answer), draft_of(OrganisationSchema.of(answer))).steps == ()
