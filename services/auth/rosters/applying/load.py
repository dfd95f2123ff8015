"""One set into the database: staged, checked and applied in one transaction, or not at all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import orjson
from asyncpg import Connection, Record

from services.auth.clients import service as clients
from services.auth.roster_rights import service as roster_rights
from services.auth.rosters.applying import staging
from services.auth.rosters.applying.script import CHANGES, Counts, Script, tables
from services.auth.rosters.applying.staging import Progress
from services.auth.rosters.reading.archive import SetFiles, opened
from services.auth.rosters.reading.findings import Findings
from services.auth.rosters.reading.manifest import contents
from services.auth.rosters.rules import is_large_closure

EVENTS_AT_ONCE = 5_000
ANALYZE_FROM_CHANGES = 1_000
# Statistics are taken anew where so much has changed of what they were taken of; smaller changes are left to
# autovacuum, so that a set costs the same however much there is already.
_HAS_OUTGROWN = """
select $1 > greatest($2, 0.15 * sum(greatest(reltuples, 0))) from pg_class
where oid in ('person'::regclass, 'role_assignment'::regclass, 'enrolment'::regclass)
"""
_SETTINGS = "set local work_mem = '128MB'; set local jit = off"
_CHECKS = (
    "10_organisations",
    "20_sessions",
    "30_courses",
    "40_classes",
    "50_people",
    "60_roles",
    "65_guardians",
    "70_enrolments",
)
_STEPS = (
    "11_organisations_apply",
    "21_sessions_apply",
    "31_courses_apply",
    "41_classes_apply",
    "51_people_apply",
    "55_accounts_apply",
    "61_roles_apply",
    "66_guardians_apply",
    "71_enrolments_apply",
)
_EVENTS = ("organisation", "course", "person", "class")
_RECORDERS = {"organisation": "organisations", "course": "courses", "person": "people", "class": "classes"}


class Result(StrEnum):
    """What came of a set."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Order:
    """What to load, for which organisation and how."""

    content: Path | BinaryIO
    anchor: UUID
    source_name: str
    dry_run: bool = False
    allow_large_closure: bool = False
    import_id: UUID | None = None
    actor_kind: str = "system"
    actor_id: UUID | None = None
    trace: str | None = None


@dataclass(slots=True)
class Outcome:
    """The result, what was counted by kind and outcome, and what was found."""

    result: Result
    findings: Findings
    counts: Counts = field(default_factory=dict)
    dialect: str | None = None

    def changes(self) -> int:
        """Give the number of rows that were added, changed or closed."""
        return sum(counts[change] for counts in self.counts.values() for change in CHANGES)


AtEnd = Callable[["Connection[Record]", Outcome], Awaitable[None]]


class _Undo(Exception):
    """Ends the transaction without keeping anything."""


async def load(
    connection: "Connection[Record]", order: Order, progress: Progress, at_end: AtEnd | None = None
) -> Outcome:
    """Load one set. A refused set and a dry run leave no trace; the connection must be idle and its own.

    ``at_end`` runs as the last part of the transaction that keeps what was loaded, or of one of its own.
    """
    findings = Findings()
    outcome = Outcome(Result.REFUSED, findings)
    with opened(order.content, findings) as files:
        await connection.execute("set temp_buffers = '128MB'")
        try:
            async with connection.transaction():
                await _load(connection, order, files, outcome, progress)
                if order.dry_run or outcome.result is not Result.APPLIED:
                    raise _Undo
                if at_end is not None:
                    await at_end(connection, outcome)
            if await connection.fetchval(_HAS_OUTGROWN, outcome.changes(), ANALYZE_FROM_CHANGES):
                await connection.execute("select analyze_rosters()")
            return outcome
        except _Undo:
            pass
    if at_end is not None:
        async with connection.transaction():
            await at_end(connection, outcome)
    return outcome


