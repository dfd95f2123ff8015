"""The settings of pip in the words of uv, and the stamp that says what is installed."""

from pathlib import Path

import pytest

from infra.dev import environment, installer


def test_uv_is_told_where_pip_finds_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example/simple\n"
        "extra-index-url =\n    https://one.example/simple\n    https://two.example/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://nearer.example/simple")

    told = installer.settings_for_uv()

    assert told["UV_DEFAULT_INDEX"] == "https://nearer.example/simple"
    assert told["UV_INDEX"].split()[-2:] == ["https://one.example/simple", "https://two.example/simple"]


def test_what_uv_is_told_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")
    assert "UV_DEFAULT_INDEX" not in installer.settings_for_uv()


def test_an_unfinished_or_changed_environment_is_not_taken_for_ready(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(environment, "UNFINISHED", tmp_path / "unfinished")
    monkeypatch.setattr(environment, "REQUIREMENTS", tmp_path)
    (tmp_path / "dev.txt").write_text("a==1\n")
    (tmp_path / "runtime.txt").write_text("b==1\n")
    has = environment._has

    assert not has("runtime")
    environment._write_stamp("dev")
    assert has("dev")
    assert has("runtime")
    (tmp_path / "unfinished").touch()
    assert not has("runtime")
    (tmp_path / "unfinished").unlink()
    (tmp_path / "runtime.txt").write_text("b==2\n")
    assert not has("runtime")
    assert has("dev")
    (tmp_path / "stamp").write_text('{"sets": ')
    assert not has("dev")
