"""Scripts about buckets: checked, proven, mended, and listed into a manifest."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from services.buckets.recipe import Recipe
from services.domain import cors
from services.domain.scripts import buckets
from services.domain.scripts.script import Script
from services.ledger.buckets import TrialState
from services.sandbox.demo import BUCKET, INTEGRATION, VIDEOS
from tests.cli.scripted import Dashboard, run_command, run_python


def test_both_look_at_the_bucket(dashboard: Dashboard, capsys: pytest.CaptureFixture[str]) -> None:
    own, sandbox = "https://own.example.com", dashboard.place.domain
    script = buckets.check(BUCKET, origins=(own,), sandbox=sandbox, sample=3)
    run_python(script)
    info, said = dashboard.bucket.bucket(BUCKET), capsys.readouterr().out
    assert info.location in said
    assert said.count("audio/") == 2 * 3  # the first names, and their content types
    assert run_command(script) in {0, 1}
    checks = capsys.readouterr().out
    assert info.location in checks
    assert f"refused: {own}\n" in checks  # and none of the others, which it refuses as well
    nowhere = buckets.check(BUCKET, origins=(), sandbox=sandbox, sample=3)
    assert run_command(nowhere) in {0, 1}
    unasked = capsys.readouterr().out
    assert "CORS: No origin of Encord's pages is named" in unasked
    assert "refused: " not in unasked


def test_both_prove_an_integration(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {each.title: each.id for each in dashboard.gateway.list_integrations()}
    script = buckets.prove(
        dashboard.place,
        bucket=BUCKET,
        integration=found[INTEGRATION],
        title=INTEGRATION,
        key=f"gs://{BUCKET}/images/street/0001.jpg",
        strict=False,
        origin=cors.ORIGINS["EU"][0],
    )
    before = dashboard.bucket.bucket(BUCKET)
    dashboard.bucket.set_cors(BUCKET, "[]", metageneration=before.metageneration)
    assert run_command(script) == 1
    assert "Needed: CORS rules for this origin" in capsys.readouterr().out
    closed = dashboard.bucket.bucket(BUCKET)
    rules = cors.mended("[]", cors.ORIGINS["EU"])
    dashboard.bucket.set_cors(BUCKET, rules, metageneration=closed.metageneration)
    assert run_command(script) == 0
    assert f"{INTEGRATION}: proven" in capsys.readouterr().out
    run_python(script)
    assert "Signed URL opens" in capsys.readouterr().out
    records = dashboard.runtime.buckets.records
    trials = records.trials(connection=dashboard.connection, bucket=BUCKET)
    assert [(each.state, each.clean) for each in trials] == [
        (TrialState.PROVEN, True),
        (TrialState.PROVEN, True),
        (TrialState.FAILED, True),
    ]


@pytest.mark.parametrize("run", [run_python, run_command])
def test_both_set_the_rules_that_were_shown(
    dashboard: Dashboard, run: Callable[[Script], object]
) -> None:
    info = dashboard.bucket.bucket(BUCKET)
    origin = f"https://{run.__name__.replace('_', '-')}.example.com"
    document = cors.mended(info.cors_document, [origin])
    sandbox = dashboard.place.domain
    run(buckets.set_cors(BUCKET, document, info.metageneration, sandbox=sandbox))
    assert dashboard.bucket.bucket(BUCKET).cors == cors.parse(document)


def test_neither_overwrites_rules_that_somebody_changed(dashboard: Dashboard) -> None:
    info = dashboard.bucket.bucket(BUCKET)
    script = buckets.set_cors(BUCKET, "[]", info.metageneration - 1, sandbox=dashboard.place.domain)
    with pytest.raises(Exception, match="412"):
        run_python(script)
    assert run_command(script) == 2
    assert dashboard.bucket.bucket(BUCKET).cors == info.cors


def test_both_make_the_same_manifest_of_a_listing(dashboard: Dashboard) -> None:
    recipe = Recipe(name="Videos", include=("**.mp4", "**.webm"), title="{stem}")
    script = buckets.make_manifest(
        BUCKET,
        "videos.json",
        recipe.to_json().decode(),
        prefixes=("videos/", "audio/"),
        sandbox=dashboard.place.domain,
    )
    run_python(script)
    by_program = Path("videos.json").read_bytes()
    Path("videos.json").unlink()
    assert run_command(script) == 0
    assert Path("videos.json").read_bytes() == by_program
    assert len(json.loads(by_program)["videos"]) == VIDEOS
