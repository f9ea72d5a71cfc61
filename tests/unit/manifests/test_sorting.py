"""Entries and findings in other orders than the file's, page by page."""

import json

import pytest

from services.manifests.sorting import EntryOrder, FindingOrder
from tests.unit.manifests.conftest import Check

DOCUMENT = json.dumps(
    {
        "images": [
            {"objectUrl": "gs://b/3.jpg", "title": "b"},
            {"objectUrl": "gs://b/1.jpg"},
            {"objectUrl": "gs://b/2 2.jpg", "title": "a"},
            {"objectUrl": "ftp://b/4.jpg", "title": "a"},
        ],
        "videos": [{"objectUrl": "gs://b/0.mp4", "title": "c", "clientmetadata": {}}],
        "image_groups": [
            {"title": "g", "objectUrl_0": "gs://b/g0.jpg", "objectUrl_1": "gs://b/g1.jpg"}
        ],
    }
)


@pytest.mark.parametrize(
    ("order", "indexes"),
    [
        (EntryOrder.FILE, [0, 1, 2, 3, 4, 5]),
        (EntryOrder.TITLE, [2, 3, 0, 4, 5, 1]),
        (EntryOrder.URL, [3, 4, 1, 2, 0, 5]),
        (EntryOrder.TYPE, [0, 1, 2, 3, 5, 4]),
        (EntryOrder.SIZE, [5, 0, 1, 2, 3, 4]),
    ],
)
def test_entries_in_an_order_page_by_page(
    check: Check, order: EntryOrder, indexes: list[int]
) -> None:
    checked = check(DOCUMENT)
    pages = [checked.entries(order=order, offset=start, limit=2) for start in (0, 2, 4)]
    assert [row.index for page in pages for row in page.rows] == indexes
    assert {page.total for page in pages} == {6}


@pytest.mark.parametrize("order", EntryOrder)
def test_a_manifest_without_entries_has_none_in_any_order(check: Check, order: EntryOrder) -> None:
    assert check("ObjectURL,Type\n").entries(order=order).total == 0


def test_an_order_and_a_filter_go_together(check: Check) -> None:
    checked = check(DOCUMENT)
    held = checked.entries(valid=False, order=EntryOrder.URL)
    assert [row.url for row in held.rows] == ["ftp://b/4.jpg", "gs://b/2 2.jpg"]
    assert [row.codes for row in held.rows] == [("url-scheme",), ("url-whitespace",)]
    found = checked.entries(search="gs://b/g", order=EntryOrder.TITLE)
    assert [row.index for row in found.rows] == [5]


@pytest.mark.parametrize(
    ("order", "codes"),
    [
        (FindingOrder.FILE, ["url-whitespace", "url-scheme", "field-case"]),
        (FindingOrder.SEVERITY, ["url-whitespace", "url-scheme", "field-case"]),
        (FindingOrder.CODE, ["field-case", "url-scheme", "url-whitespace"]),
    ],
)
def test_findings_in_an_order(check: Check, order: FindingOrder, codes: list[str]) -> None:
    found = check(DOCUMENT).findings(order=order)
    assert [finding.code for finding in found.rows] == codes
