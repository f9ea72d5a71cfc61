"""The receipt for people: one self-contained page to print or to keep, in plain HTML.

Everything that came from outside is escaped; the page asks no server for anything.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from services.engine.proof.rows import VerifiedRow

#: Rows that are shown; all of them are in the files beside the receipt.
SHOWN: Final = 200
_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #ccc;
  vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; }
.hash { font-family: ui-monospace, monospace; font-size: .85rem; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""
_CHECK: Final = (
    "<h2>Check it</h2><p>The rows' JSON Lines file has this SHA-256; "
    "<code>python -m services verify-receipt FILE</code> computes all of it again.</p>"
)


def page(body: Mapping[str, Any], wrong: Sequence[VerifiedRow], total: int) -> str:
    """Return the page.

    Args:
        body: The receipt.
        wrong: The first rows that are not matched.
        total: How many there are of those.
    """
    proven = "Everything arrived" if body["proven"] else "Not everything arrived"
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f"<title>Receipt {escape(body['receipt'])}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{proven}</h1><p>{escape(body['name'])}, verified on {escape(body['at'])}</p>",
            "<h2>Counts</h2>",
            _table(_counts(body)),
            "<h2>What was compared</h2>",
            _table(_about(body)),
            *_since(body),
            *_rows(wrong, total),
            _CHECK,
            _table([("Rows", body["rows_sha256"]), ("Seal", body["seal"])], "hash"),
            "</body></html>\n",
        )
    )


def _counts(body: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield "Expected", f"{body['counts']['expected']:,}"
    for verdict, count in body["counts"]["verdicts"].items():
        yield verdict.capitalize(), f"{count:,}"
    yield "Held back before sending", f"{body['counts']['held']:,}"


def _about(body: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for what, name, key in (
        ("manifest", "name", "fingerprint"),
        ("dataset", "title", "uuid"),
        ("folder", "name", "uuid"),
        ("integration", "title", "id"),
    ):
        said = [str(body[what][part]) for part in (name, key) if body[what][part]]
        yield what.capitalize(), " ".join(said) or "none"
    places = [place for place, uuid in body["compared_with"].items() if uuid]
    yield "Compared with", " and ".join(places)
    yield "Looks", f"{body['looks']['count']} over {body['looks']['seconds']} s"
    yield "Account", body["account"]
    yield "Asked by", body["run"]["by"]
    yield "Options", ", ".join(f"{key}: {value}" for key, value in body["options"].items())
    yield "Versions", ", ".join(f"{key} {value}" for key, value in body["versions"].items())


def _since(body: Mapping[str, Any]) -> Iterator[str]:
    since = body.get("since")
    if not since:
        return
    yield f"<h2>Since {escape(str(since['at']))}</h2>"
    changed = [
        (f"{each['then']} then, {each['now']} now", each["entries"]) for each in since["changes"]
    ]
    yield _table(changed) if changed else "<p>Nothing has changed.</p>"


def _rows(wrong: Sequence[VerifiedRow], total: int) -> Iterator[str]:
    if not total:
        return
    shown = f"the first {len(wrong):,} of {total:,}" if total > len(wrong) else f"{total:,}"
    yield f"<h2>Not matched: {shown}</h2><table>"
    yield "<tr><th>Verdict</th><th>Object URL</th><th>Why</th></tr>"
    for row in wrong:
        why = ": ".join(part for part in (row.stage, row.detail) if part)
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (row.verdict, row.url, why))
        yield f"<tr>{cells}</tr>"
    yield "</table>"


def _table(rows: Iterable[tuple[str, object]], kind: str = "") -> str:
    lines = (
        f'<tr><th scope="row">{escape(name)}</th><td class="{kind}">{escape(str(value))}</td></tr>'
        for name, value in rows
    )
    return f"<table>{''.join(lines)}</table>"
