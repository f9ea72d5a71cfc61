"""Verdicts on what Google answered about a bucket. Pure: every pass names its evidence."""

from collections.abc import Iterable, Sequence
from typing import Final

from services.cloud_storage.interface import BucketInfo, ObjectInfo
from services.domain import content_types, cors
from services.domain.bucket_checks import BucketCheck, CheckVerdict

READING: Final = ("storage.buckets.get", "storage.objects.list", "storage.objects.get")
CHANGING: Final = "storage.buckets.update"

_METADATA: Final = "The bucket's metadata"
#: Each read of an object of these classes costs a retrieval fee.
_COLD: Final = frozenset({"NEARLINE", "COLDLINE", "ARCHIVE"})
_NAMED: Final = 3


def metadata(info: BucketInfo) -> tuple[BucketCheck, ...]:
    """Judge what a bucket says about itself."""
    return (_location(info), _class(info), _uniform(info), _prevention(info), _payer(info))


def _update(info: BucketInfo, option: str) -> str:
    return f"gcloud storage buckets update gs://{info.name} {option}"


def _describe(bucket: str, field: str) -> str:
    return f"gcloud storage buckets describe gs://{bucket} --format='value({field})'"


def _location(info: BucketInfo) -> BucketCheck:
    return BucketCheck(
        code="location",
        title="Location",
        verdict=CheckVerdict.PASS if info.location else CheckVerdict.NOT_CHECKED,
        asked=_METADATA,
        got=info.location or "No location in the answer",
        command=_describe(info.name, "location"),
    )


def _class(info: BucketInfo) -> BucketCheck:
    cold = info.storage_class in _COLD
    known = CheckVerdict.PASS if info.storage_class else CheckVerdict.NOT_CHECKED
    return BucketCheck(
        code="storage-class",
        title="Storage class",
        verdict=CheckVerdict.WARN if cold else known,
        asked=_METADATA,
        got=info.storage_class or "No storage class in the answer",
        needed="STANDARD: each time somebody opens an object of this class, Google charges for it."
        if cold
        else "",
        command=_update(info, "--default-storage-class=STANDARD")
        if cold
        else _describe(info.name, "default_storage_class"),
    )


def _uniform(info: BucketInfo) -> BucketCheck:
    on = info.uniform_access
    return BucketCheck(
        code="uniform-access",
        title="Uniform access",
        verdict=CheckVerdict.PASS if on else CheckVerdict.WARN,
        asked=_METADATA,
        got="On: IAM alone decides who reads" if on else "Off: single objects may have own rules",
        needed="" if on else "On, so that a role on the bucket opens every object in it.",
        command=_describe(info.name, "uniform_bucket_level_access")
        if on
        else _update(info, "--uniform-bucket-level-access"),
    )


def _prevention(info: BucketInfo) -> BucketCheck:
    enforced = info.public_access_prevention == "enforced"
    return BucketCheck(
        code="public-access",
        title="Public access prevention",
        verdict=CheckVerdict.PASS if enforced else CheckVerdict.WARN,
        asked=_METADATA,
        got=info.public_access_prevention,
        needed=""
        if enforced
        else "Enforced, unless the files are meant to be public. Encord does not need them to be.",
        command=_describe(info.name, "public_access_prevention")
        if enforced
        else _update(info, "--public-access-prevention"),
    )


def _payer(info: BucketInfo) -> BucketCheck:
    on = info.requester_pays
    return BucketCheck(
        code="requester-pays",
        title="Requester pays",
        verdict=CheckVerdict.FAIL if on else CheckVerdict.PASS,
        asked=_METADATA,
        got="On" if on else "Off",
        needed="Off: Encord names no project to charge, so Google refuses it." if on else "",
        command=_update(info, "--no-requester-pays")
        if on
        else _describe(info.name, "requester_pays"),
    )


