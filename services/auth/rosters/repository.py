"""SQL of imports as jobs; whose imports a caller may see was decided by authority before."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from services.auth.audit.rules import INSERT as AUDIT
from services.auth.rosters.reading.findings import Finding, Findings, Severity
from services.auth.rosters.rules import ENDED, FINDINGS_DAYS

_VIEW: Final = """
json_build_object('id', i.id, 'organisation', i.organisation_id, 'source', i.source_name, 'state', i.state,
  'stage', i.stage, 'done', i.done, 'total', i.total, 'dry_run', i.dry_run,
  'allow_large_closure', i.allow_large_closure, 'file_name', i.file_name, 'size_bytes', i.size_bytes,
  'dialect', i.dialect, 'counts', coalesce(i.counts, '{}'),
  'findings', coalesce(i.finding_counts, '{"errors": 0, "warnings": 0, "notes": 0, "codes": {}}'),
  'created_at', to_char(i.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'started_at', to_char(i.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'ended_at', to_char(i.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
"""
_ONE: Final = f"select {_VIEW} from roster_import i where i.id = $1"
_OF: Final = f"""
select {_VIEW}, i.id from roster_import i
where i.organisation_id = $1 and ($2::uuid is null or i.id < $2)
order by i.id desc limit $3
"""
_INSERT: Final = """
insert into roster_import (id, organisation_id, source_name, requested_by_kind, requested_by, dry_run,
  allow_large_closure, file_name, size_bytes)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_FINDINGS: Final = """
select position, code, severity, file, "row", field, value, "values" from roster_finding
where import_id = $1 and position > $2::bigint and ($3::text is null or severity = $3)
order by position limit $4
"""
_LOCK: Final = "hashtextextended('roster-import:' || id::text, 0)"
_WAITING: Final = f"""
select id, attempts from (
  select id, attempts from roster_import where state <> all($1::text[]) order by id limit 100 offset 0
) open where pg_try_advisory_xact_lock({_LOCK})
order by id
"""
_BEGIN: Final = """
update roster_import set attempts = attempts + 1, started_at = coalesce(started_at, now()), state = 'reading',
  stage = null, done = 0, total = 0
where id = $1 and state <> all($2::text[])
returning organisation_id, source_name, requested_by_kind, requested_by, dry_run, allow_large_closure,
  attempts
"""
_END: Final = """
update roster_import set state = $2, stage = null, dialect = $3, counts = $4::text::json,
  finding_counts = $5::text::json, ended_at = clock_timestamp()
where id = $1
"""
_REFUSED: Final = AUDIT.format(
    action="'roster.refused'",
    actor_kind="$1",
    actor_id="$2",
    organisation_id="$3",
    subject_id="null",
    data="json_build_object('import', $4::uuid)",
)
_FORGET: Final = """
delete from roster_finding
where import_id = $1 or import_id in (select id from roster_import where ended_at < now() - $2::interval)
"""


async def organisation_of(where: Any, import_id: UUID) -> UUID | None:
    """The organisation an import is for; None if there is no such import."""
    organisation: UUID | None = await where.fetchval(
        "select organisation_id from roster_import where id = $1", import_id
    )
    return organisation


async def view(where: Any, import_id: UUID) -> bytes | None:
    """One import as JSON."""
    document: bytes | None = await where.fetchval(_ONE, import_id)
    return document


async def page_of(where: Any, organisation: UUID, before: UUID | None, limit: int) -> list[Any]:
    """Imports of an organisation, newest first, as (JSON, id)."""
    rows: list[Any] = await where.fetch(_OF, organisation, before, limit)
    return rows


async def findings_of(where: Any, import_id: UUID, after: int, severity: str | None, limit: int) -> list[Any]:
    """Findings of an import in the order in which they were made."""
    rows: list[Any] = await where.fetch(_FINDINGS, import_id, after, severity, limit)
    return rows


async def count_waiting(where: Any, organisation: UUID) -> int:
    """How many imports of an organisation have not ended."""
    count: int = await where.fetchval(
        "select count(*) from roster_import where organisation_id = $1 and state <> all($2::text[])",
        organisation,
        list(ENDED),
    )
    return count


async def insert(where: Any, import_id: UUID, *facts: Any) -> None:
    """Add a queued import."""
    await where.execute(_INSERT, import_id, *facts)


async def add_piece(where: Any, import_id: UUID, piece: int, content: bytes) -> None:
    """Add the next piece of an upload."""
    await where.execute("insert into roster_upload values ($1, $2, $3)", import_id, piece, content)


async def pieces(where: Any, import_id: UUID) -> AsyncIterator[bytes]:
    """The pieces of an upload, one at a time."""
    piece = 0
    while True:
        content: bytes | None = await where.fetchval(
            "select content from roster_upload where import_id = $1 and piece = $2", import_id, piece
        )
        if content is None:
            return
        yield content
        piece += 1


async def without_worker(where: Any) -> list[Any]:
    """Imports that have not ended and that no worker has in hand, oldest first."""
    rows: list[Any] = await where.fetch(_WAITING, list(ENDED))
    return rows


async def take(where: Any, import_id: UUID) -> bool:
    """Take an import in hand for as long as this connection lives; False if another worker has it."""
    taken: bool = await where.fetchval(
        f"select pg_try_advisory_lock({_LOCK}) from (select $1::uuid as id) taken", import_id
    )
    return taken


async def begin(where: Any, import_id: UUID) -> Any | None:
    """Count one more attempt and give what is to be done; None if it has ended."""
    return await where.fetchrow(_BEGIN, import_id, list(ENDED))


async def organisation_of_client(where: Any, client: UUID | None) -> UUID | None:
    """Whose client this is, as long as it may import; None otherwise."""
    organisation: UUID | None = await where.fetchval(
        "select organisation_id from client"
        " where id = $1 and status = 'active' and 'rosters.import' = any(scopes)",
        client,
    )
    return organisation


async def is_at_work(where: Any, person: UUID | None) -> bool:
    """Whether the person could sign in now."""
    found: bool = await where.fetchval(
        "select exists (select from account a join person p on p.id = a.person_id"
        " where p.id = $1 and a.state = 'active' and p.status = 'active')",
        person,
    )
    return found


async def remember_refusal(
    where: Any, actor_kind: str, actor_id: UUID | None, organisation: UUID, import_id: UUID
) -> None:
    """Chain to the audit that an import was not done; last in a transaction."""
    await where.execute(_REFUSED, actor_kind, actor_id, organisation, import_id)


async def progress(where: Any, import_id: UUID, state: str, stage: str, done: int, total: int) -> None:
    """Say how far an import is."""
    await where.execute(
        "update roster_import set state = $2, stage = $3, done = $4, total = $5 where id = $1",
        import_id,
        state,
        stage,
        done,
        total,
    )


async def give_back(where: Any, import_id: UUID) -> None:
    """Forget an attempt that was ended from outside."""
    await where.execute(
        "update roster_import set attempts = greatest(attempts - 1, 0)"
        " where id = $1 and state <> all($2::text[])",
        import_id,
        list(ENDED),
    )


async def end(
    where: Any, import_id: UUID, state: str, dialect: str | None, counts: Any, findings: Findings
) -> None:
    """Write how an import ended and what was found, and let its upload go."""
    told = summary(findings)
    await where.execute(
        _END, import_id, state, dialect, orjson.dumps(counts).decode(), orjson.dumps(told).decode()
    )
    await where.execute(_FORGET, import_id, timedelta(days=FINDINGS_DAYS))
    await where.copy_records_to_table(
        "roster_finding",
        records=_records(import_id, list(findings)),
        columns=("import_id", "position", "code", "severity", "file", "row", "field", "value", "values"),
    )
    await where.execute("delete from roster_upload where import_id = $1", import_id)


def _records(import_id: UUID, findings: Sequence[Finding]) -> list[tuple[Any, ...]]:
    return [
        (
            *(import_id, position, found.code, found.severity.value, found.file, found.row),
            *(found.field, found.value, orjson.dumps(found.values)),
        )
        for position, found in enumerate(findings, start=1)
    ]


def summary(findings: Findings) -> dict[str, Any]:
    """The number of errors, warnings and notes, and of each code."""
    by_severity = findings.by_severity()
    return {
        "errors": by_severity[Severity.ERROR],
        "warnings": by_severity[Severity.WARNING],
        "notes": by_severity[Severity.NOTE],
        "codes": dict(sorted(findings.counts.items())),
    }
