"""The operator's commands, as processes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.dev.stores import ServiceStore
from tests.integration.auth.places import PASSWORD, document

ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(fresh_database: Callable[[str], ServiceStore]) -> Run:
    store = fresh_database("auth")
    environment = {
        "PATH": os.environ["PATH"],
        "AUTH_ENVIRONMENT": "development",
        "AUTH_DATABASE": store.database,
        "AUTH_MIGRATIONS_DATABASE": store.migrations_database,
        "AUTH_REDIS": store.redis,
        "AUTH_ISSUER": "http://127.0.0.1:8001",
    }

    def command(*words: str, given: object = None, **changes: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "services.auth", *words],
            input=json.dumps(given),
            env=environment | changes,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return command


def test_a_platform_is_set_up_once(run: Run) -> None:
    client = {
        "client_id": "spaces",
        "name": "spaces",
        "secret": "s" * 32,
        "scopes": ["events.read"],
        "organisation": None,
    }
    wish = document("land", clients=[client])
    first, second = run("bootstrap", given=wish), run("bootstrap", given=wish)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert set(json.loads(first.stdout)) == {"organisation"}
    assert run("migrate").returncode == 0
    rotated = run("keys", "rotate")
    assert rotated.returncode == 0, rotated.stderr
    assert [key["algorithm"] for key in json.loads(rotated.stdout)["keys"]] == ["ES256", "RS256"]
    listed = json.loads(run("keys", "list").stdout)["keys"]
    assert sorted(key["state"] for key in listed) == ["signing", "signing"]
    revoked = run("keys", "revoke", listed[0]["kid"])
    assert json.loads(revoked.stdout)["revoked"] == listed[0]["kid"], revoked.stderr
    assert run("keys", "revoke", "unknown").returncode == 1
    assert json.loads(run("audit", "verify").stdout) == {"holds": True}


@pytest.mark.parametrize("given", [None, document("x") | {"extra": 1}])
def test_a_wrong_document_is_refused_without_repeating_it(run: Run, given: object) -> None:
    refused = run("bootstrap", given=given)
    assert refused.returncode == 1
    assert PASSWORD not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_weak_first_password_is_refused(run: Run) -> None:
    wish = document("land")
    wish["administrator"]["password"] = "password12345678"
    refused = run("bootstrap", given=wish)
    assert refused.returncode == 1
    assert "common passwords" in refused.stderr
    assert "password12345678" not in refused.stderr


@pytest.mark.parametrize(
    "changes",
    [
        {"AUTH_KEY_ENCRYPTION_KEY": "development-only"},
        {"AUTH_KEY_ENCRYPTION_KEY": "short"},
        {"AUTH_KEY_ENCRYPTION_KEY": "k" * 32, "AUTH_ISSUER": "http://auth.example"},
    ],
)
def test_attack_80_unsafe_settings_do_not_start(run: Run, changes: dict[str, str]) -> None:
    refused = run("keys", "rotate", AUTH_ENVIRONMENT="production", **changes)
    assert refused.returncode == 1
    assert "ValidationError" in refused.stderr
    assert "short" not in refused.stderr.replace("too short", "")
