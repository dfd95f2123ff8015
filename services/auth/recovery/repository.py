"""SQL of recovery. Wishes are anybody's; a link is read by its secret alone, and tells whose it is."""

from typing import Any, Final
from uuid import UUID

from services.auth.recovery.rules import LINK_LIFE, LINKS_A_DAY, WISH_LIFE
from services.auth.sql import Row, Where, execute, fetch, fetch_one

_LIFE: Final = f"interval '{LINK_LIFE.total_seconds():.0f} seconds'"
_TAKE: Final = """
delete from recovery_wish
where id = (select id from recovery_wish order by id limit 1 for update skip locked)
returning canonical, language, created_at > now() - $1::interval as is_recent
"""
# The lock on the account keeps two couriers from giving the same person two newest links. Links are counted
# by a statement begun once the lock is held: one that waited for it would count what was there before.
_LOCK: Final = "select person_id from account where canonical = $1 for update"
_RECIPIENT: Final = f"""
select a.person_id, a.username, p.email,
  (select count(*) from recovery_link l
    where l.person_id = a.person_id and l.created_at > now() - interval '1 day') < {LINKS_A_DAY} as is_due
from account a join person p on p.id = a.person_id
where a.canonical = $1 and a.state = 'active' and p.status = 'active'
"""
_ADD: Final = f"""
insert into recovery_link (digest, person_id, address_digest, created_at, expires_at)
values ($1, $2, $3, clock_timestamp(), clock_timestamp() + {_LIFE})
"""
# A link is good once and for its time, if it is the newest, if the person's address is still the one it was
# sent to, and if the password was not chosen anew since.
_GOOD: Final = """
l.digest = $1 and l.used_at is null and l.expires_at > now()
and a.state = 'active' and p.status = 'active'
and l.address_digest = sha256(convert_to(p.email, 'UTF8'))
and coalesce(a.password_changed_at < l.created_at, true)
and not exists (select from recovery_link n where n.person_id = l.person_id and n.created_at > l.created_at)
"""
_FIND: Final = f"""
select a.person_id, a.username, p.given_name, p.family_name, p.preferred_name, p.email,
  array(select o.name from role_assignment r join organisation o on o.id = r.organisation_id
    where r.person_id = p.id and r.status = 'open' limit 20) as organisations
from recovery_link l join account a on a.person_id = l.person_id join person p on p.id = l.person_id
where {_GOOD}
"""
_USE: Final = f"""
update recovery_link l set used_at = now() from account a, person p
where a.person_id = l.person_id and p.id = l.person_id and {_GOOD}
returning l.person_id
"""
_CLEAN: Final = "delete from recovery_link where created_at < now() - interval '2 days'"


async def wish(where: Where, canonical: str, language: str) -> None:
    """Store that somebody wants to recover an account, whether or not there is one."""
    await execute(
        where, "insert into recovery_wish (canonical, language) values ($1, $2)", canonical, language
    )


async def take_wish(where: Where) -> Row | None:
    """The oldest wish, removed with this transaction; None if there is none that no other worker has."""
    rows = await fetch(where, _TAKE, WISH_LIFE)
    return rows[0] if rows else None


async def recipient(where: Where, canonical: str) -> Row | None:
    """The active account of a user name with the stored mail address, its row locked."""
    await execute(where, _LOCK, canonical)
    return await fetch_one(where, _RECIPIENT, canonical)


async def add_link(where: Where, digest: bytes, person: UUID, address_digest: bytes) -> None:
    """A new link; it voids those before it by being newer."""
    await execute(where, _CLEAN)
    await execute(where, _ADD, digest, person, address_digest)


async def find(where: Where, digest: bytes) -> Row | None:
    """Whose account a good link opens, with the names a password must not consist of."""
    return await fetch_one(where, _FIND, digest)


async def use(where: Where, digest: bytes) -> bool:
    """Use a link up; of several at the same time, one alone gets True."""
    return await fetch_one(where, _USE, digest) is not None


async def has_wishes(pool: Any) -> bool:
    """Whether anybody waits."""
    found: bool = await pool.fetchval("select exists (select from recovery_wish)")
    return found
