"""SQL of what an institution, and a learner, see of reactions; and of what news of people change."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.creditbank.tables import Connection, Pool, Where

_REACTION: Final = """
json_build_object('rule', v.rule, 'institution', v.organisation, 'code', v.code, 'version', v.version,
  'title', json_build_object('en', r.title_en, 'zh', r.title_zh), 'status', v.status,
  'effective_from', r.effective_from, 'effective_until', r.effective_until,
  'looked_through', utc_text(to_timestamp((v.position >> 20) / 1000.0)),
  'unknown', (select count(*) from xapi_reaction_match m where m.rule = v.rule and m.learner is null),
  'claims', (select json_build_object('posted', count(*) filter (where c.state = 'posted'),
      'refused', count(*) filter (where c.state = 'refused'),
      'waiting', count(*) filter (where c.state = 'waiting'), 'voided', count(c.voided_at))
    from xapi_claim c where c.organisation = v.organisation and c.code = v.code),
  'changes', (select coalesce(json_agg(json_build_object('act', h.act, 'by', h.by, 'at', utc_text(h.at))
      order by h.id), '[]')
    from xapi_reaction_change h where h.organisation = v.organisation and h.code = v.code))
"""
_EVIDENCE: Final = """
(select coalesce(json_agg(json_build_object('condition', e.condition, 'statement', e.statement,
    'digest', encode(e.digest, 'hex'), 'stored', utc_text(to_timestamp((e.position >> 20) / 1000.0)),
    'voided', s.voided{more}) order by e.condition), '[]')
  from xapi_evidence e left join lateral (select s.voided, s.body from xapi_statement s
    where s.organisation = e.organisation and s.id = e.statement offset 0) s on true
  where e.claim = c.id)
"""
_CLAIM: Final = """
json_build_object('id', c.id, 'institution', c.organisation,
  'rule', json_build_object('id', r.id, 'code', r.code, 'version', r.version,
    'title', json_build_object('en', r.title_en, 'zh', r.title_zh)),
  'learner', (select h.id from learner l join learner h on h.number = coalesce(l.merged_into, l.number)
    where l.number = c.learner),
  'state', c.state, 'reason', c.reason, 'entry', c.entry, 'deposit', c.batch, 'scheme', k.code,
  'course', r.document -> 'course', 'credits', r.document -> 'credits', 'grade', c.grade,
  'earned_on', c.earned_on, 'made_at', utc_text(c.made_at), 'voided_at', utc_text(c.voided_at),
  'trying_again', c.due, 'evidence', {evidence})
"""
_FROM: Final = "from xapi_claim c join rule r on r.id = c.rule join scheme k on k.id = r.scheme"
_PAGE: Final = f"""
select {_CLAIM.format(evidence=_EVIDENCE.format(more=""))} as item, c.id {_FROM}
where c.organisation = $1 and ($2::uuid is null or c.rule = $2) and ($3::text is null or c.state = $3)
  and ($4::uuid is null or c.entry = $4) and ($5::boolean is null or (c.voided_at is not null) = $5)
  and ($6::uuid is null or c.id < $6)
order by c.id desc limit $7
"""
_ONE: Final = f"select {_CLAIM.format(evidence=_EVIDENCE.format(more=''))} {_FROM} where c.id = $1"
_MADE_NOW: Final = f"""
select {_CLAIM.format(evidence=_EVIDENCE.format(more=""))} as item {_FROM}
where c.organisation = $1 and c.rule = $2 and c.made_at = now() order by c.id limit $3
"""
_CONTENT: Final = ", 'content', convert_from(s.body, 'UTF8')::json"
_OF_ENTRY: Final = f"""
select {_CLAIM.format(evidence=_EVIDENCE.format(more=_CONTENT))} {_FROM}
where c.entry = $2 and c.state = 'posted' and c.learner in (
  select m.number from learner l join learner h on h.number = coalesce(l.merged_into, l.number)
  join learner m on m.number = h.number or m.merged_into = h.number where l.id = $1)
"""
_DUE: Final = """
update xapi_reaction_match m set due = true where not m.due and m.learner is null
  and (m.person = any($1) or m.agent in (
    select i.key from learner l join xapi_identity i on i.learner = l.number where l.id = any($1)))
