"""How far a long command is, for whoever waits for it: a bar on a terminal, else a line now and then."""

import sys
import time
from typing import Final, TextIO

_BAR_EVERY_S: Final = 0.2
_LINE_EVERY_S: Final = 5.0
_WIDTH: Final = 30


class Progress:
    """Tells on `stream`; `total` is the number of bytes, None where nobody knows it."""

    def __init__(self, total: int | None, stream: TextIO = sys.stderr) -> None:
        self._total, self._stream = total, stream
        self._terminal = stream.isatty()
        self._begun = time.monotonic()
        self._told = self._begun

    def tell(self, count: int, done: int, more: str = "") -> None:
        """`count` statements, `done` bytes; told only so often."""
        now = time.monotonic()
        if now - self._told < (_BAR_EVERY_S if self._terminal else _LINE_EVERY_S):
            return
        self._told = now
        self._write(self._line(count, done, more, now), last=False)

    def finish(self, line: str) -> None:
        """The last line."""
        self._write(line, last=True)

    def _line(self, count: int, done: int, more: str, now: float) -> str:
        rate = f"{count} statements, {count / max(now - self._begun, 0.001):.0f} a second"
        if not self._total:
            return rate + more
        part = min(done / self._total, 1.0)
        bar = f"[{'#' * round(part * _WIDTH):<{_WIDTH}}] " if self._terminal else ""
        return f"{bar}{part:4.0%}  {rate}{more}"

    def _write(self, line: str, *, last: bool) -> None:
        if self._terminal:
            self._stream.write(f"\r{line}\x1b[K{chr(10) if last else ''}")
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
