"""Integrations and the metadata schema, through the SDK."""

import pytest
from encord import EncordUserClient
from encord.exceptions import InvalidArgumentsError
from encord.orm.base_dto import BaseDTO

from services.sandbox.demo import SCHEMA
from tests.sandbox.conftest import Running


def test_integrations_reveal_id_and_title(client: EncordUserClient) -> None:
    found = client.get_cloud_integrations()
    assert [integration.title for integration in found] == ["Demo bucket", "Demo bucket (strict)"]
    by_id = client.get_cloud_integrations(filter_integration_uuids=[found[1].id])
    assert by_id == [found[1]]
    assert client.get_cloud_integrations(filter_integration_titles=["Nobody's"]) == []


def test_the_schema_is_kept_whole(client: EncordUserClient, sandbox: Running) -> None:
    schema = client.metadata_schema()
    assert set(schema.keys()) == set(SCHEMA)
    schema.add_scalar("place", data_type="varchar")
    schema.add_enum("weather", values=["rain", "sun"])
    schema.add_embedding("clip", size=512)
    schema.save()
    again = sandbox.client().metadata_schema()
    assert set(again.keys()) == {*SCHEMA, "clip", "place", "weather"}
    assert again.get_enum_options("weather") == ["rain", "sun"]
    again.delete_key("weather")
    again.save()
    assert client.metadata_schema().is_key_deleted("weather")


def test_the_last_writer_of_the_schema_wins(client: EncordUserClient, sandbox: Running) -> None:
    mine, theirs = client.metadata_schema(), sandbox.client().metadata_schema()
    mine.add_scalar("mine", data_type="number")
    theirs.add_scalar("theirs", data_type="number")
    mine.save()
    theirs.save()
    assert set(client.metadata_schema().keys()) == {*SCHEMA, "theirs"}


class Odd(BaseDTO):
    """A schema with a type of its own."""

    site: dict[str, object]


@pytest.mark.parametrize(("word", "said"), [("tuple", "unknown type"), (["text"], "wrong type")])
def test_a_type_nobody_knows_is_refused(word: object, said: str, client: EncordUserClient) -> None:
    with pytest.raises(InvalidArgumentsError, match=said):
        client._api_client.post(
            "organisation/client-metadata-schema-v2",
            params=None,
            payload=Odd(site={"ty": word}),
            result_type=None,
        )


def test_the_schema_of_before_is_one_word_for_each_key(client: EncordUserClient) -> None:
    with pytest.warns(DeprecationWarning, match="metadata_schema"):
        client.set_client_metadata_schema_from_dict(
            {"speed": "number", "site": "string", "notes": "long_string"}
        )
    with pytest.warns(DeprecationWarning, match="metadata_schema"):
        words = client.get_client_metadata_schema()
    assert words is not None
    assert {key: word.value for key, word in words.items()} == {
        "speed": "number",
        "site": "string",
        "notes": "long_string",
    }
    schema = client.metadata_schema()
    assert [schema.get_key_type(key) for key in ("speed", "site", "notes")] == [
        "number",
        "varchar",
        "text",
    ]
