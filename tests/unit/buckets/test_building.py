"""A manifest is made from what a bucket holds, as a recipe says."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.buckets import building, choosing
from services.buckets.errors import TableError
from services.buckets.inventory import take_report
from services.buckets.recipe import OBJECT_FACTS, Recipe, TypeRule, read_recipe
from services.buckets.spool import Scope, Spool
from services.cloud_storage.credentials import anonymous
from services.cloud_storage.google import connect
from services.domain.entries import EntryType
from services.domain.globs import PatternError
from services.manifests.options import CheckOptions
from services.manifests.store import ManifestStore
from tests.unit.buckets.conftest import BUCKET, MakeSpool, images
from tests.unit.loopback import free_port

GROUPS = images(
    *("g/one/frame-1.jpg", "g/one/frame-2.jpg", "g/one/frame-10.jpg", "g/two/frame-01.jpg"),
    *("g/two/frame-1.jpg", "g/two/frame-2.jpg", "a.jpg"),
)


def made(
    spool: Spool, recipe: Recipe, store: ManifestStore, **more: Any
) -> tuple[building.Built, dict[str, Any]]:
    reader = connect(anonymous(), api_endpoint=f"http://127.0.0.1:{free_port()}")
    job = building.Job(
        bucket=BUCKET,
        objects=spool.objects(),
        recipe=recipe,
        open_reader=lambda: reader,
        store=store,
        **more,
    )
    built = building.build(job, lambda _: None)
    if built.manifest is None:
        return built, {}
    return built, json.loads((store.root / built.manifest / "source").read_bytes())


def test_every_type_finds_its_section(make_spool: MakeSpool, manifests: ManifestStore) -> None:
    spool = make_spool(
        ("a.JPG", 1, None, 1),
        ("b.mp4", 1, "application/octet-stream", 1),
        ("c.nii.gz", 1, "application/gzip", 1),
        ("d", 1, "application/pdf; charset=x", 1),
        ("e.dcm", 1, None, 1),
        ("f.unknown", 1, None, 1),
        ("folder/", 0, None, 1),
        ("g.wav", 1, "audio/wav", 1),
        ("h.txt", 1, "text/plain", 1),
    )
    built, document = made(spool, Recipe(), manifests)
    assert {
        k: [e.get("objectUrl") for e in v]
        for k, v in document.items()
        if k.islower() and isinstance(v, list)
    } == {
        "audio": ["gs://yard/g.wav"],
        "images": ["gs://yard/a.JPG"],
        "nifti": ["gs://yard/c.nii.gz"],
        "pdfs": ["gs://yard/d"],
        "text": ["gs://yard/h.txt"],
        "videos": ["gs://yard/b.mp4"],
        "dicom_series": [None],
    }
    assert built.left_out == {"no type is chosen for it": 1}
    assert built.manifest is not None
    assert not manifests.check(built.manifest, CheckOptions()).summary.has_errors


def test_a_type_can_be_decided_otherwise(make_spool: MakeSpool, manifests: ManifestStore) -> None:
    spool = make_spool(("a.bin", 1, "x/y", 1), ("b.jpg", 1, "image/jpeg", 1))
    rules = (
        TypeRule(extension="bin", content_type="x/y", kind=EntryType.VIDEO),
        TypeRule(extension="jpg", content_type="image/jpeg", kind=None),
    )
    recipe = Recipe(types=rules)
    counts = choosing.count_types(spool.objects(), recipe)
    assert [(each.extension, each.kind) for each in counts] == [
        ("bin", EntryType.VIDEO),
        ("jpg", None),
    ]
    _, document = made(spool, recipe, manifests)
    assert document["videos"] == [{"objectUrl": "gs://yard/a.bin"}]
    assert "images" not in document


def test_folders_become_groups_in_the_order_people_count(
    make_spool: MakeSpool, manifests: ManifestStore
) -> None:
    recipe = Recipe(include=("g/",), grouping="folder")
    built, document = made(make_spool(*GROUPS), recipe, manifests)
    one, two = document["image_groups"]
    assert one == {
        "title": "g/one",
        "createVideo": False,
        "objectUrl_0": "gs://yard/g/one/frame-1.jpg",
        "objectUrl_1": "gs://yard/g/one/frame-2.jpg",
        "objectUrl_2": "gs://yard/g/one/frame-10.jpg",
    }
    assert two["objectUrl_2"] == "gs://yard/g/two/frame-2.jpg"
    assert [(each.group, each.problem, each.frames) for each in built.irregularities] == [
        ("g/one", "gap", "3 to 9"),
        ("g/two", "duplicate", "1"),
    ]


def test_a_gap_does_not_hide_behind_a_duplicate(
    make_spool: MakeSpool, manifests: ManifestStore
) -> None:
    frames = images("g/1.jpg", "g/2.jpg", "g/02.jpg", "g/4.jpg")
    built, _ = made(make_spool(*frames), Recipe(grouping="folder"), manifests)
    assert [(each.problem, each.frames) for each in built.irregularities] == [
        ("gap", "3"),
        ("duplicate", "2"),
    ]


def test_a_pattern_groups_and_names(make_spool: MakeSpool, manifests: ManifestStore) -> None:
    recipe = Recipe(
        grouping="pattern",
        group_as=EntryType.IMAGE_SEQUENCE,
        pattern="{walk}/frame-{frame}.jpg",
        title="Walk {walk}",
        metadata=("walk",),
        object_facts=("size", "content_type"),
    )
    built, document = made(make_spool(*GROUPS), recipe, manifests)
    assert [group["title"] for group in document["image_groups"]] == ["Walk one", "Walk two"]
    assert document["image_groups"][0]["createVideo"] is True
    assert document["image_groups"][0]["clientMetadata"] == {
        "walk": "one",
        "object_size": 30,
        "object_content_type": "image/jpeg",
    }
    assert built.left_out == {"the pattern does not match": 1}
    assert (built.entries, built.objects) == (2, 6)


@pytest.mark.parametrize(
    "part",
    [
        *("name", "size", "content_type", "updated", "generation", "extension", "kind"),
        *("group", "title", "framed", "unmatched", "found", "own", "by_group", "by_name", "known"),
    ],
)
def test_a_part_may_be_called_like_what_a_listing_tells(
    part: str, make_spool: MakeSpool, manifests: ManifestStore, tmp_path: Path
) -> None:
    before = tmp_path / "before.parquet"
    recipe = Recipe(
        grouping="pattern",
        pattern=f"{{{part}}}/frame-{{frame}}.jpg",
        title=f"Walk {{{part}}}",
        metadata=(part,),
        object_facts=("size",),
    )
    made(make_spool(*GROUPS[:3], name="first"), recipe, manifests, remember=before)
    _, document = made(make_spool(*GROUPS[:6]), recipe, manifests, before=before)
    (two,) = document["image_groups"]
    assert two["title"] == "Walk two"
    assert two["clientMetadata"] == {part: "two", "object_size": 30}
    assert two["objectUrl_2"] == "gs://yard/g/two/frame-2.jpg"


def test_dicom_files_become_series_by_folder(
    make_spool: MakeSpool, manifests: ManifestStore
) -> None:
    spool = make_spool(*[(f"s/{n}.dcm", 1, None, 1) for n in range(1, 4)], ("t/1.dcm", 1, None, 1))
    _, document = made(spool, Recipe(), manifests)
    assert [each["title"] for each in document["dicom_series"]] == ["s", "t"]
    assert document["dicom_series"][0]["objectUrl_2"] == "gs://yard/s/3.dcm"


def test_excluding_wins(make_spool: MakeSpool, manifests: ManifestStore) -> None:
    recipe = Recipe(include=("g/", "a*"), exclude=("**/frame-1*",))
    built, document = made(make_spool(*GROUPS), recipe, manifests)
    assert [e["objectUrl"] for e in document["images"]] == [
        *("gs://yard/a.jpg", "gs://yard/g/one/frame-2.jpg"),
        *("gs://yard/g/two/frame-01.jpg", "gs://yard/g/two/frame-2.jpg"),
    ]
    assert built.left_out == {}


def test_a_table_is_joined_as_metadata(
    make_spool: MakeSpool, manifests: ManifestStore, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("file,site,quality\nframe-1.jpg,harbor,3\na.jpg,depot,\nnone.jpg,x,1\n")
    spool = make_spool(*images("g/one/frame-1.jpg", "a.jpg"))
    built, document = made(spool, Recipe(table="x"), manifests, table=table)
    assert [each["clientMetadata"] for each in document["images"]] == [
        {"site": "depot"},
        {"site": "harbor", "quality": 3},
    ]
    assert built.problems == ["none.jpg: no such object is taken"]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("0870", "1234"), ["0870", "1234"]),
        (("12", "-3"), [12, -3]),
        (("12", "2.5"), [12.0, 2.5]),
        (("1.9", "1.10"), ["1.9", "1.10"]),
        (("1234567890123456789", "7"), ["1234567890123456789", "7"]),
        (("1", "0.12345678901234567890"), ["1", "0.12345678901234567890"]),
        (("true", "false"), [True, False]),
        (("NaN", "inf"), ["NaN", "inf"]),
        (("-0", "+5"), ["-0", "+5"]),
        (("1", ""), [1, None]),
    ],
)
def test_a_tables_cells_arrive_as_they_were_written(
    cells: tuple[str, str],
    values: list[object],
    make_spool: MakeSpool,
    manifests: ManifestStore,
    tmp_path: Path,
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"file,code\na.jpg,{cells[0]}\nb.jpg,{cells[1]}\n")
    _, document = made(
        make_spool(*images("a.jpg", "b.jpg")), Recipe(table="x"), manifests, table=table
    )
    arrived = [each.get("clientMetadata", {}).get("code") for each in document["images"]]
    assert [(type(each), each) for each in arrived[:1]] == [(type(values[0]), values[0])]
    assert arrived == values


def test_a_table_names_objects_by_stems_of_digits(
    make_spool: MakeSpool, manifests: ManifestStore, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("frame,site\n0001,harbor\n0002,depot\n")
    built, document = made(
        make_spool(*images("g/0001.jpg", "g/0002.jpg")), Recipe(table="x"), manifests, table=table
    )
    assert [each["clientMetadata"] for each in document["images"]] == [
        {"site": "harbor"},
        {"site": "depot"},
    ]
    assert built.problems == []


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("name", ["Name", "file", "path", "size", "kind"]),
        ("file", ["name", "stem", "folder", "group", "title"]),
        ("image", ["size", "content_type", "updated", "generation", "extension", "framed", "1"]),
        ("joined by?", ["0", "size", "kind"]),
        ("image", ["size", "joined by?"]),
    ],
)
def test_a_tables_headers_may_be_called_like_what_a_listing_tells(
    key: str, told: list[str], make_spool: MakeSpool, manifests: ManifestStore, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"{','.join([key, *told])}\na.jpg{',x' * len(told)}\n")
    built, document = made(make_spool(*images("a.jpg")), Recipe(table="x"), manifests, table=table)
    assert document["images"][0]["clientMetadata"] == dict.fromkeys(told, "x")
    assert built.problems == []


@pytest.mark.parametrize(
    ("content", "says"),
    [("file,a\nx,1\nx,2\n", "more than once"), ("file,a\n", "no rows"), ("", "cannot be read")],
)
def test_a_table_that_cannot_be_used_says_why(
    content: str, says: str, make_spool: MakeSpool, manifests: ManifestStore, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(content)
    with pytest.raises(TableError, match=says):
        made(make_spool(*GROUPS), Recipe(table="x"), manifests, table=table)


def test_nothing_is_made_of_nothing(make_spool: MakeSpool, manifests: ManifestStore) -> None:
    built, _ = made(make_spool(*GROUPS), Recipe(include=("none/",)), manifests)
    assert (built.manifest, built.entries) == (None, 0)


def test_only_the_difference_is_made(
    make_spool: MakeSpool, manifests: ManifestStore, tmp_path: Path
) -> None:
    recipe = Recipe(grouping="folder")
    before = tmp_path / "before.parquet"
    made(make_spool(*GROUPS, name="first"), recipe, manifests, remember=before)
    later = [each for each in GROUPS if each[0] not in {"g/two/frame-2.jpg", "a.jpg"}]
    spool = make_spool(*later, *images("new.jpg", "g/three/frame-1.jpg"), name="second")
    built, document = made(spool, recipe, manifests, before=before)
    assert built.difference is not None
    assert (built.difference.new, built.difference.changed, built.difference.gone) == (2, 0, 2)
    assert built.difference.gone_names == ("a.jpg", "g/two/frame-2.jpg")
    assert [each["title"] for each in document["image_groups"]] == ["/", "g/three", "g/two"]


def test_a_replaced_object_has_changed(
    make_spool: MakeSpool, manifests: ManifestStore, tmp_path: Path
) -> None:
    before = tmp_path / "before.parquet"
    made(make_spool(*images("a.jpg", "b.jpg"), name="1"), Recipe(), manifests, remember=before)
    spool = make_spool(*images("a.jpg"), *images("b.jpg", generation=2), name="2")
    built, document = made(spool, Recipe(), manifests, before=before)
    assert built.difference is not None
    assert (built.difference.new, built.difference.changed, built.difference.gone) == (0, 1, 0)
    assert document["images"] == [{"objectUrl": "gs://yard/b.jpg"}]


def reported(folder: Path, text: str) -> Spool:
    folder.mkdir()
    report = folder / "report.csv"
    report.write_text(text)
    spool = Spool(folder / "listing")
    take_report(spool, Scope(bucket=BUCKET), report)
    return spool


def test_a_fact_a_report_does_not_tell_is_left_out(
    manifests: ManifestStore, tmp_path: Path
) -> None:
    spool = reported(tmp_path / "1", "name,size\na.jpg,3\n")
    _, document = made(spool, Recipe(object_facts=OBJECT_FACTS), manifests)
    assert document["images"][0]["clientMetadata"] == {"object_size": 3}


def test_only_what_is_known_on_both_sides_is_compared(
    make_spool: MakeSpool, manifests: ManifestStore, tmp_path: Path
) -> None:
    """A report without generations, then a real listing, then one more."""
    first, second, third = (tmp_path / f"{name}.parquet" for name in ("one", "two", "three"))
    report = reported(tmp_path / "1", "name,size\na.jpg,3\nb.jpg,3\n")
    made(report, Recipe(), manifests, remember=first)
    listed = make_spool(*images("a.jpg", "b.jpg", "new.jpg"), name="2")
    built, document = made(listed, Recipe(), manifests, before=first, remember=second)
    assert built.difference is not None
    assert (built.difference.new, built.difference.changed, built.difference.unknown) == (1, 0, 2)
    assert document["images"] == [{"objectUrl": "gs://yard/new.jpg"}]
    later = make_spool(*images("a.jpg", "new.jpg"), *images("b.jpg", generation=2), name="3")
    built, document = made(later, Recipe(), manifests, before=second, remember=third)
    assert built.difference is not None
    assert (built.difference.new, built.difference.changed, built.difference.unknown) == (0, 1, 0)
    assert document["images"] == [{"objectUrl": "gs://yard/b.jpg"}]
    built, _ = made(report, Recipe(), manifests, before=third)
    assert built.difference is not None
    assert (built.difference.changed, built.difference.unknown) == (0, 2)


def test_a_recipe_reads_back_and_makes_the_same_bytes(
    make_spool: MakeSpool, manifests: ManifestStore
) -> None:
    recipe = Recipe(
        name="Walks", include=("g/",), grouping="folder", group_as=EntryType.IMAGE_SEQUENCE
    )
    again = read_recipe(recipe.to_json())
    assert again == recipe
    spool = make_spool(*GROUPS)
    assert made(spool, recipe, manifests)[0].manifest == made(spool, again, manifests)[0].manifest


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        (Recipe(include=("a/[b",)), "not closed"),
        (Recipe(grouping="pattern", pattern="x/{frame}.jpg"), "names the group"),
        (Recipe(title="{site}"), "is not a part here"),
        (Recipe(metadata=("site",)), "is not a part of the pattern"),
    ],
)
def test_a_recipe_that_cannot_be_followed_says_why(recipe: Recipe, says: str) -> None:
    with pytest.raises(PatternError, match=says):
        recipe.check()
