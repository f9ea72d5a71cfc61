"""What the live test asks for, as a browser would."""

from services.buckets import clinic
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.google import connect
from services.domain.bucket_checks import BucketCheck
from tests.unit.loopback import answer, http, serving

DOTTED = "scans/./0001.jpg"


def test_an_object_is_chosen_whose_name_a_browser_leaves_whole() -> None:
    shared = {"size": "7", "updated": "2026-11-23T02:00:00Z", "generation": "1"}
    listed = {"items": [{**shared, "name": name} for name in (DOTTED, "scans/.hidden/0002.jpg")]}
    with serving(answer(listed), *[http(403, "")] * 3) as server:
        reader = connect(anonymous(), api_endpoint=server.url)
        origins = ["https://app.encord.com"]
        list(clinic.try_out(reader, bucket="yard", key="", origins=origins, who="nobody"))
        (said,) = clinic.try_out(reader, bucket="yard", key=DOTTED, origins=origins, who="nobody")
    asked = {request.target for request in server.requests[1:]}
    assert asked == {"/yard/scans/.hidden/0002.jpg"}
    assert isinstance(said, BucketCheck)
    assert said.got.startswith("The name has a part that is . or ..")
