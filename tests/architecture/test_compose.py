"""docker-compose.yml, as far as it can be checked without an engine: the same processes, images by tag, health checks, no default secret."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from gateway.bootstrap import Settings, settings_from
from gateway.cli.__main__ import app
from tests.architecture.source import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "scheduler")

SERVICE_KEYS = {
    "build", "cap_add", "cap_drop", "command", "depends_on", "entrypoint", "env_file", "environment", "healthcheck", "image", "logging",
    "networks", "ports", "read_only", "restart", "security_opt", "shm_size", "stop_grace_period", "tmpfs", "user", "volumes",
}  # fmt: skip
"""Of the Compose specification's keys of a service, those that this file uses; a misspelt one is not among them."""
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}

services = pytest.mark.parametrize("name", SERVICES)


def test_the_processes_are_those_of_an_installation() -> None:
    assert set(SERVICES) == {"postgres", "redis", *OURS}
    assert set(COMPOSE) == {"name", "services", "networks", "volumes", "x-gateway"}


@services
def test_every_key_is_one_of_the_specification(name: str) -> None:
    assert set(SERVICES[name]) <= SERVICE_KEYS


@services
def test_images_are_named_by_tag(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].rpartition(":")
    assert image
    assert tag not in ("", "latest")
    for line in SERVICES[name].get("build", {}).get("dockerfile_inline", "").splitlines():
        if line.startswith("FROM"):
            assert re.fullmatch(r"FROM [a-z]+:[0-9][\w.-]+", line)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_what_runs_on_is_checked(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert set(check) <= HEALTH_KEYS
    assert {"test", "interval", "timeout", "retries"} <= set(check)
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert len(check["test"]) > 1


def test_every_secret_must_be_given() -> None:
    """``${NAME:?why}`` stops and says why; ``${NAME:-value}``, ``${NAME-value}`` and ``${NAME}`` would go on without."""
    asked = re.findall(r"(?<!\$)\$\{([^}]*)\}", TEXT)
    assert len(asked) >= 10
    assert all(re.fullmatch(r"[A-Z_]+:\?.{10,}", name, re.DOTALL) for name in asked)
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY", variable):
                assert re.match(r"\$\{[A-Z_]+:\?|/run/gateway/", str(value)), variable


def test_the_gateway_is_started_by_commands_that_exist() -> None:
    for name in OURS:
        told = CliRunner().invoke(app, [str(SERVICES[name]["command"][0]), "--help"])
        assert told.exit_code == 0, name
    for name in ("worker", "scheduler"):
        words = SERVICES[name]["healthcheck"]["test"]
        assert shlex.join(words[1:4]) == "python -m gateway.cli"
        assert CliRunner().invoke(app, [*words[4:], "--help"]).exit_code == 0


def test_every_variable_is_one_that_the_gateway_reads() -> None:
    read = {str(field.validation_alias) for field in Settings.model_fields.values()}
    for name in OURS:
        assert set(SERVICES[name]["environment"]) <= read, name


def test_the_settings_are_those_of_production() -> None:
    values = {name: re.sub(r"\$\{[^}]*\}", "https://given.example", str(value)) for name, value in SERVICES["web"]["environment"].items()}
    settings = settings_from(values)
    assert not settings.demonstration


@pytest.mark.parametrize("name", OURS)
def test_our_processes_have_few_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["user"].startswith("${GATEWAY_USER:?")


def test_only_the_web_server_is_reached_from_outside_and_only_on_this_machine() -> None:
    assert {name for name, service in SERVICES.items() if service.get("ports")} == {"web"}
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES["web"]["ports"])
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]


def test_nothing_starts_before_the_database_is_ready_for_it() -> None:
    for name in ("web", "worker", "scheduler"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_the_image_holds_the_product_and_no_tests() -> None:
    recipe = SERVICES["web"]["build"]["dockerfile_inline"]
    copied = set(re.findall(r"COPY (\w+) \./", recipe))
    assert copied == {"gateway", "mappings", "adapters", "outbox", "contracts"}
    assert "--require-hashes" in recipe
