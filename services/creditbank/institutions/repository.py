"""SQL of institutions."""

from collections.abc import Collection
from uuid import UUID

from services.creditbank.tables import Connection, Pool

_LEARN = """
insert into institution (id, version, status, type, name, parent, ancestors, identifier)
select distinct on (o.id) o.id, o.version, o.status, o.type, o.name, o.parent, o.ancestors, o.identifier
from jsonb_to_recordset($1::jsonb) as o (id uuid, version bigint, status text, type text, name text,
  parent uuid, ancestors uuid[], identifier text)
order by o.id, o.version desc
on conflict (id) do update set version = excluded.version, status = excluded.status, type = excluded.type,
  name = excluded.name, parent = excluded.parent, ancestors = excluded.ancestors,
  identifier = excluded.identifier
where institution.version < excluded.version
"""
# Built here as text: json_build_object hands the bytes through to the answer.
_TOTALS = """
select json_build_object('institution', x.id, 'name', x.name, 'totals', (
  select coalesce(json_agg(json_build_object(
    'scheme', s.code, 'entries', b.entries, 'credits', credits_text(b.amount)) order by s.code), '[]')
  from (
    select scheme, sum(posted) as entries, sum(amount)::bigint as amount
    from deposit_batch where institution = x.id group by scheme
  ) b join scheme s on s.id = b.scheme
))
from institution x where x.id = $1 and $2 = any(x.ancestors)
"""
_IN_TREE = "select exists (select from institution where id = $1 and $2 = any(ancestors))"
_ROLE_IN_LINE = """
select exists (
  select from learner l join learner_organisation o on o.learner = coalesce(l.merged_into, l.number)
  join institution x on x.id = $1
  where l.id = $2 and o.roles && $3 and o.organisation = any(x.ancestors))
"""


async def learn(connection: Connection, organisations: bytes) -> None:
    """Take over the newer of the snapshots in a JSON array of organisations."""
    await connection.execute(_LEARN, organisations)


async def totals(pool: Pool, institution: UUID, *, reader: UUID) -> bytes | None:
    """What the institution issued, as JSON; None unless `reader` is it or above it."""
    found: bytes | None = await pool.fetchval(_TOTALS, institution, reader)
    return found


async def is_in_tree(pool: Pool, institution: UUID, *, root: UUID) -> bool:
    """Whether the institution is `root` or below it."""
    return bool(await pool.fetchval(_IN_TREE, institution, root))


async def has_role_above(pool: Pool, institution: UUID, *, person: UUID, roles: Collection[str]) -> bool:
    """Whether the person now holds one of the roles at the institution or above it."""
    return bool(await pool.fetchval(_ROLE_IN_LINE, institution, person, list(roles)))
