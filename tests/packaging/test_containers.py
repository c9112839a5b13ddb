"""Image and compose file: what they start exists, what they set is a setting. Nothing is built."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from typer.main import get_command

from infra.settings import _SECRET, PREFIX, Settings, load_settings
from services.cli.alive import Kind
from services.cli.cluster import PROGRAMS
from services.cli.program import app

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "orderpath"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}

# Of what containers have in their own way: the database, Kafka without a login, folders.
OUTSIDE = {
    f"{PREFIX}{name}" for name in (
        "DATABASE_URL", "DATA_DIR", "KAFKA", "KAFKA_PROTOCOL", "KAFKA_MECHANISM", "KAFKA_USER",
        "KAFKA_PASSWORD", "KAFKA_CA_FILE", "LOG_FORMAT", "SEAL_KEYS", "WITNESS_FILE",
        "MASTER_KEY_FILE", "HTTP_HOST", "HTTP_PORT", "HTTP_ELSEWHERE", "HTTP_CERT_FILE",
        "HTTP_KEY_FILE", "URL", "API_KEY",
    )
}  # fmt: skip
EVERYWHERE = {f"{PREFIX}DATABASE_URL", f"{PREFIX}MASTER_KEY"}  # secret, and needed by all
OUTLETS = {
    f"{PREFIX}{name}" for name in (
        "SMTP_URL", "MAIL_FROM", "WEBHOOKS", "SMS_URL", "SMS_BODY", "SMS_HEADER", "CONTACTS",
    )
}  # fmt: skip


def filled_in(service: dict[str, Any], said: Mapping[str, str | None]) -> dict[str, str]:
    """Give a service's environment as compose makes it out of `.env`."""

    def value_of(found: re.Match[str]) -> str:
        return said.get(found[1]) or ""

    environment: dict[str, str] = service["environment"]
    return {
        name: re.sub(r"\$\{(\w+):[-?][^}]*\}", value_of, value)
        for name, value in environment.items()
    }


def test_compose_runs_what_up_cluster_runs() -> None:
    several = {name: service.get("deploy", {}).get("replicas", 1) for name, service in OURS.items()}
    programs = [tuple(OURS[name]["command"]) for name, n in several.items() for _ in range(n)]

    assert sorted(programs) == sorted([*PROGRAMS.values(), ("projection", "drive", "workers")])


@pytest.mark.parametrize("name", OURS)
def test_every_program_of_compose_is_a_command(name: str) -> None:
    found: Any = get_command(app)
    words = OURS[name]["command"]
    for word in words:
        if not hasattr(found, "commands"):
            break  # What follows are its arguments.
        found = found.commands[word]
    assert getattr(found, "invoke_without_command", True)  # of a group: it runs by itself too


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_compose_is_a_setting(name: str) -> None:
    assert OURS[name]["environment"].keys() <= SETTINGS


def test_every_setting_of_the_example_reaches_each_service_that_reads_it() -> None:
    said = {name: f"said of {name}" for name in dotenv_values(ROOT / ".env.example")}
    shop = said.keys() & SETTINGS - OUTSIDE - OUTLETS

    for name, service in OURS.items():
        heard = {key for key, value in filled_in(service, said).items() if value == said[key]}
        assert heard == shop | (OUTLETS if name == "send" else set()), name


def test_passwords_of_outlets_reach_only_what_sends() -> None:
    secret = {PREFIX + name.upper() for name in _SECRET} - EVERYWHERE
    for name, service in OURS.items():
        assert "env_file" not in service  # It would hand over all.
        assert name == "send" or not secret & service["environment"].keys()


def test_with_the_example_as_it_is_every_service_has_the_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    own = {"database_url", "kafka", "log_format", "http_host", "http_elsewhere"}
    defaults = load_settings().model_dump(exclude=own)
    for service in OURS.values():
        for said in ({}, dotenv_values(ROOT / ".env.example")):
            with pytest.MonkeyPatch.context() as here:
                for name, value in filled_in(service, said).items():
                    here.setenv(name, value)
                settings = load_settings()

            assert settings.model_dump(exclude=own) == defaults
            assert (settings.kafka, settings.log_format) == ("kafka:19092", "json")


def test_every_service_that_stays_has_a_health_check() -> None:
    staying = [service for service in SERVICES.values() if service.get("restart") != "no"]
    assert all("healthcheck" in service for service in staying)
    assert len(staying) == len(SERVICES) - 1


@pytest.mark.parametrize("name", sorted(OURS.keys() - {"drive"}))
def test_the_health_check_of_a_program_looks_at_that_program(name: str) -> None:
    assert OURS[name]["healthcheck"]["test"] == ["CMD", "orderpath", "alive", name]
    assert name in [kind.value for kind in Kind]


def test_the_compose_file_waits_only_for_what_it_has() -> None:
    awaited = {one for service in SERVICES.values() for one in service.get("depends_on", {})}
    assert awaited <= SERVICES.keys()


def test_passwords_come_from_outside() -> None:
    urls = [service["environment"]["ORDERPATH_DATABASE_URL"] for service in OURS.values()]
    told = [url.partition("://orderpath:")[2] for url in urls]

    for password in (*told, SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"]):
        assert password.startswith("${POSTGRES_PASSWORD:?")


def test_the_image_runs_the_command_line_as_nobody_special() -> None:
    steps = [line.split(None, 1) for line in re.sub(r"\\\n", " ", DOCKERFILE).splitlines() if line]
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "VOLUME", "USER", "ENTRYPOINT", "CMD", "#"}

    assert {word for word, *_ in steps} <= known
    assert ["USER", "orderpath"] in steps
    assert ["ENTRYPOINT", '["orderpath"]'] in steps
    assert set(re.findall(rf"{PREFIX}\w+", DOCKERFILE)) <= SETTINGS