"""
_CLAIMS_DUE: Final = """
update xapi_claim c set due = true from learner l
where l.id = any($1) and c.state = 'waiting' and c.learner in (l.number, l.merged_into)
"""
_JOINED: Final = """
update xapi_reaction_match m set due = true from learner l where l.id = any($1) and m.learner = l.number
"""
_FORGET: Final = (
    """
    delete from xapi_evidence where claim in (
      select c.id from learner l join xapi_claim c on c.learner = l.number where l.id = any($1))
    """,
    "delete from xapi_claim where learner in (select number from learner where id = any($1))",
    """
    delete from xapi_reaction_match m where m.person = any($1)
      or m.learner in (select number from learner where id = any($1))
      or m.agent in (
        select i.key from learner l join xapi_identity i on i.learner = l.number where l.id = any($1))
    """,
)


async def rule(where: Where, identifier: UUID) -> asyncpg.Record | None:
    """A version of a reaction's rules: institution, code, state and document; None if there is none such."""
    query = "select institution, code, state, document from rule where id = $1 and kind = 'reaction'"
    return await where.fetchrow(query, identifier)


async def reactions(
    pool: Pool, organisation: UUID, before: UUID | None, limit: int
) -> list[tuple[bytes, UUID]]:
    """An institution's approved versions as (JSON, id), the newest first."""
    query = (
        f"select {_REACTION} as item, v.rule from xapi_reaction v join rule r on r.id = v.rule"
        " where v.organisation = $1 and ($2::uuid is null or v.rule < $2) order by v.rule desc limit $3"
    )
    return [(row["item"], row["rule"]) for row in await pool.fetch(query, organisation, before, limit)]


async def reaction(where: Where, identifier: UUID) -> bytes | None:
    """One as JSON; None if it was not approved."""
    query = f"select {_REACTION} from xapi_reaction v join rule r on r.id = v.rule where v.rule = $1"
    found: bytes | None = await where.fetchval(query, identifier)
    return found


async def set_status(connection: Connection, organisation: UUID, code: str, status: str) -> bool:
    """Of all versions of a rule; whether that changes any."""
    rows = await connection.fetch(
        "update xapi_reaction set status = $3"
        " where organisation = $1 and code = $2 and status <> $3 returning 1",
        *(organisation, code, status),
    )
    return bool(rows)


async def write_down(
    connection: Connection, change: UUID, organisation: UUID, code: str, act: str, by: UUID
) -> None:
    await connection.execute(
        "insert into xapi_reaction_change (id, organisation, code, act, by) values ($1, $2, $3, $4, $5)",
        *(change, organisation, code, act, by),
    )


async def claims(
    where: Where,
    organisation: UUID,
    rule: UUID | None,
    state: str | None,
    entry: UUID | None,
    is_voided: bool | None,
    before: UUID | None,
    limit: int,
) -> list[tuple[bytes, UUID]]:
    """An institution's claims as (JSON, id), the newest first."""
    rows = await where.fetch(_PAGE, organisation, rule, state, entry, is_voided, before, limit)
    return [(row["item"], row["id"]) for row in rows]


async def made_now(connection: Connection, organisation: UUID, rule: UUID, limit: int) -> list[bytes]:
    """The claims that a rule made in this transaction, as JSON."""
    return [row["item"] for row in await connection.fetch(_MADE_NOW, organisation, rule, limit)]


async def claim(where: Where, identifier: UUID) -> bytes:
    """One claim as JSON; whoever asks must have been let in."""
    found: bytes = await where.fetchval(_ONE, identifier)
    return found


async def claim_still(connection: Connection, identifier: UUID) -> asyncpg.Record | None:
    """Whose claim it is and its state, which nobody changes meanwhile."""
    query = "select organisation, code, state from xapi_claim where id = $1 for update"
    return await connection.fetchrow(query, identifier)


async def try_again(connection: Connection, identifier: UUID) -> None:
    await connection.execute("update xapi_claim set due = true where id = $1", identifier)


async def of_entry(pool: Pool, learner: UUID, entry: UUID) -> bytes | None:
    """The claim an entry of a learner was posted by, with the statements themselves."""
    found: bytes | None = await pool.fetchval(_OF_ENTRY, learner, entry)
    return found


async def unknown(connection: Connection, rule: UUID) -> int:
    """How many statements meet conditions whose learners nobody knows."""
    query = "select count(*) from xapi_reaction_match where rule = $1 and learner is null"
    return int(await connection.fetchval(query, rule))


async def mark_due(connection: Connection, people: Sequence[UUID]) -> None:
    """Look again at what may be of these people."""
    await connection.execute(_DUE, people)
    await connection.execute(_CLAIMS_DUE, people)


async def mark_joined(connection: Connection, people: Sequence[UUID]) -> None:
    """Look again at what these people met, whose records have been merged into others."""
    await connection.execute(_JOINED, people)


async def forget(connection: Connection, people: Sequence[UUID]) -> None:
    """Nothing leads from these people's statements to their credits, nor the other way."""
    for query in _FORGET:
        await connection.execute(query, people)
