"""Every setting, problem type and event is named in its service's README."""

import re
from pathlib import Path

import pytest

from libs.common.problems import Problem
from libs.common.settings import ServiceSettings
from tests.contract.conftest import Part

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def readme(part: Part) -> str:
    return (ROOT / "services" / part.name / "README.md").read_text()


def test_settings_are_documented(part: Part, readme: str) -> None:
    prefix = part.settings.model_config["env_prefix"]
    own = set(part.settings.model_fields) - set(ServiceSettings.model_fields)
    missing = sorted(name for name in own if f"{prefix}{name.upper()}" not in readme)
    assert not missing, f"{part.name}: {missing}"


def test_shared_settings_are_documented() -> None:
    text = (ROOT / "libs" / "common" / "README.md").read_text()
    missing = sorted(name for name in ServiceSettings.model_fields if f"`{name.upper()}`" not in text)
    assert not missing


def test_problems_are_documented(part: Part, readme: str) -> None:
    own = [
        slug
        for slug, kind in Problem.registry.items()
        if kind.__module__.startswith(f"services.{part.name}.")
    ]
    missing = sorted(slug for slug in own if f"`{slug}`" not in readme)
    assert not missing, f"{part.name}: {missing}"


def test_events_are_documented(part: Part, readme: str) -> None:
    folder = ROOT / "services" / part.name
    kinds = {
        word
        for path in [*folder.rglob("*.py"), *folder.rglob("*.sql")]
        for word in _event_types(path.read_text())
    }
    assert kinds
    missing = sorted(kind for kind in kinds if kind not in readme)
    assert not missing, f"{part.name}: {missing}"


def test_commands_are_documented(part: Part) -> None:
    folder = ROOT / "services" / part.name
    readmes = "".join(path.read_text() for path in folder.rglob("README.md"))
    written = "".join(path.read_text() for path in folder.rglob("*.py"))
    commands = set(re.findall(r'add_parser\(\s*"([a-z-]+)"', written))
    missing = sorted(command for command in commands if not re.search(rf"\b{command}\b", readmes))
    assert not missing, f"{part.name}: {missing}"


def _event_types(text: str) -> set[str]:

    return set(re.findall(r"\b(?:auth|spaces|creditbank)(?:\.[a-z_]+)+\.v\d+\b", text))
