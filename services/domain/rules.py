"""The one registry of finding codes: reports, Reference pages and `--explain CODE` read from it.

The texts stand in `services.domain.rulebook`; what finds them is `services.manifests`.
"""

from typing import Final

from services.domain.findings import Severity
from services.domain.rulebook import entries, files, metadata
from services.domain.rulebook.rule import Fix, Rule

__all__ = ["GROUPS", "ORDER", "RULES", "Fix", "Rule"]

#: Heading to its rules, in the order of the Reference page.
GROUPS: Final[dict[str, tuple[Rule, ...]]] = {
    "File": files.BYTES,
    "JSON": files.JSON,
    "CSV": files.CSV,
    "Top level": files.TOP,
    "Limits": files.LIMITS,
    "URLs": entries.URLS,
    "Titles": entries.TITLES,
    "Fields": entries.FIELDS,
    "Groups and series": entries.GROUPS,
    "Media metadata": entries.MEDIA,
    "Custom metadata": metadata.METADATA,
    "Bucket check": metadata.BUCKET,
}

#: Code to rule.
RULES: Final[dict[str, Rule]] = {
    each.code: each for rules_of_group in GROUPS.values() for each in rules_of_group
}

#: Code to its place in lists: errors first, then as on the Reference page.
ORDER: Final[dict[str, int]] = {
    code: place
    for place, code in enumerate(
        sorted(RULES, key=lambda code: list(Severity).index(RULES[code].severity))
    )
}
