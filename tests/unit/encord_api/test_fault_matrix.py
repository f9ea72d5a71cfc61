"""The golden table: every fault at every call, how many requests it caused and what it became.

A new SDK that repeats a request, or swallows an error, changes a cell and fails here. After a
reviewed change: GOLDEN=write python -m pytest tests/unit/encord_api/test_fault_matrix.py
"""

import json
import os
from pathlib import Path

import pytest

from services.encord_api.errors import EncordError, classify
from tests.unit.encord_api.test_sdk_faults import (
    CALLS,
    FOLDER,
    OTHER,
    REJECTED,
    UNKNOWN,
    Connect,
)
from tests.unit.loopback import serving

GOLDEN = Path(__file__).with_name("fault_matrix.json")
FAULTS = {**UNKNOWN, **{name: reply for name, (reply, _) in REJECTED.items()}}


def cell(connect: Connect, call: str, fault: str, document: Path) -> str:
    """Return what one fault at one call became, e.g. `1 request: Unclear (unknown)`."""
    with serving(FAULTS[fault]) as server:
        gateway = connect(server.url)
        try:
            if call == "start_upload":
                gateway.start_upload(FOLDER, OTHER, document, trace="t0k3n")
            else:
                CALLS[call][0](gateway)
            became = "an answer"
        except EncordError as error:
            became = f"{type(error).__name__} ({classify(error)})"
    requests = len(server.requests)
    return f"{requests} request{'s' * (requests != 1)}: {became}"


@pytest.mark.parametrize("call", ["start_upload", *CALLS])
def test_every_fault_at_a_call(
    call: str, gateway_at: Connect, hasty_gateway_at: Connect, document: Path
) -> None:
    found = {
        fault: cell(hasty_gateway_at if fault == "hang" else gateway_at, call, fault, document)
        for fault in FAULTS
    }
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(json.dumps({**golden, call: found}, indent=1, sort_keys=True) + "\n")
    assert found == golden.get(call)
