"""SQL of second factors; every statement names the person whose they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.auth.second_factors.rules import ENROLMENT_S, FRESH_S, MOST_FAILURES
from services.auth.sql import Row, Where, execute, fetch, fetch_one

_STATE: Final = """
select json_build_object('enrolled', f.person_id is not null,
  'since', to_char(f.confirmed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'recovery_codes_left', (select count(*) from recovery_code c
    where c.person_id = p.id and c.used_at is null and f.person_id is not null))
from person p left join second_factor f on f.person_id = p.id and f.confirmed_at is not null
where p.id = $1
"""
_SINCE: Final = """
select f.confirmed_at, (select count(*) from recovery_code c
  where c.person_id = f.person_id and c.used_at is null) as codes_left
from second_factor f where f.person_id = $1 and f.confirmed_at is not null
"""
_BEGIN: Final = """
insert into second_factor (person_id, secret, session_id) values ($1, $2, $3)
on conflict (person_id) do update set secret = excluded.secret, session_id = excluded.session_id,
  created_at = now(), last_step = 0, failures = 0
where second_factor.confirmed_at is null
returning person_id
"""
_PENDING: Final = f"""
select secret from second_factor
where person_id = $1 and session_id = $2 and confirmed_at is null
  and created_at > now() - interval '{ENROLMENT_S} seconds'
for update
"""
# A wrong code is counted before it is looked at, so that guesses at the same time get no more tries.
_TRY: Final = f"""
update second_factor set failures = failures + 1
where person_id = $1 and confirmed_at is not null and failures < {MOST_FAILURES}
returning secret, last_step
"""
_USE_STEP: Final = """
update second_factor set last_step = $2, failures = 0
where person_id = $1 and confirmed_at is not null and last_step < $2
returning person_id
"""
_USE_RECOVERY_CODE: Final = """
with used as (
  update recovery_code c set used_at = now()
  from second_factor f
  where c.person_id = $1 and c.digest = $2 and c.used_at is null
    and f.person_id = c.person_id and f.confirmed_at is not null
  returning c.person_id
)
update second_factor set failures = 0 where person_id in (select person_id from used) returning person_id
"""
_FRESH: Final = f"""
select from session
where id = $2 and person_id = $1 and ended_at is null and expires_at > now()
  and authenticated_at > now() - interval '{FRESH_S} seconds'
"""


async def is_enrolled(where: Where, person: UUID) -> bool:
    """Whether the person has a second factor that counts."""
    statement = "select person_id from second_factor where person_id = $1 and confirmed_at is not null"
    return await fetch_one(where, statement, person) is not None


async def state(pool: Any, person: UUID) -> bytes | None:
    """The person's second factor as JSON."""
    document: bytes | None = await pool.fetchval(_STATE, person)
    return document


async def state_of(where: Where, person: UUID) -> tuple[datetime | None, int]:
    """Since when the person has a second factor, and how many recovery codes are unused."""
    row = await fetch_one(where, _SINCE, person)
    return (row["confirmed_at"], row["codes_left"]) if row else (None, 0)


async def is_fresh(where: Where, person: UUID, session: UUID) -> bool:
    """Whether this session of the person is alive and began with a sign-in of the last minutes."""
    return await fetch_one(where, f"select 1 as found where exists ({_FRESH})", person, session) is not None


async def begin(where: Where, person: UUID, secret: bytes, session: UUID) -> bool:
    """Store a secret to be confirmed, in place of any other such; False if there is a confirmed one."""
    return await fetch_one(where, _BEGIN, person, secret, session) is not None


async def pending(where: Where, person: UUID, session: UUID) -> bytes | None:
    """The sealed secret this session began with, its row locked; None if there is none or it is too old."""
    row = await fetch_one(where, _PENDING, person, session)
    return row["secret"] if row else None


async def confirm(where: Where, person: UUID, step: int) -> None:
    statement = "update second_factor set confirmed_at = now(), last_step = $2 where person_id = $1"
    await execute(where, statement, person, step)


async def count_a_try(where: Where, person: UUID) -> Row | None:
    """Count a code as wrong; the sealed secret and the last step used, None where no code is looked at."""
    return await fetch_one(where, _TRY, person)


async def use_step(where: Where, person: UUID, step: int) -> bool:
    """Use up a time step and forgive what went wrong before; of several at once, one alone gets True."""
    return await fetch_one(where, _USE_STEP, person, step) is not None


async def use_recovery_code(where: Where, person: UUID, digest: bytes) -> bool:
    """Use up a recovery code; of several at once, one alone gets True."""
    return await fetch_one(where, _USE_RECOVERY_CODE, person, digest) is not None


async def replace_recovery_codes(where: Where, person: UUID, digests: Sequence[bytes]) -> None:
    """New codes in place of all earlier ones."""
    await execute(where, "delete from recovery_code where person_id = $1", person)
    statement = "insert into recovery_code (person_id, digest) select $1::uuid, unnest($2::bytea[])"
    await execute(where, statement, person, list(digests))


async def remove(where: Where, person: UUID) -> bool:
    """Remove the factor and its codes; False if there was no confirmed one."""
    await execute(where, "delete from recovery_code where person_id = $1", person)
    statement = "delete from second_factor where person_id = $1 returning confirmed_at"
    return any(row["confirmed_at"] for row in await fetch(where, statement, person))


async def has_short_password(where: Where, person: UUID) -> bool:
    """Whether the password was accepted only because there is a second factor."""
    row = await fetch_one(where, "select short_password from account where person_id = $1", person)
    return bool(row and row["short_password"])
