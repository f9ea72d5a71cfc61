"""A plan as a program for Encord's SDK, to be reviewed, kept or run elsewhere."""

from services.domain.metadata import ValueType
from services.domain.schema.plan import Change, Plan, Step
from services.domain.scripts.script import Place

_HEAD = '''\
"""Change the metadata schema of an organization in Encord.

Give the path of your private key in ENCORD_SSH_KEY_FILE, and another region in ENCORD_DOMAIN.
"""

import os

from encord import EncordUserClient

{client}schema = client.metadata_schema()
'''
_TAIL = """\
schema.save()
print(client.metadata_schema())
"""


def script(plan: Plan) -> str:
    """Return the program of a plan all of whose steps Encord's SDK has a call for."""
    assert plan.can_be_scripted
    head = _HEAD.format(client=Place().client())
    return "".join((head, *(f"{_call(step)}\n" for step in plan.steps), _TAIL))


def _call(step: Step) -> str:
    match step.change:
        case Change.ADD | Change.RETYPE:
            return _declaration(step)
        case Change.ADD_OPTIONS:
            return f"schema.add_enum_options({step.key!r}, values={list(step.options)!r})"
        case Change.RESTORE:
            return f"schema.restore_key({step.key!r})"
        case Change.DELETE_FOREVER:
            return f"schema.delete_key({step.key!r}, hard=True)"
        case _:
            return f"schema.delete_key({step.key!r})"


def _declaration(step: Step) -> str:
    kind = step.after
    assert kind is not None
    match kind.type:
        case ValueType.ENUM:
            return f"schema.add_enum({step.key!r}, values={sorted(kind.options)!r})"
        case ValueType.EMBEDDING:
            return f"schema.add_embedding({step.key!r}, size={kind.size})"
        case ValueType.GEOSPATIAL:
            return f"schema.add_geospatial({step.key!r})"
        case _:
            return f"schema.add_scalar({step.key!r}, data_type={kind.type.value!r})"
