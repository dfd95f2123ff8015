"""The state directory: private files, one holder, short socket paths."""

import os
import stat
from pathlib import Path

import pytest

from infra.dev.state import (
    SOCKET_PATH_BYTES,
    Hold,
    StateInUseError,
    read_private,
    remembered_secret,
    socket_directory,
    write_private,
)


def test_a_private_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    before = os.umask(0)
    try:
        write_private(path, {"name": "学簿"})
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_private(path) == {"name": "学簿"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "roles.json"
    first = remembered_secret(path, "a")
    assert remembered_secret(path, "b") != first
    assert remembered_secret(path, "a") == first


def test_a_directory_has_one_holder(tmp_path: Path) -> None:
    hold = Hold(tmp_path)
    with pytest.raises(StateInUseError) as refused:
        Hold(tmp_path)
    assert refused.value.pid == os.getpid()
    hold.release()
    hold.release()
    Hold(tmp_path).release()


@pytest.mark.parametrize("length", [1, 60, 90, 200])
def test_sockets_have_short_paths(tmp_path: Path, length: int) -> None:
    state = tmp_path / ("n" * min(length, 200))
    found = socket_directory(state)
    try:
        assert len(os.fsencode(found / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
        assert found == socket_directory(state)
        assert stat.S_IMODE(found.stat().st_mode) == 0o700
    finally:
        found.rmdir()


def test_a_foreign_directory_for_sockets_is_refused(tmp_path: Path) -> None:
    state = tmp_path / ("n" * 120)
    found = socket_directory(state)
    found.chmod(0o755)
    try:
        with pytest.raises(PermissionError, match="private"):
            socket_directory(state)
    finally:
        found.rmdir()
