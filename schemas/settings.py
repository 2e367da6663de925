"""All settings, read from the environment (prefix `HUB_`) in this one place."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import UsageError
from schemas.match_model import PERSON_MODEL
from schemas.survivorship import SURVIVORSHIP

PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Where the hub lives and how much of the machine it may use."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore")

    home: Path = Field(default=Path("data"), description="Folder that holds everything the hub stores.")
    keys: Path | None = Field(default=None, description="Folder of the secret keys; default: `<home>-keys` beside the home.")
    sources: Path | None = Field(default=None, description="Folder of source mappings; default: the ones of the demo.")
    ledger_url: str | None = Field(default=None, description="SQLAlchemy URL of the ledger; default: SQLite in the home.")
    memory: str = Field(default="4GB", description="Memory limit of the warehouse, as DuckDB writes it.")
    threads: int = Field(default=0, ge=0, description="Threads of the warehouse; 0 = all cores.")
    keep_versions: int = Field(default=3, ge=1, description="Published versions kept.")
    timezone: str = Field(default="Asia/Shanghai", description="Time zone of dates without one, unless the mapping says.")
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port the API listens on.")
    workers: int = Field(default=1, ge=1, description="API worker processes.")
    settle_seconds: float = Field(
        default=2.0, ge=0, description="A landing file younger than this is still growing, unless a .done file lies beside it."
    )
    dagster_home: Path | None = Field(
        default=None, validation_alias="DAGSTER_HOME", description="Dagster's own variable; the hub sets it to `<home>/dagster`."
    )
    debug: bool = Field(default=False, description="Show tracebacks of errors that are told as one sentence otherwise.")

    @property
    def keys_dir(self) -> Path:
        return self.keys or self.home.with_name(self.home.name + "-keys")

    @property
    def sources_dir(self) -> Path:
        return self.sources or PROJECT / "schemas" / "sources"

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def match_model(self) -> Path:
        """The model that was adopted here, else the one the hub comes with."""
        return self.adopted_model if self.adopted_model.exists() else PERSON_MODEL

    @property
    def match_model_folder(self) -> Path:
        return self.home / "models"

    @property
    def adopted_model(self) -> Path:
        """Where `hub model adopt` puts it."""
        return self.match_model_folder / PERSON_MODEL.name

    @property
    def survivorship(self) -> Path:
        """The survivorship policy that was adopted here, else the one the hub comes with."""
        return self.adopted_survivorship if self.adopted_survivorship.exists() else SURVIVORSHIP

    @property
    def adopted_survivorship(self) -> Path:
        """Where `hub golden adopt` puts it."""
        return self.home / "rules" / SURVIVORSHIP.name

    @property
    def serving(self) -> Path:
        return self.home / "serving"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def dagster(self) -> Path:
        return self.home / "dagster"

    @property
    def truth(self) -> Path:
        return self.home / "truth"

    @property
    def writeback(self) -> Path:
        return self.home / "writeback"

    @property
    def run_lock(self) -> Path:
        return self.home / "run.lock"

    @property
    def ledger(self) -> str:
        return self.ledger_url or f"sqlite:///{(self.home / 'ledger.db').absolute()}"


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; `overrides` win.

    Raises:
        UsageError: a setting has a value it cannot have; it is named, its value is not shown.
    """
    try:
        return Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = f"HUB_{'_'.join(str(part) for part in first['loc']).upper()}"
        raise UsageError("this setting cannot be used", where=name, why=first["msg"]) from None
