"""What an import has to say about a set: findings by file, row and field, counted, and kept in bounds."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from services.auth.rosters.reading.messages import MESSAGES

VALUE_LENGTH = 80
KEPT_PER_KIND = 50
KEPT = 2_000


class Severity(StrEnum):
    """How much a finding weighs: one error refuses the whole set."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a place in a set; ``row`` is the line on which the row begins."""

    code: str
    severity: Severity
    file: str | None
    row: int | None
    field: str | None
    value: str | None
    values: dict[str, str]


def shortened(value: str) -> str:
    """Give the value as it may be shown: one line, escaped where needed, at most 80 characters."""
    shown = value if value.isprintable() else value.encode("unicode_escape").decode()
    return shown if len(shown) <= VALUE_LENGTH else shown[: VALUE_LENGTH - 1] + "…"


@dataclass(slots=True)
class Findings:
    """Collects findings: every one is counted, the first fifty of a kind at a place are kept."""

    counts: Counter[str] = field(default_factory=Counter)
    kept: list[Finding] = field(default_factory=list)
    errors: int = 0
    _kinds: Counter[tuple[str, str | None, str | None]] = field(default_factory=Counter)

    def add(
        self,
        code: str,
        file: str | None = None,
        row: int | None = None,
        field: str | None = None,
        value: str | None = None,
        /,
        **values: str | int,
    ) -> None:
        """Count one finding, and keep it unless enough of its kind are kept."""
        self.add_counted(code, file, field, 1, [(row, value)], **values)

    def add_counted(
        self,
        code: str,
        file: str | None,
        field: str | None,
        count: int,
        places: Iterable[tuple[int | None, str | None]],
        /,
        **values: str | int,
    ) -> None:
        """Count ``count`` findings of one kind at one field, of which some places are known."""
        severity = Severity(MESSAGES[code].severity)
        self.counts[code] += count
        if severity is Severity.ERROR:
            self.errors += count
        kind = (code, file, field)
        told = {name: shortened(str(value)) for name, value in values.items()}
        for row, value in places:
            if self._kinds[kind] >= KEPT_PER_KIND or len(self.kept) >= KEPT:
                return
            self._kinds[kind] += 1
            shown = None if value is None else shortened(value)
            self.kept.append(Finding(code, severity, file, row, field, shown, told))

    def by_severity(self) -> Counter[Severity]:
        """Give the number of findings of each severity."""
        numbers = Counter(dict.fromkeys(Severity, 0))
        for code, count in self.counts.items():
            numbers[Severity(MESSAGES[code].severity)] += count
        return numbers

    def __iter__(self) -> Iterator[Finding]:
        """Go through the kept findings in the order in which they were made."""
        return iter(self.kept)
