"""Errors in the services' logs reach the runner's terminal, whole and once."""

from pathlib import Path

from infra.dev.logwatch import SHOWN_AT_ONCE, LogWatch


def test_only_new_errors_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text("2026 [error    ] old\n")
    watch = LogWatch("auth", log)
    with log.open("a") as file:
        file.write("2026 [info     ] fine\n2026 \x1b[31m[error    ]\x1b[0m half")
        file.flush()
        assert watch.errors() == []
        file.write(" a line\n")
        file.flush()
        assert watch.errors() == ["auth       | 2026 [error    ] half a line"]
        assert watch.errors() == []


def test_a_flood_is_counted(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    watch = LogWatch("auth", log)
    assert watch.errors() == []
    log.write_text('{"level":"error"}\n' * 100)
    found = watch.errors()
    assert len(found) == SHOWN_AT_ONCE + 1
    assert "95 more" in found[-1]
