"""What a check is asked to do; its digest names the folder that holds the answer."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from services.domain.metadata import MetadataSchema, read_schema

#: Raised whenever the same bytes could give another result.
ENGINE_VERSION: Final = 5
DEFAULT_SAMPLES: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """The choices that change what a check finds."""

    #: URLs in any other bucket get a warning.
    bucket: str | None = None
    #: Media metadata is required of every entry that can have it.
    strict_client_only: bool = False
    #: Findings kept per code; counts are exact all the same.
    samples: int = DEFAULT_SAMPLES
    #: Types of metadata keys; None means that no schema is known.
    schema: MetadataSchema | None = None
    #: The format that the manifest's name told; None leaves it to the name it has now. A finished
    #: check always says it, so that the same bytes under another name are read as they were.
    reading: str | None = None

    def to_json(self) -> str:
        """Write what `from_json` reads, always the same text for the same choices."""
        schema = self.schema
        content = {
            "version": ENGINE_VERSION,
            "bucket": self.bucket,
            "strict_client_only": self.strict_client_only,
            "samples": self.samples,
            "schema": None if schema is None else {k: v.write() for k, v in schema.items()},
            "reading": self.reading,
        }
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        content = json.loads(text)
        schema = content["schema"]
        return cls(
            bucket=content["bucket"],
            strict_client_only=content["strict_client_only"],
            samples=content["samples"],
            schema=None if schema is None else read_schema(schema),
            reading=content["reading"],
        )

    @cached_property
    def digest(self) -> str:
        """Name the check's folder: the same for the same choices, in any process."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]
