"""SQL of rules. What is approved is public; drafts are read by those who may decide on them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from services.creditbank.tables import Pool, Where

# Of versions that have begun the highest is in force until its last day; then none is.
_IN_FORCE = """
(r.state = 'approved' and r.effective_from <= current_date
  and coalesce(r.effective_until >= current_date, true) and not exists (
  select from rule n where n.institution = r.institution and n.kind = r.kind and n.code = r.code
    and n.version > r.version and n.state = 'approved' and n.effective_from <= current_date))
"""
_RULE = f"""
select r.id, json_build_object('id', r.id, 'institution', r.institution, 'kind', r.kind, 'code', r.code,
  'version', r.version, 'title', json_build_object('en', r.title_en, 'zh', r.title_zh), 'scheme', s.code,
  'target', t.code, 'effective_from', r.effective_from,
  'effective_until', r.effective_until, 'state', r.state, 'in_force', {_IN_FORCE},
  'made_by', r.made_by, 'made_at', utc_text(r.made_at), 'decided_by', r.decided_by,
  'decided_at', utc_text(r.decided_at), 'reason', r.reason, 'document', r.document) as item
from rule r join scheme s on s.id = r.scheme left join scheme t on t.id = r.target
"""
_ONE = f"{_RULE} where r.id = $1"
_LIST = f"""
{_RULE}
where ($1::uuid is null or r.institution = $1) and ($2::text is null or r.kind = $2)
  and (r.state = 'approved' or r.institution = any($3))
  and ($4::uuid is null or r.id > $4)
order by r.id limit $5
"""
_LOCK = "select pg_advisory_xact_lock(hashtextextended($1::uuid::text || $2::text || $3::text, 6))"
_ADD = """
insert into rule (id, institution, kind, code, version, title_en, title_zh, scheme, target, document,
  effective_from, effective_until, made_by)
select $1, $2, $3::varchar, $4::varchar, 1 + coalesce(max(r.version), 0), $5, $6, $7, $8, $9, $10, $11, $12
from rule r where r.institution = $2 and r.kind = $3::varchar and r.code = $4::varchar
"""
_DECIDE = """
update rule set state = $2, decided_by = $3, decided_at = now(), reason = $4 where id = $1 and state = $5
returning id
"""
_FIND = f"""
select r.id, r.institution, r.kind, r.code, r.state, r.scheme, r.target, r.document, r.made_by,
  r.effective_from, r.decided_by, x.ancestors,
  x.status = 'active' and x.standing = 'registered' as is_registered,
  s.code as scheme_code, {_IN_FORCE} as in_force
from rule r join institution x on x.id = r.institution join scheme s on s.id = r.scheme where r.id = $1
"""
_KNOWN = """
select array(select i.id from unnest($1::uuid[]) as i (id)
    where not exists (select from outcome o where o.id = i.id)) as outcomes,
  array(select i.id from unnest($2::uuid[]) as i (id) where not exists (
    select from institution x where x.id = i.id and $3 = any(x.ancestors))) as institutions
"""
_RULED = """
select array_agg(distinct x.id) from learner l
join learner_organisation o on o.learner = coalesce(l.merged_into, l.number) and o.roles && $2
join institution x on o.organisation = any(x.ancestors)
where l.id = $1 and exists (
  select from rule r where r.institution = x.id and r.state in ('draft', 'rejected'))
"""


async def schemes(where: Where, codes: Sequence[str]) -> dict[str, int]:
    """The numbers of schemes by their codes, as far as there are any."""
    rows = await where.fetch("select id, code from scheme where code = any($1)", list(codes))
    return {row["code"]: row["id"] for row in rows}


async def unknown(
    where: Where, *, outcomes: Sequence[UUID], institutions: Sequence[UUID], root: UUID
) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Those of the outcomes that are unknown, and of the institutions that are not below `root`."""
    row = await where.fetchrow(_KNOWN, list(outcomes), list(institutions), root)
    assert row is not None, "arrays are one row"
    return row["outcomes"], row["institutions"]


async def add(
    pool: Pool,
    identifier: UUID,
    institution: UUID,
    named: tuple[str, str],
    title: tuple[str, str],
    about: tuple[int, int | None],
    document: bytes,
    effective: tuple[date, date | None],
    maker: UUID,
) -> None:
    """Add the next version of the rules `named` (kind, code), as a draft."""
    async with pool.acquire() as connection, connection.transaction():
        # Two at once are two versions.
        await connection.execute(_LOCK, institution, *named)
        await connection.execute(
            _ADD, identifier, institution, *named, *title, *about, document, *effective, maker
        )


async def find(where: Where, identifier: UUID) -> asyncpg.Record | None:
    """One version with what its application needs."""
    return await where.fetchrow(_FIND, identifier)


async def decide(
    where: Where, identifier: UUID, *, before: str, after: str, person: UUID, reason: str | None
) -> bool:
    """Take a version from one state to another; False if it was not in that state any more."""
    return await where.fetchval(_DECIDE, identifier, after, person, reason, before) is not None


async def document(where: Where, identifier: UUID) -> bytes:
    row = await where.fetchrow(_ONE, identifier)
    assert row is not None, "asked for only when it is there"
    shown: bytes = row["item"]
    return shown


async def ruled(where: Where, person: UUID, roles: Sequence[str]) -> Sequence[UUID]:
    """The institutions whose drafts the person may read."""
    return await where.fetchval(_RULED, person, list(roles)) or []


async def page(
    pool: Pool,
    *,
    institution: UUID | None,
    kind: str | None,
    drafts_of: Sequence[UUID],
    after: UUID | None,
    limit: int,
) -> list[tuple[bytes, UUID]]:
    """What is published, and drafts of some institutions, in the order of ids."""
    rows = await pool.fetch(_LIST, institution, kind, list(drafts_of), after, limit)
    return [(row["item"], row["id"]) for row in rows]
