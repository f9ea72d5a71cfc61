"""The reviewed table of causes: what Encord's messages say, and what a person does about it.

Encord documents one message; the others are Google's, Amazon's and those of common decoders. The
table is read from top to bottom, so the specific stands before the general. What matches nothing
stays *unknown*: a wrong remedy costs more than none.

A phrase is words of a message, in lower case and without punctuation; its last word may go on
(`corrupt` finds `corrupted`) unless a blank follows it. ` * ` stands for any words, `^` for the
beginning. No regular expression is run, so no message can make the search slow.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why Encord could not register an entry, in words that lead to a fix."""

    code: str
    title: str
    remedy: str
    #: Any of these says so.
    phrases: tuple[str, ...]


def _cause(code: str, title: str, remedy: str, *phrases: str) -> Cause:
    return Cause(code=code, title=title, remedy=remedy, phrases=phrases)


def _status(*numbers: int) -> tuple[str, ...]:
    """Write an HTTP status as messages do; a bare number may be part of a name."""
    before = ("^", "code", "status", "http", "error", "response")
    return tuple(f"{word} {number} " for number in numbers for word in before)


UNKNOWN_CAUSE: Final = _cause(
    "unknown",
    "Encord gave a reason we do not know",
    "Read the message; quote its reference to Encord's support if it does not help.",
)

#: About the entry: the manifest has to change.
_ENTRY: Final = (
    _cause(
        "wrong-type",
        "The file is not of the type the manifest says",
        "Correct the entry's type in the manifest and submit it again.",
        *("expected a * got a file of type", "expected an * got a file of type"),
        *("unsupported file type", "unsupported media type", "unsupported mime", "mime type mis"),
    ),
    _cause(
        "media-metadata-missing",
        "The integration is strict client-only and the entry has no media metadata",
        "Add the media metadata to the entry, or use an integration that may read the files.",
        *("strict client only", "media metadata", "client only access"),
    ),
    _cause(
        "entry-invalid",
        "The entry itself cannot be used",
        "Correct what the message names in the manifest and submit it again.",
        *("objecturl is ", "objecturl contains", "title must be", "title is "),
        *("clientmetadata must", "client metadata must", "imageitems is empty"),
        *("is not a valid url", "invalid url", "no image with the uuid"),
    ),
    _cause(
        "url-foreign",
        "The URL is outside the integration's bucket",
        "Correct the URL, or submit these entries through the integration of their bucket.",
        *("not an object url of this integration", "bucket does not match the integration"),
    ),
    _cause(
        "duplicate",
        "Encord has the file already",
        "Nothing needs to be done, unless the entry was meant to be another file.",
        *("already exists", "already registered", "duplicate "),
    ),
)

#: About the address: signed URLs.
_SIGNED: Final = (
    _cause(
        "url-expired",
        "The signed URL has expired",
        "Use gs:// URLs, which never expire, or sign the URLs again and submit them at once.",
        *("expiredtoken", "token has expired", "token is expired", "request has expired"),
        *("signature expired", "url has expired", "url expired", "link has expired"),
        "signature not valid in the specified time frame",
    ),
    _cause(
        "url-signature",
        "The signed URL's signature is not accepted",
        "Use gs:// URLs, or sign the URLs again with a key that is still active.",
        *("signaturedoesnotmatch", "signature you provided", "invalid signature"),
        "signature does not match",
    ),
)

#: About the bucket as a whole: an administrator has to act.
_BUCKET: Final = (
    _cause(
        "requester-pays",
        "The bucket makes whoever reads it pay",
        "Switch requester pays off for the bucket, or copy the files to a bucket without it.",
        *("requester pays", "requesterpays", "userprojectmissing", "no user project"),
    ),
    _cause(
        "billing-disabled",
        "The bucket's project has no active billing account",
        "Ask the owner of the Google Cloud project to mend its billing, then retry.",
        *("billing account", "billing has not been enabled", "billing is disabled"),
        *("userprojectaccountproblem", "accountdisabled", "accountproblem", "delinquent"),
    ),
    _cause(
        "encryption-key",
        "Encord may not use the key the object is encrypted with",
        "Give Cloud Storage the role Encrypter/Decrypter on the key, or use Google's own keys.",
        *("cloudkms", "kms key", "kms.", "encrypted with a customer", "encryptedwithcustomer"),
        *("customer supplied encryption", "customer encryption key"),
    ),
    _cause(
        "network-perimeter",
        "A policy of the organization keeps Encord out",
        "Ask the cloud administrator for an exception for the integration's service account.",
        *("vpcservicecontrols", "vpc service controls", "organization's policy"),
        *("organization policy", "organisation policy", "securitypolicyviolated"),
    ),
    _cause(
        "object-archived",
        "The object's storage class must be restored before it is read",
        "Restore the objects to a standard storage class, then retry.",
        *("invalidobjectstate", "not valid for the object's storage class", "blobarchived"),
        *("archive tier", "archived blob"),
    ),
    _cause(
        "cors",
        "The bucket's CORS rules do not admit Encord",
        "Add Encord's origin to the bucket's CORS rules (the Bucket page writes them), then retry.",
        *("cors ", "access control allow origin"),
    ),
    _cause(
        "bucket-missing",
        "There is no bucket of that name",
        "Correct the bucket's name in the URLs.",
        *("nosuchbucket", "bucket does not exist", "bucket not found", "bucket was not found"),
    ),
)

