"""What an error of Google means for a check: each looks different, and has its own way out."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.cloud_storage.credentials import CredentialProblem
from services.cloud_storage.errors import (
    Changed,
    InvalidRequest,
    NotAuthenticated,
    NotAuthorised,
    NotBilled,
    NotFound,
    NotPublic,
    PayerMissing,
    RateLimited,
    StorageError,
    TimedOut,
    Unavailable,
    Unclear,
    Unreachable,
)
from services.domain.bucket_checks import BucketCheck, CheckVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked when Google refused."""

    code: str
    title: str
    bucket: str
    #: The call, e.g. `storage.buckets.get`, which is the permission's name too.
    permission: str
    #: Who asked: an e-mail address, or words.
    who: str
    #: The role that would do.
    role: str

    @property
    def question(self) -> str:
        """What was asked, in one line."""
        return f"{self.permission} on gs://{self.bucket}"

    @property
    def member(self) -> str:
        """Who asked, as `gcloud` names members; never everybody: nobody gets a bucket opened."""
        return f"serviceAccount:{self.who}" if "@" in self.who else "user:YOU@example.com"

    def command(self, template: str) -> str:
        """Fill a command's places."""
        return template.format(bucket=self.bucket, member=self.member, role=self.role)


@dataclass(frozen=True, slots=True)
class _Way:
    verdict: CheckVerdict
    got: str
    needed: str
    command: str


GRANT: Final = (
    "gcloud storage buckets add-iam-policy-binding gs://{bucket} --member={member} --role={role}"
)
_DESCRIBE: Final = "gcloud storage buckets describe gs://{bucket}"
_REACH: Final = "curl -sSI https://storage.googleapis.com"
_UNCLEAR: Final = _Way(
    CheckVerdict.NOT_CHECKED,
    "An answer that says neither yes nor no",
    "Another look; Google may have trouble right now.",
    _DESCRIBE,
)
_WAYS: Final[MappingProxyType[type[StorageError], _Way]] = MappingProxyType(
    {
        NotAuthenticated: _Way(
            CheckVerdict.FAIL,
            "401: Google does not know who is asking",
            "Credentials that Google accepts; a key may have been deleted or have expired, or this "
            "machine's clock be wrong.",
            "gcloud auth application-default login",
        ),
        NotAuthorised: _Way(
            CheckVerdict.FAIL,
            "403: refused",
            "The permission {permission} for whoever asks.",
            GRANT,
        ),
        NotPublic: _Way(
            CheckVerdict.FAIL,
            "401: not open to everybody",
            "Somebody to ask as who has the permission {permission}: the bucket is not open to "
            "everybody for it.",
            GRANT,
        ),
        NotBilled: _Way(
            CheckVerdict.FAIL,
            "403: a project's billing is off",
            "A billing account in force for the bucket's project, and for that of the credentials; "
            "no permission helps until then.",
            "gcloud billing projects list --billing-account=ACCOUNT",
        ),
        NotFound: _Way(
            CheckVerdict.FAIL,
            "404: not there",
            "The exact name of a bucket that exists; Google hides some from strangers.",
            "gcloud storage buckets list --filter=name:{bucket}",
        ),
        InvalidRequest: _Way(
            CheckVerdict.FAIL,
            "400: refused as invalid",
            "A name that Google accepts.",
            _DESCRIBE,
        ),
        PayerMissing: _Way(
            CheckVerdict.FAIL,
            "400: requester pays is on",
            "Off: Encord names no project to charge, so Google refuses it.",
            "gcloud storage buckets update gs://{bucket} --no-requester-pays",
        ),
        Changed: _Way(
            CheckVerdict.NOT_CHECKED,
            "412: somebody changed the bucket in between",
            "Another look.",
            _DESCRIBE,
        ),
        RateLimited: _Way(
            CheckVerdict.NOT_CHECKED,
            "429: Google asks to slow down",
            "Another look in {pause}.",
            _DESCRIBE,
        ),
        TimedOut: _Way(
            CheckVerdict.NOT_CHECKED,
            "No answer in time",
            "Another look; if it stays, this server's way to storage.googleapis.com.",
            _REACH,
        ),
        Unreachable: _Way(
            CheckVerdict.NOT_CHECKED,
            "No way through: no network, no such host, or the connection was cut",
            "A network, and a proxy or firewall that lets storage.googleapis.com through.",
            _REACH,
        ),
        Unclear: _UNCLEAR,
        Unavailable: _UNCLEAR,
    }
)


def is_answer(error: StorageError) -> bool:
    """Tell whether Google's answer decides something, other than trouble that passes."""
    return _WAYS[type(error)].verdict is CheckVerdict.FAIL


def refused(error: StorageError, asked: Asked) -> BucketCheck:
    """Return the check that an error decides, or leaves open."""
    way = _WAYS[type(error)]
    return BucketCheck(
        code=asked.code,
        title=asked.title,
        verdict=way.verdict,
        asked=asked.question,
        got=f"{way.got}. {error.raw}".rstrip(". ") if error.raw else way.got,
        needed=way.needed.format(permission=asked.permission, pause=_pause(error)),
        command=asked.command(way.command),
    )


def nobody(problem: CredentialProblem, bucket: str) -> BucketCheck:
    """Return the check that says that there is nobody to ask as."""
    return BucketCheck(
        code="credentials",
        title="Credentials",
        verdict=CheckVerdict.NOT_CHECKED,
        asked=f"Nothing yet, about gs://{bucket}",
        got=str(problem),
        needed="Somebody to ask as: choose under Bucket and credentials. For this server's own:",
        command="gcloud auth application-default login",
    )


def _pause(error: StorageError) -> str:
    seconds = getattr(error, "retry_after", None)
    return f"{seconds:.0f} seconds" if seconds else "a minute"
