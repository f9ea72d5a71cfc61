"""The rules about the URLs of one entry: form, bucket, signature, extension, frames."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from services.domain import urls
from services.domain.entries import EntryType
from services.manifests.faults import Fault, Path, article, begun, found
from services.manifests.options import CheckOptions

#: Extension to the family of types it belongs to (formats that Encord names).
FAMILIES: Final[Mapping[str, str]] = {
    extension: family
    for family, extensions in {
        "image": "jpg jpeg png webp avif bmp tif tiff gif heic",
        "video": "mp4 mov webm mkv avi m4v 3gp 3g2 mj2",
        "audio": "mp3 wav flac eac3 m4a ogg aac",
        "pdf": "pdf",
        "text": "txt html htm md rst json xml yaml yml log",
        "csv": "csv",
        "dicom": "dcm dicom",
        "nifti": "nii",
        "scene": "pcd ply las laz e57 mcap bag db3",
    }.items()
    for extension in extensions.split()
}

#: Entry type to the families that fit it.
FITTING: Final[Mapping[EntryType, frozenset[str]]] = {
    EntryType.VIDEO: frozenset({"video"}),
    EntryType.IMAGE: frozenset({"image"}),
    EntryType.IMAGE_GROUP: frozenset({"image"}),
    EntryType.IMAGE_SEQUENCE: frozenset({"image"}),
    EntryType.AUDIO: frozenset({"audio", "video"}),
    EntryType.TEXT: frozenset({"text", "csv"}),
    EntryType.PDF: frozenset({"pdf"}),
    EntryType.NIFTI: frozenset({"nifti"}),
    EntryType.DICOM_SERIES: frozenset({"dicom"}),
    EntryType.SCENE: frozenset({"scene", "image", "csv", "text"}),
    EntryType.TIME_SERIES: frozenset({"csv"}),
}

_SAME: Final = {"jpeg": "jpg", "tiff": "tif"}
_NUMBERED: Final = re.compile(r"objectUrl_(.*)", re.DOTALL)
_PLAIN_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,8}")


def url_faults(url: object, path: Path, kind: EntryType, options: CheckOptions) -> Iterator[Fault]:
    """Check one URL."""
    name = str(path[-1])
    if not isinstance(url, str):
        yield Fault("url-type", path, url, {"field": name, "found": found(url)})
        return
    parts = urls.split(url)
    if isinstance(parts, urls.UrlFault):
        yield Fault(parts.code, path, url, {"field": name, **parts.details})
        return
    yield from _advice(parts, url, path, kind, options)


def _advice(
    parts: urls.ObjectUrl, url: str, path: Path, kind: EntryType, options: CheckOptions
) -> Iterator[Fault]:
    """Warn about URLs that can be sent but will probably disappoint."""
    if options.bucket and parts.bucket != options.bucket:
        details = {"bucket": parts.bucket, "chosen": options.bucket}
        yield Fault("url-other-bucket", path, url, details)
    if parts.is_signed:
        yield Fault("url-signed", path, url)
    if parts.host == urls.GOOGLE_PEOPLE_HOST:
        yield Fault("url-storage-cloud", path, url)
    family = FAMILIES.get(parts.extension)
    if family and family not in FITTING[kind]:
        details = {"extension": f".{parts.extension}", "article": article(kind.label)}
        yield Fault("url-extension", path, url, details)


def single_faults(
    fields: Mapping[str, object], kind: EntryType, options: CheckOptions
) -> Iterator[Fault]:
    """Check the URL of an entry that has one."""
    if "objectUrl" not in fields:
        yield Fault("url-missing", details={"field": "objectUrl"})
        return
    yield from url_faults(fields["objectUrl"], ("objectUrl",), kind, options)


def frame_keys(fields: Iterable[str]) -> list[str]:
    """Return the frame keys of a composite in frame order, odd ones last."""
    keys = [key for key in fields if _NUMBERED.fullmatch(key)]
    return sorted(keys, key=_frame_order)


def _frame_order(key: str) -> tuple[int, str]:
    number = key.removeprefix("objectUrl_")
    return (int(number), "") if _PLAIN_NUMBER.fullmatch(number) else (10**9, number)


def frame_faults(
    fields: Mapping[str, object], kind: EntryType, options: CheckOptions
) -> Iterator[Fault]:
    """Check the numbered URLs of a composite entry."""
    keys = frame_keys(fields)
    if not keys:
        yield Fault("group-empty", details={"article": begun(article(kind.label))})
        return
    yield from _number_faults(keys)
    first_with: dict[object, str] = {}
    for key in keys:
        url = fields[key]
        yield from url_faults(url, (key,), kind, options)
        if isinstance(url, str) and url and first_with.setdefault(url, key) != key:
            details = {"field": key, "previous": first_with[url]}
            yield Fault("group-duplicate-frame", (key,), url, details)
    yield from _mixed_faults([url for key in keys if isinstance(url := fields[key], str)])


def _number_faults(keys: list[str]) -> Iterator[Fault]:
    """Check that frames are numbered 0, 1, 2 ..."""
    previous = -1
    for key in keys:
        number = key.removeprefix("objectUrl_")
        if not _PLAIN_NUMBER.fullmatch(number):
            problem = f"{key[:80]} is not a plain frame number"
            yield Fault("group-order", (key,), key, {"problem": problem}, on_key=True)
            continue
        if previous < 0 and number != "0":
            problem = f"The first frame is {key}, not objectUrl_0"
            yield Fault("group-order", (key,), key, {"problem": problem}, on_key=True)
        elif int(number) > previous + 1:
            yield _gap(key, previous, int(number))
        previous = int(number)


def _gap(key: str, previous: int, number: int) -> Fault:
    missing = f"objectUrl_{previous + 1}"
    if number - previous > 2:  # noqa: PLR2004 - more than one is missing
        missing += f" to objectUrl_{number - 1}"
    details = {"key": key, "previous": f"objectUrl_{previous}", "missing": missing}
    return Fault("group-gap", (key,), key, details, on_key=True)


def _mixed_faults(frames: list[str]) -> Iterator[Fault]:
    parts = [urls.split(url) for url in frames]
    raw = [each.extension for each in parts if isinstance(each, urls.ObjectUrl)]
    extensions = sorted({_SAME.get(each, each) for each in raw if each})
    if len(extensions) > 1:
        yield Fault("group-mixed-types", details={"extensions": ", ".join(extensions)})
