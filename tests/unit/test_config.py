"""Settings: what is missing or unsafe is named, and no value is ever repeated."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.bootstrap import Misconfigured, settings_from

WHOLE = {
    "DATABASE_URL": "postgresql://gateway:Zzyzxcanary@db/gateway", "REDIS_URL": "redis://:Zzyzxcanary@redis/0", "MARAC_KEY_FILE": "/keys",
    "MARAC_BASE_URL": "https://cases.example", "OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "gateway",
}  # fmt: skip


def test_production_is_what_you_get_without_a_word() -> None:
    settings = settings_from(WHOLE)
    assert not settings.demonstration
    assert settings.poll_every == timedelta(minutes=5)


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "MARAC_KEY_FILE"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(Misconfigured) as told:
        settings_from({key: value for key, value in WHOLE.items() if key != name})
    assert [problem.split(":")[0] for problem in told.value.problems] == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [("MARAC_BASE_URL", "http://cases.example"), ("OIDC_ISSUER", "http://id.example"), ("MARAC_ENV", "staging"), ("MARAC_POLL_EVERY", "Zzyzxcanary")],
)
def test_what_is_unsafe_or_not_understood_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(Misconfigured) as told:
        settings_from(WHOLE | {name: value})
    assert str(told.value).startswith(f"{name}:")
    assert "Zzyzxcanary" not in str(told.value)


def test_a_demonstration_may_use_plain_http() -> None:
    assert settings_from(WHOLE | {"MARAC_ENV": "demo", "MARAC_BASE_URL": "http://127.0.0.1:8000"}).demonstration


def test_settings_show_no_password() -> None:
    settings = settings_from(WHOLE | {"AGENCY_SECRET": "Zzyzxcanary"})
    assert "Zzyzxcanary" not in repr(settings)
    assert "Zzyzxcanary" not in str(settings)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name, text, mode in (("good", "s3cret\n", 0o600), ("empty", "\n", 0o600), ("open", "s3cret", 0o644)):
        (folder / name).write_text(text)
        (folder / name).chmod(mode)
    return folder


def test_references_are_resolved_from_the_environment_and_the_folder_of_secrets(secrets: Path) -> None:
    settings = settings_from(WHOLE | {"MARAC_SECRETS": str(secrets), "TRUST_URL": "https://trust.example"})
    assert settings.resolve("env:TRUST_URL") == "https://trust.example"
    assert settings.resolve("file:good") == "s3cret"


@pytest.mark.parametrize("reference", ["env:ABSENT", "file:absent", "file:empty", "file:open", "s3cret", "http://trust.example"])
def test_a_reference_to_nothing_stops_and_does_not_show_itself(secrets: Path, reference: str) -> None:
    settings = settings_from(WHOLE | {"MARAC_SECRETS": str(secrets), "ABSENT": ""})
    with pytest.raises(LookupError) as told:
        settings.resolve(reference)
    assert "s3cret" not in str(told.value)


def test_a_reference_to_a_file_needs_the_folder() -> None:
    with pytest.raises(LookupError):
        settings_from(WHOLE).resolve("file:good")
