"""Settings, read once from the environment and passed down. Nothing else reads the environment."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.domain import cors
from services.encord_api.domains import DomainProblem, check_domain

MEGABYTE: Final = 1_000_000
#: What Streamlit takes a megabyte for, whose fields refuse a larger file before it is sent.
UPLOADED_MEGABYTE: Final = 1024 * 1024


class UnusableSettingError(ValueError):
    """What a setting names could never be used; pydantic says which setting it is."""

    def __init__(self, value: str, why: str) -> None:
        super().__init__(f"{value}: {why}")


def _domain(text: str) -> str:
    try:
        return check_domain(text)
    except DomainProblem as problem:
        raise UnusableSettingError(text, str(problem)) from None


def _origin(text: str) -> str:
    if cors.is_origin(text):
        return text
    raise UnusableSettingError(text, "An origin looks like https://app.encord.example.com.")


class Settings(BaseSettings):
    """Every setting, its default and its meaning; set as `ENCORD_ONBOARDING_<NAME>`."""

    # A variable that is passed on where nobody set it, as by a container's file, is empty.
    model_config = SettingsConfigDict(
        env_prefix="ENCORD_ONBOARDING_", frozen=True, env_ignore_empty=True
    )

    data_dir: Path = Field(Path(".data"), description="Home of manifests, ledger and receipts.")
    database_url: str | None = Field(
        None, description="Ledger; default SQLite in data_dir.", repr=False
    )
    sandbox: bool = Field(True, description="Start the sandbox and offer it as connection.")
    sandbox_rate: float = Field(40.0, description="Units the sandbox processes per second.")
    max_upload_mb: int = Field(500, description="Largest manifest accepted, in MB.")
    manifest_folders: tuple[Path, ...] = Field(
        (), description="Folders of this server that people may take manifests from."
    )
    domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = Field(
        (), description="Own Encord domains, beside EU and US."
    )
    encord_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        (), description="Own origins of Encord's pages, for a bucket's CORS rules."
    )
    executor: Literal["embedded", "procrastinate"] = Field(
        "embedded",
        description="What rings for work; procrastinate needs a PostgreSQL database_url.",
    )
    worker_slots: int = Field(4, ge=1, le=16, description="Requests the worker has open at once.")
    lease_seconds: float = Field(30.0, description="How long a silent worker keeps its work.")
    poll_first_seconds: float = Field(2.0, description="Pause before the first look at a job.")
    poll_last_seconds: float = Field(30.0, description="Longest pause between looks at a job.")
    settle_seconds: float = Field(
        600.0, description="How long an unanswered upload is given to appear before we look."
    )
    send_deadline_seconds: float = Field(
        200.0, description="The longest one step may take; past it the worker ends itself."
    )
    link_piece: int = Field(1000, description="Items linked to a dataset in one request.")
    webhook_url: str | None = Field(
        None, description="Told when a run ends or needs attention.", repr=False
    )
    webhook_secret: SecretStr | None = Field(None, description="Signs what the webhook is told.")
    least_free_mb: int = Field(
        200, description="Pages warn when the data directory's disk has less than this, in MB."
    )
    log_level: str = "INFO"
    #: The SDK's own variables, so that a set-up that works for scripts works here.
    ssh_key_file: Path | None = Field(None, validation_alias="ENCORD_SSH_KEY_FILE")
    ssh_key: SecretStr | None = Field(None, validation_alias="ENCORD_SSH_KEY")
    ssh_key_passphrase: SecretStr | None = None
    #: Domain that belongs to the server's own key.
    domain: str = "https://api.encord.com"

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'ledger.sqlite3').absolute()}"

    @property
    def backups(self) -> Path:
        """Where the hourly backups of the ledger are."""
        return self.data_dir / "backups"

    @property
    def max_upload_bytes(self) -> int:
        """Largest manifest accepted, in bytes."""
        return self.max_upload_mb * UPLOADED_MEGABYTE
