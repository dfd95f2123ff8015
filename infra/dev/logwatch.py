"""Follows the services' logs and shows their errors in the runner's terminal."""

import re
from pathlib import Path

ERROR = re.compile(r'\[(error|critical)\s*\]|"level":"(error|critical)"|^Traceback ')
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ROTATE_BYTES = 20_000_000
SHOWN_AT_ONCE = 5


class LogWatch:
    """The lines a log gains from now on; a log grown large is put aside first."""

    def __init__(self, name: str, log: Path) -> None:
        self._name = name
        self._log = log
        if log.exists() and log.stat().st_size > ROTATE_BYTES:
            log.replace(log.with_suffix(".log.1"))
        self._position = log.stat().st_size if log.exists() else 0
        self._rest = b""

    def errors(self) -> list[str]:
        """The new lines that tell of an error, a few at a time; the rest is counted."""
        try:
            with self._log.open("rb") as file:
                file.seek(self._position)
                new = file.read()
        except FileNotFoundError:
            return []
        self._position += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        texts = (COLOUR.sub("", line.decode(errors="replace")) for line in lines)
        found = [f"{self._name:10} | {text}" for text in texts if ERROR.search(text)]
        if len(found) > SHOWN_AT_ONCE:
            more = len(found) - SHOWN_AT_ONCE
            found[SHOWN_AT_ONCE:] = [f"{self._name:10} | and {more} more, see {self._log}"]
        return found