async def _load(
    connection: "Connection[Record]", order: Order, files: SetFiles, outcome: Outcome, progress: Progress
) -> None:
    findings = outcome.findings
    found = contents(files, findings)
    if found is None:
        return
    outcome.dialect = found.dialect.value
    await connection.execute(_SETTINGS)
    await progress("checking", "waiting", 0, 0)
    source = await _source(connection, order)
    await connection.execute(tables())
    await staging.make_tables(connection)
    await staging.copy_in(connection, files, found, findings, progress)
    if await roster_rights.held(connection, order.anchor) is not None:
        await connection.execute("insert into import_mode values ('master', 'believed')")
    script = Script(connection, source, order.anchor, found.dialect, findings, outcome.counts)
    for place, name in enumerate(_CHECKS):
        await progress("checking", name[3:], place, len(_CHECKS))
        await script.run(name)
    if not order.allow_large_closure:
        await _refuse_large_closure(connection, source, findings)
    if not findings.errors:
        await _apply(script, order, outcome, progress)


async def _apply(script: Script, order: Order, outcome: Outcome, progress: Progress) -> None:
    for place, name in enumerate(_STEPS):
        await progress("applying", name[3:].removesuffix("_apply"), place, len(_STEPS))
        await script.run(name)
    if script.findings.errors:
        outcome.counts.clear()
        return
    if not script.has_changed():
        script.findings.add("same_set")
        outcome.result = Result.UNCHANGED
        return
    outcome.result = Result.APPLIED
    if not order.dry_run:
        await _end_clients(script.connection)
        await _record(script.connection, order, progress)
        await _remember(script.connection, order, outcome.counts)


async def _source(connection: "Connection[Record]", order: Order) -> UUID:
    """Find or make the source, and wait until no other import works on it."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended('roster:' || $1::text || ':' || $2, 0))",
        str(order.anchor),
        order.source_name,
    )
    await connection.execute(
        "insert into roster_source (anchor_id, name) values ($1, $2) on conflict do nothing",
        order.anchor,
        order.source_name,
    )
    source: UUID = await connection.fetchval(
        "select id from roster_source where anchor_id = $1 and name = $2", order.anchor, order.source_name
    )
    return source


async def _refuse_large_closure(connection: "Connection[Record]", source: UUID, findings: Findings) -> None:
    closing: int = await connection.fetchval("select count(*) from t_leaver")
    known: int = await connection.fetchval(
        "select count(*) from person_identifier where source_id = $1 and status = 'active'", source
    )
    if is_large_closure(closing, known):
        findings.add("large_closure", "users.csv", closing=closing, known=known)


async def _end_clients(connection: "Connection[Record]") -> None:
    """Tokens of the clients of organisations that this set closed end now, as with those closed by hand."""
    rows = await connection.fetch(
        "select id from organisation where status = 'closed' and id in (select id from changed_organisation)"
    )
    await clients.end_tokens_of(connection, [row["id"] for row in rows])


async def _record(connection: "Connection[Record]", order: Order, progress: Progress) -> None:
    """Record one event for each organisation, course, person and class that changed."""
    total: int = await connection.fetchval(
        "select " + " + ".join(f"(select count(distinct id) from changed_{kind})" for kind in _EVENTS)
    )
    done = 0
    for kind in _EVENTS:
        cursor = await connection.cursor(f"select distinct id from changed_{kind} order by id")
        while rows := await cursor.fetch(EVENTS_AT_ONCE):
            await progress("applying", f"events/{_RECORDERS[kind]}", done, total)
            part = [row["id"] for row in rows]
            await connection.execute(f"select record_{_RECORDERS[kind]}($1, $2)", part, order.trace)
            done += len(part)
    await progress("applying", "events", total, total)


async def _remember(connection: "Connection[Record]", order: Order, counts: Counts) -> None:
    """Chain the import to the audit, last: this holds the chain's lock to the end of the transaction."""
    await connection.execute(
        """
        insert into audit
          (position, action, actor_kind, actor_id, organisation_id, subject_id, data, previous, hash)
        values (0, 'roster.imported', $1, $2, $3, null, $4::text::json, '', '')
        """,
        order.actor_kind,
        order.actor_id,
        order.anchor,
        orjson.dumps(
            {"import": order.import_id, "source": order.source_name, "counts": plain(counts)}, default=str
        ).decode(),
    )


def plain(counts: Counts) -> dict[str, dict[str, int]]:
    """Give the counts as they are stored and shown, every kind with all outcomes."""
    usual = dict.fromkeys(("new", "changed", "unchanged", "closed", "kept", "ignored"), 0)
    return {kind: {**usual, **numbers} for kind, numbers in counts.items()}
