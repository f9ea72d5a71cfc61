"""How much of an object is read to show it."""

from services.buckets.preview import preview
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.google import connect
from tests.unit.loopback import answer, http, serving


def test_of_a_long_text_only_the_start_is_asked_for() -> None:
    about = {
        "name": "log.txt",
        "size": "9000000000",
        "updated": "2026-11-23T02:00:00Z",
        "generation": "1",
    }
    start = http(206, "first lines", Content_Range="bytes 0-10/9000000000")
    with serving(answer(about), start) as server:
        found = preview(connect(anonymous(), api_endpoint=server.url), "yard", "log.txt")
    assert found.content == b"first lines"
    assert [request.headers.get("range") for request in server.requests] == [None, "bytes=0-16383"]
