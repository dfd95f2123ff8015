"""The import's SQL: files of statements, each introduced by a line that says what its result means.

``--@ step`` runs; ``--@ mark`` runs and counts as a change that is not shown; ``--@ count KIND OUTCOME``
counts its rows; ``--@ tally KIND`` selects counts by outcome; ``--@ check CODE KIND.COLUMN [TARGET]`` selects
line and value of each finding at a staged column.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from uuid import UUID

from asyncpg import Connection, Record

from services.auth.rosters.reading.findings import KEPT_PER_KIND, Findings
from services.auth.rosters.reading.layout import FILE_OF, Dialect, layout_of

FOLDER = Path(__file__).parent / "sql"

CHANGES = ("new", "changed", "closed")
Counts = dict[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement and the words of its introduction."""

    words: tuple[str, ...]
    sql: str


@cache
def statements(name: str) -> tuple[Statement, ...]:
    """Give the statements of one file, in order."""
    content = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    parts = f"\n{content}".split("\n--@ ")[1:]
    found = []
    for part in parts:
        introduction, _, sql = part.partition("\n")
        found.append(Statement(tuple(introduction.split()), sql.strip()))
    return tuple(found)


def tables() -> str:
    """Give the statements that make the working tables."""
    return (FOLDER / "00_tables.sql").read_text(encoding="utf-8")


@dataclass(slots=True)
class Script:
    """Runs the files of one import on its connection, and gathers counts and findings."""

    connection: "Connection[Record]"
    source: UUID
    anchor: UUID
    dialect: Dialect
    findings: Findings
    counts: Counts = field(default_factory=dict)
    marks: int = 0

    async def run(self, name: str) -> None:
        """Run every statement of a file."""
        for statement in statements(name):
            match statement.words:
                case ("step",):
                    await self._execute(statement.sql)
                case ("mark",):
                    self.marks += await self._execute(statement.sql)
                case ("count", kind, outcome):
                    self._count(kind)[outcome] += await self._execute(statement.sql)
                case ("tally", kind):
                    bound, parameters = self._bound(statement.sql)
                    row = await self.connection.fetchrow(bound, *parameters)
                    assert row is not None
                    self._count(kind).update({outcome: number for outcome, number in row.items() if number})
                case ("check", code, place, *target):
                    await self._check(statement.sql, code, place, target[0] if target else None)
                case words:
                    raise AssertionError(f"{name}: unknown introduction {words}")

    def _count(self, kind: str) -> Counter[str]:
        return self.counts.setdefault(kind, Counter())

    def _bound(self, sql: str) -> tuple[str, tuple[UUID, ...]]:
        """Give the statement with just the parameters it names: $1 the source, $2 the anchor."""
        if "$1" in sql:
            return sql, (self.source, self.anchor) if "$2" in sql else (self.source,)
        return (sql.replace("$2", "$1"), (self.anchor,)) if "$2" in sql else (sql, ())

    async def _execute(self, sql: str) -> int:
        """Run a statement and give the number of rows it wrote."""
        bound, parameters = self._bound(sql)
        status = await self.connection.execute(bound, *parameters)
        number = status.rpartition(" ")[2]
        return int(number) if number.isdigit() else 0

    def has_changed(self) -> bool:
        """Say whether anything was written that is to be kept."""
        changes = (counts[change] for counts in self.counts.values() for change in CHANGES)
        return self.marks > 0 or any(changes)

    async def _check(self, sql: str, code: str, place: str, target: str | None) -> None:
        bound, parameters = self._bound(
            f"select *, count(*) over () as total_ from (\n{sql}\n) found order by line limit {KEPT_PER_KIND}"
        )
        rows = await self.connection.fetch(bound, *parameters)
        if not rows:
            return
        file, header = place_of(self.dialect, *place.split("."))
        common = {"target": target} if target else {}
        if code == "too_deep":
            common["limit"] = "12"
        for row in rows:
            told = {name: row[name] for name in tuple(row.keys()) if name not in {"line", "value", "total_"}}
            self.findings.add(code, file, row["line"], header, row["value"], **common, **told)
        rest = rows[0]["total_"] - len(rows)
        if rest:
            self.findings.add_counted(code, file, header, rest, (), **common)


@cache
def place_of(dialect: Dialect, kind: str, staged: str) -> tuple[str, str]:
    """Say in which file and under which header a staged column was read."""
    derived = {
        ("role", "organisation"): ("user", "organisations"),
        ("role", "role"): ("user", "role"),
        ("role", "user_id"): ("user", "sourced_id"),
        ("relationship", "guardian"): ("user", "agents"),
        ("relationship", "learner"): ("user", "sourced_id"),
    }
    layout = layout_of(dialect, FILE_OF[kind], delta=False)
    if layout is None:
        kind, staged = derived.get((kind, staged), ("user", staged))
        layout = layout_of(dialect, FILE_OF[kind], delta=False)
        assert layout is not None
    headers = [column.header for column in layout.columns if column.staged == staged]
    return f"{layout.file}.csv", headers[0] if headers else staged
