"""Configuration by environment. Only ``gateway.bootstrap`` reads this module; everything else is handed what it needs.

Every variable is explained in docs/runbook.md. In production nothing that protects anybody has a default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from gateway.policy.vocabulary import tells

ROOT = Path(__file__).resolve().parents[1]


class Environment(StrEnum):
    """``DEMO``: synthetic people, quick retries, a key made on the spot. Nobody real may ever be in a demonstration."""

    DEMO = "demo"
    PRODUCTION = "production"


class Misconfigured(Exception):
    """Settings are missing or cannot be read; ``problems`` holds a sentence for each, without any value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(BaseModel):
    """What the environment says. Secrets stay in files; the URLs of the two servers hold passwords, so they show as stars."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True)

    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    redis_url: SecretStr = Field(validation_alias="REDIS_URL")
    environment: Environment = Field(Environment.PRODUCTION, validation_alias="MARAC_ENV")
    key_file: Path = Field(validation_alias="MARAC_KEY_FILE")
    agencies: Path = Field(ROOT / "contracts" / "agencies", validation_alias="MARAC_AGENCIES")
    data: Path = Field(ROOT / ".data", validation_alias="MARAC_DATA")
    secrets: Path | None = Field(None, validation_alias="MARAC_SECRETS")
    holidays: Path | None = Field(None, validation_alias="MARAC_HOLIDAYS")
    base_url: str = Field("http://127.0.0.1:8000", validation_alias="MARAC_BASE_URL")
    oidc_issuer: str = Field("", validation_alias="OIDC_ISSUER")
    oidc_client_id: str = Field("", validation_alias="OIDC_CLIENT_ID")
    oidc_client_secret_file: Path | None = Field(None, validation_alias="OIDC_CLIENT_SECRET_FILE")
    api_audience: str = Field("case-gateway", validation_alias="MARAC_API_AUDIENCE")

    users: Path = Field(ROOT / "contracts" / "demonstration" / "users.toml", validation_alias="MARAC_USERS")
    poll_every: timedelta = Field(timedelta(minutes=5), validation_alias="MARAC_POLL_EVERY")

    variables: Mapping[str, str] = Field(default_factory=dict, repr=False)
    """The environment as it was read; references of agreements are looked up here."""

    @property
    def demonstration(self) -> bool:
        """Whether this is a demonstration with synthetic people."""
        return self.environment is Environment.DEMO

    def resolve(self, reference: str) -> str:
        """What a reference of an agreement stands for: ``env:NAME`` a variable, ``file:NAME`` a file of the secrets folder.

        Raises ``LookupError`` when there is none, when it is empty, or when others may read the file.
        """
        kind, _, name = reference.partition(":")
        if kind == "env" and (value := self.variables.get(name)):
            return value
        if kind == "file" and self.secrets:
            return self._secret(self.secrets / name)
        raise LookupError("nothing under this reference")

    def oidc_client_secret(self) -> str:
        """The secret by which the identity provider knows us. Raises ``LookupError`` as ``resolve``."""
        if self.oidc_client_secret_file is None:
            raise LookupError("OIDC_CLIENT_SECRET_FILE")
        return self._secret(self.oidc_client_secret_file)

    def _secret(self, path: Path) -> str:
        try:
            open_to_others = path.stat().st_mode & 0o077
            text = path.read_text(encoding="utf-8").strip()
        except OSError:
            raise LookupError("no such file") from None
        if not text or open_to_others:
            raise LookupError("empty, or open to others")
        return text


def read_settings() -> Settings:
    """From the environment. Raises ``Misconfigured``, which names every variable that is missing or wrong."""
    return settings_from(os.environ)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The same from a mapping of variables, for whoever starts processes with it."""
    try:
        settings = Settings.model_validate({**environment, "variables": dict(environment)})
    except ValidationError as fault:
        raise Misconfigured(tuple(f"{_variable(e['loc'])}: {e['msg']}" for e in fault.errors(include_input=False))) from None
    if problems := tuple(_unsafe(settings)):
        raise Misconfigured(problems)
    return settings


def _variable(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place)


def _unsafe(settings: Settings) -> list[str]:
    """What production must not run with."""
    if settings.demonstration:
        return []
    problems = []
    if not settings.base_url.startswith("https://"):
        problems.append("MARAC_BASE_URL: must begin with https:// outside a demonstration")
    if settings.oidc_issuer and not settings.oidc_issuer.startswith("https://"):
        problems.append("OIDC_ISSUER: must begin with https:// outside a demonstration")
    shown = {"MARAC_BASE_URL": settings.base_url, "OIDC_CLIENT_ID": settings.oidc_client_id, "MARAC_API_AUDIENCE": settings.api_audience}
    problems += [
        f"{name}: says what this is for, and stands in histories, logs and certificates; choose a neutral name"
        for name, value in shown.items()
        if tells(value.encode())
    ]
    return problems