#: About the moment: the same request may succeed later.
_MOMENT: Final = (
    _cause(
        "rate-limited",
        "The storage asked Encord to slow down",
        "Retry later; for many files choose a smaller chunk.",
        *_status(429),
        *("too many requests", "ratelimitexceeded", "userratelimitexceeded", "rate limit"),
        *("slowdown", "slow down", "request rate", "quota exceeded", "quotaexceeded"),
    ),
    _cause(
        "object-changed",
        "The object was changed while Encord read it",
        "Wait until nothing writes to the bucket, then retry.",
        *_status(412),
        *("precondition", "pre conditions you specified", "conditionnotmet"),
        *("object was modified", "object has changed", "generation * does not match"),
    ),
    _cause(
        "timed-out",
        "Encord did not get the file in time",
        "Retry; if it stays, check the file's size and the bucket's region.",
        *_status(408, 504),
        *("timed out", "time out", "timeout", "deadline exceeded", "deadlineexceeded"),
        *("took too long", "gateway time"),
    ),
    _cause(
        "storage-unavailable",
        "The storage had a fault of its own",
        "Retry later.",
        *_status(500, 502, 503),
        *("service unavailable", "serviceunavailable", "backend error", "backenderror"),
        *("bad gateway", "internal server error", "internal error", "internalerror"),
    ),
    _cause(
        "unreachable",
        "Encord could not reach the URL's host",
        "Check the host's name in the URL and that it answers from the internet, then retry.",
        *("name or service not known", "resolve host", "failed to resolve", "could not resolve"),
        *("name resolution", "connection refused", "connection reset", "connection aborted"),
        *("no route to host", "certificate verify failed", "ssl error", "sslerror"),
    ),
)

#: About the object: its size, its rights, its presence.
_OBJECT: Final = (
    _cause(
        "too-large",
        "The file is larger than Encord takes",
        "Split or shrink the file; Encord's limits depend on the plan.",
        *_status(413),
        *("too large", "too big", "too long", "too many frames", "entitytoolarge"),
        *("exceeds the maximum", "exceeds maximum", "exceeds the limit", "exceeds the size"),
        *("exceeds the allowed", "exceeds limit", "larger than", "maximum file size"),
        *("maximum allowed size", "file size limit", "decompression bomb"),
    ),
    _cause(
        "object-empty",
        "The object is empty",
        "Upload the file again: it has 0 bytes.",
        *("file is empty", "object is empty", "empty file", "empty object", "is 0 bytes"),
        *("0 bytes ", "zero length", "zero bytes", "zero byte file"),
    ),
    _cause(
        "object-anonymous",
        "The object was asked for without the integration's identity",
        "Choose the integration that belongs to the bucket, and write its URLs as gs:// URLs.",
        *("anonymous caller", "anonymous credentials", "login required"),
    ),
    _cause(
        "integration-refused",
        "The storage does not know the integration's identity",
        "Check the integration in Encord: its account or key was removed or disabled.",
        *_status(401),
        *("invalid credentials", "invalid_grant", "invalidaccesskeyid", "invalid access key"),
        *("unauthorized", "could not assume role", "assumerole", "integration does not exist"),
    ),
    _cause(
        "object-forbidden",
        "Encord may not read the object",
        "Give the integration's service account Storage Object Viewer on the bucket or prefix, "
        "then retry.",
        *_status(403),
        *("forbidden", "permission denied", "permission * denied", "access denied", "accessdenied"),
        *("not have * access", "not have permission", "not have * permission"),
        *("insufficient permission", "insufficientpermissions", "not authorized"),
        *("not authorised", "need the * permission"),
    ),
    _cause(
        "object-missing",
        "The object is not in the bucket",
        "Upload the file or correct its URL, then retry.",
        *_status(404, 410),
        *("404 not found", "nosuchkey", "blobnotfound", "no such object", "no such key"),
        *("no such file", "object does not exist", "key does not exist", "file does not exist"),
        *("blob does not exist", "object not found", "file not found", "key not found"),
        *("object was not found", "file was not found", "file could not be found"),
        "object could not be found",
    ),
)

#: About the file's content.
_CONTENT: Final = (
    _cause(
        "dicom-tags-missing",
        "DICOM files lack tags that a series needs",
        "Export the series again with the tags that the message names.",
        *("dicom tags are missing", "missing dicom tag", "required dicom tag"),
        *("missing required dicom", "dicom tag * missing"),
    ),
    _cause(
        "frames-differ",
        "The files of one group do not fit together",
        "Put only images of the same size, or files of the same series, into one group.",
        *("different sizes", "different dimensions", "same dimensions", "same size"),
        *("different series", "seriesinstanceuid"),
    ),
    _cause(
        "codec-unsupported",
        "Encord cannot play the file's codec",
        "Encode the file again, a video for example as H.264 in MP4, and upload it.",
        *("unsupported codec", "codec is not supported", "codec not supported"),
        *("unsupported video codec", "unsupported audio codec", "unknown codec"),
        "decoder * not found",
    ),
    _cause(
        "object-unreadable",
        "The file could not be read as the type it claims to be",
        "Open the file yourself: it may be damaged or have the wrong ending.",
        *("corrupt", "file is damaged", "could not decode", "could not be decoded"),
        *("cannot decode", "failed to decode", "error decoding", "decoding failed"),
        *("cannot identify", "could not be read", "could not read", "cannot read"),
        *("could not parse", "could not be parsed", "failed to parse", "truncated"),
        *("invalid data found", "moov atom not found", "not a valid", "premature end"),
    ),
)

#: First match wins.
CAUSES: Final = (*_ENTRY, *_SIGNED, *_BUCKET, *_MOMENT, *_OBJECT, *_CONTENT)
