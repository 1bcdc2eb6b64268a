"""The container files: valid, pinned, without secrets, and in step with the program they start."""

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from bot.cli.main import cli
from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = YAML(typ="safe").load(COMPOSE_TEXT)
OURS = ("migrate", "web", "worker")
DIGEST = r"@sha256:[0-9a-f]{64}$"


def test_compose_file_follows_the_compose_specification() -> None:
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    validator = Draft7Validator(json.loads(schema.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []


def test_images_of_others_are_pinned_by_version_and_digest() -> None:
    images = [service["image"] for service in COMPOSE["services"].values() if "build" not in service]
    images += re.findall(r"^ARG BASE=(.+)$", DOCKERFILE, re.MULTILINE)
    assert len(images) == 3
    for image in images:
        assert re.search(r":[a-z]*-?v?\d[\w.-]*" + DIGEST, image), image
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}"}


def test_no_file_holds_a_secret() -> None:
    secret_names = [
        name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
    ]
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if name in secret_names or "PASSWORD" in name:
                assert "${POSTGRES_PASSWORD:?" in value, name
    assert not [name for name in secret_names if re.search(rf"(ENV|ARG).*{name}", DOCKERFILE)]


@pytest.mark.parametrize("name", OURS)
def test_every_part_is_a_command_of_ours_with_settings_we_know(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["command"][0] in cli.commands
    assert {variable.lower() for variable in service["environment"]} <= set(Settings.model_fields)
    assert service["env_file"] == [".env"]


@pytest.mark.parametrize("name", OURS)
def test_our_parts_have_no_more_power_than_they_need(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)


def test_what_ends_is_started_again_and_the_migration_only_if_it_failed() -> None:
    policies = {name: service["restart"] for name, service in COMPOSE["services"].items()}
    assert policies.pop("migrate") == "on-failure"
    assert set(policies.values()) == {"unless-stopped"}


def test_web_and_two_workers_wait_for_the_migration() -> None:
    for name in ("web", "worker"):
        assert COMPOSE["services"][name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert COMPOSE["services"]["worker"]["deploy"]["replicas"] == 2


def test_ports_are_open_on_this_machine_only() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_mail_catcher_starts_only_where_it_is_asked_for() -> None:
    profiles = {name: service.get("profiles") for name, service in COMPOSE["services"].items()}
    assert {name for name, listed in profiles.items() if listed} == {"mail"}


def test_build_sees_only_what_the_image_is_made_of() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    }
    assert "*" in ignored
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_health_check_asks_for_the_port_that_is_open() -> None:
    port = Settings.model_fields["web_port"].default
    assert f"EXPOSE {port}" in DOCKERFILE
    assert f"${{WEB_PORT:-{port}}}/healthz" in DOCKERFILE
    assert COMPOSE["services"]["web"]["environment"]["WEB_PORT"] == str(port)
