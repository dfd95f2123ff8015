"""SQL of half-done sign-ins; every statement names the browser or the person whose they are."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

# A newer sign-in at the same browser takes the place of the older; what is long over goes with it.
_BEGIN: Final = """
with gone as (
  delete from started_sign_in where expires_at < now() - interval '1 hour' and browser_digest <> $1
)
insert into started_sign_in (browser_digest, person_id, expires_at) values ($1, $2, $3)
on conflict (browser_digest) do update set person_id = excluded.person_id, expires_at = excluded.expires_at,
  created_at = clock_timestamp()
"""
# A password set meanwhile, or a suspension, ends what the old password began.
_LIVE: Final = """
s.browser_digest = $1 and s.expires_at > now() and a.person_id = s.person_id and a.state = 'active'
and (a.password_changed_at is null or a.password_changed_at <= s.created_at)
"""
_FIND: Final = f"""
select a.person_id, a.username, a.canonical, a.password_hash
from started_sign_in s, account a where {_LIVE}
"""
_TAKE: Final = f"""
delete from started_sign_in s using account a where {_LIVE}
returning a.person_id, a.username, a.canonical, a.password_hash
"""
_UPGRADE: Final = "update account set password_hash = $3 where person_id = $1 and password_hash = $2"


async def begin(pool: Any, browser: bytes, person: UUID, expires_at: datetime) -> None:
    """Remember that the person's password was right at this browser."""
    await pool.execute(_BEGIN, browser, person, expires_at)


async def find(pool: Any, browser: bytes) -> Any:
    """The half-done sign-in of this browser, or None."""
    return await pool.fetchrow(_FIND, browser)


async def take(pool: Any, browser: bytes) -> Any:
    """Use the half-done sign-in up; of several at the same time, one alone gets it."""
    return await pool.fetchrow(_TAKE, browser)


async def give_up(pool: Any, browser: bytes) -> None:
    await pool.execute("delete from started_sign_in where browser_digest = $1", browser)


async def upgrade_hash(pool: Any, person: UUID, stored: str, better: str) -> None:
    """Replace the hash that was just verified by a better one of the same password."""
    await pool.execute(_UPGRADE, person, stored, better)
