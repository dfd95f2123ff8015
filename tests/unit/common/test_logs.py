"""What logs never hold."""

import logging
from collections.abc import Iterator

import pytest

from libs.common import logs

NAME, DETAIL = "小明 Li", "Key (email)=(li@school.example) already exists."


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as it was, after the test."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


def _fail() -> None:
    try:
        raise KeyError(NAME)
    except KeyError as error:
        raise ValueError(DETAIL) from error


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_an_error_is_told_by_kind_and_place_and_not_in_its_words(
    capsys: pytest.CaptureFixture[str], form: str, level: str
) -> None:
    logs.configure(level, form, "test")
    try:
        _fail()
    except ValueError as error:
        logging.getLogger("uvicorn.error").error("failed", exc_info=error)
    told = capsys.readouterr().out
    assert "ValueError" in told
    assert "KeyError" in told
    assert "in _fail" in told
    assert (DETAIL in told, NAME in told) == ((level == "DEBUG"),) * 2