def permissions(granted: Iterable[str], *, bucket: str, command: str) -> BucketCheck:
    """Judge what whoever asks may do; the right to change CORS rules is nobody's duty."""
    held = set(granted)
    missing = [name for name in READING if name not in held]
    change = "may" if CHANGING in held else "may not"
    return BucketCheck(
        code="permissions",
        title="Permissions",
        verdict=CheckVerdict.FAIL if missing else CheckVerdict.PASS,
        asked=f"testIamPermissions on gs://{bucket}: {', '.join((*READING, CHANGING))}",
        got=f"Granted: {', '.join(sorted(held)) or 'none'}. CORS rules {change} be applied by it.",
        needed=f"{', '.join(missing)}." if missing else "",
        command=command if missing else f"gcloud storage buckets get-iam-policy gs://{bucket}",
    )


def listing(found: Sequence[ObjectInfo], *, bucket: str) -> BucketCheck:
    """Judge whether there is anything to onboard."""
    return BucketCheck(
        code="listing",
        title="Objects",
        verdict=CheckVerdict.PASS if found else CheckVerdict.WARN,
        asked=f"The first objects of gs://{bucket}, by name",
        got=f"{len(found)} listed" if found else "None: the bucket is empty",
        needed="" if found else "Files to onboard.",
        command=_list(bucket) if found else f"gcloud storage cp FILES gs://{bucket}/",
    )


def sizes(found: Sequence[ObjectInfo], *, bucket: str) -> BucketCheck:
    """Judge the sizes of the sampled objects."""
    empty = [each.name for each in found if not each.size]
    total = sum(each.size for each in found)
    return BucketCheck(
        code="sample-size",
        title="Sizes",
        verdict=CheckVerdict.WARN if empty else CheckVerdict.PASS,
        asked=f"The sizes of {len(found)} objects",
        got=f"Empty: {_some(empty)}" if empty else f"None is empty; {total:,} bytes together",
        needed="Files with content: Encord refuses empty ones." if empty else "",
        command=_list(bucket),
    )


def types(found: Sequence[ObjectInfo], *, bucket: str) -> BucketCheck:
    """Judge the content types of the sampled objects."""
    vague = [each.name for each in found if content_types.family_of(each.content_type) is None]
    said = sorted({each.content_type or "none" for each in found})
    return BucketCheck(
        code="sample-type",
        title="Content types",
        verdict=CheckVerdict.WARN if vague else CheckVerdict.PASS,
        asked=f"The content types of {len(found)} objects",
        got=f"Not said: {_some(vague)}" if vague else ", ".join(said),
        needed="A content type; browsers do not play or show files without one." if vague else "",
        command=f"gcloud storage objects update 'gs://{bucket}/**.EXTENSION' --content-type=TYPE"
        if vague
        else _list(bucket),
    )


def readable(read: Sequence[str], *, bucket: str) -> BucketCheck:
    """Say that the first byte of every sampled object came."""
    return BucketCheck(
        code="sample-readable",
        title="Readable",
        verdict=CheckVerdict.PASS if read else CheckVerdict.NOT_CHECKED,
        asked=f"The first byte of up to {len(read)} objects of gs://{bucket}",
        got=f"{len(read)} of {len(read)} could be read" if read else "No object with content",
        command=_list(bucket),
    )


def cors_rules(info: BucketInfo, origins: Sequence[str]) -> BucketCheck:
    """Judge whether Encord's pages may open objects, by the rules alone."""
    if not origins:
        return BucketCheck(
            code="cors",
            title="CORS",
            verdict=CheckVerdict.NOT_CHECKED,
            asked="The CORS rules, for no origin",
            got="No origin of Encord's pages is named",
            needed="An origin, under Bucket and credentials.",
            command=_describe(info.name, "cors_config"),
        )
    lacking = cors.refused(info.cors, origins)
    count = len(info.cors)
    listed = f"{count} rule{'' if count == 1 else 's'}"
    return BucketCheck(
        code="cors",
        title="CORS",
        verdict=CheckVerdict.FAIL if lacking else CheckVerdict.PASS,
        asked=f"The CORS rules, for {', '.join(origins)}",
        got=f"{listed}; refused: {', '.join(lacking)}" if lacking else f"{listed}; all may open",
        needed="A rule for these origins; see the CORS section." if lacking else "",
        command=_update(info, "--cors-file=cors.json")
        if lacking
        else _describe(info.name, "cors_config"),
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _list(bucket: str) -> str:
    return f"gcloud storage ls -L 'gs://{bucket}/**'"
