"""SQL of accounts and activation codes."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.auth.authority.rules import IN_CHARGE, OUT_OF_CHARGE
from services.auth.sql import Row, Where, execute, fetch, fetch_one

_FOR_SIGN_IN: Final = """
select a.person_id, a.canonical, a.password_hash,
  exists (select from second_factor f where f.person_id = a.person_id and f.confirmed_at is not null)
from account a join person p on p.id = a.person_id
where a.canonical = $1 and a.state = 'active' and p.status = 'active'
"""
_OUT_OF_REACH: Final = (
    f"select 1 as found where exists ({OUT_OF_CHARGE.format(person='$1', administrator='$2')})"
)
# A code is worth what its issuer may still do: a person who was promoted meanwhile needs one from higher up,
# and everybody does whose issuer was dismissed or suspended.
_FOR_ACTIVATION: Final = f"""
select a.person_id, a.username, p.given_name, p.family_name, p.preferred_name,
  array(select o.name from role_assignment r join organisation o on o.id = r.organisation_id
    where r.person_id = p.id and r.status = 'open' limit 20) as organisations
from activation_code c join account a on a.person_id = c.person_id join person p on p.id = a.person_id
where c.digest = $1 and c.used_at is null and c.revoked_at is null and c.expires_at > now()
  and a.state <> 'disabled' and p.status = 'active'
  and (c.issued_by is null
    or (exists ({IN_CHARGE.format(person="a.person_id", administrator="c.issued_by")})
      and not exists ({OUT_OF_CHARGE.format(person="a.person_id", administrator="c.issued_by")})))
"""
_OWN: Final = """
select a.username, a.password_hash, p.given_name, p.family_name, p.preferred_name, p.email,
  array(select o.name from role_assignment r join organisation o on o.id = r.organisation_id
    where r.person_id = p.id and r.status = 'open' limit 20) as organisations
from account a join person p on p.id = a.person_id
where a.person_id = $1 and a.state = 'active' and p.status = 'active'
"""
# The kinds of hashes in use, each up to its salt, of some 50,000 accounts at most.
_KINDS: Final = r"""
select case when password_hash like '$2%' then left(password_hash, 7)
    else regexp_replace(password_hash, '\$[^$]+\$[^$]+$', '$') end as kind, count(*) as accounts
from account tablesample system ({share}) where state = 'active' and password_hash is not null group by 1
"""
_SHARE: Final = """
select least(100, 100 * 50000 / greatest(reltuples, 1)) from pg_class where oid = 'account'::regclass
"""
_USE_CODE: Final = """
update activation_code set used_at = now()
where digest = $1 and used_at is null and revoked_at is null and expires_at > now()
returning person_id
"""


async def find_for_sign_in(pool: Any, canonical: str) -> Any:
    """The active account of this user name, or None. For sign-in only."""
    return await pool.fetchrow(_FOR_SIGN_IN, canonical)


async def find_own(where: Where, person: UUID) -> Row | None:
    """The person's active account with its hash, and the names a password must not consist of."""
    return await fetch_one(where, _OWN, person)


async def find(where: Where, person: UUID) -> Row | None:
    """The person's account, its row locked."""
    return await fetch_one(
        where, "select username, state, password_hash from account where person_id = $1 for update", person
    )


async def kinds_of_hashes(pool: Any) -> dict[str, int]:
    """How many accounts have hashes of each kind, of all or of a sample; tells of nobody."""
    share = float(await pool.fetchval(_SHARE))
    rows = await pool.fetch(_KINDS.format(share=f"{max(share, 0.01):.4f}"))
    return {row["kind"]: row["accounts"] for row in rows}


async def is_out_of_reach(where: Where, person: UUID, administrator: UUID | None) -> bool:
    """Whether the person works, or has a child in care, where the administrator is not in charge."""
    return await fetch_one(where, _OUT_OF_REACH, person, administrator) is not None


async def proposed_usernames(where: Where, person: UUID) -> list[str]:
    """What the rosters call the person's user."""
    rows = await fetch(
        where,
        "select username from person_identifier"
        " where person_id = $1 and username is not null order by source_id",
        person,
    )
    return [row["username"] for row in rows]


async def insert(where: Where, person: UUID, username: str, canonical: str) -> bool:
    """A new account without a password; False if the user name is taken."""
    row = await fetch_one(
        where,
        "insert into account (person_id, username, canonical) values ($1, $2, $3)"
        " on conflict (canonical) do nothing returning person_id",
        person,
        username,
        canonical,
    )
    return row is not None


async def replace_codes(
    where: Where, person: UUID, digest: bytes, issued_by: UUID | None, expires_at: datetime
) -> None:
    """Revoke the person's unused codes and store a new one."""
    await execute(
        where,
        "update activation_code set revoked_at = now()"
        " where person_id = $1 and used_at is null and revoked_at is null",
        person,
    )
    await execute(
        where,
        "insert into activation_code (person_id, digest, issued_by, expires_at) values ($1, $2, $3, $4)",
        person,
        digest,
        issued_by,
        expires_at,
    )


async def find_for_activation(where: Where, digest: bytes) -> Row | None:
    """Whose account a valid code opens, with the names a password must not consist of."""
    return await fetch_one(where, _FOR_ACTIVATION, digest)


async def use_code(where: Where, digest: bytes) -> bool:
    """Use a code up; of several at the same time, one alone gets True."""
    return await fetch_one(where, _USE_CODE, digest) is not None


async def set_password(where: Where, person: UUID, password_hash: str, *, is_short: bool) -> None:
    """Set a password the person chose and make the account active, unless it is suspended."""
    await execute(
        where,
        "update account set password_hash = $2, password_changed_at = now(), state = 'active',"
        " short_password = $3, password_from = null where person_id = $1 and state <> 'disabled'",
        person,
        password_hash,
        is_short,
    )


async def set_state(where: Where, person: UUID, state: str) -> None:
    await execute(where, "update account set state = $2 where person_id = $1", person, state)


async def settle_rosters(where: Where, person: UUID, *, enabled: bool) -> None:
    """Let what rosters say of the account have no effect until they say the contrary of `enabled` first.

    That is how they stand to an account a hand has suspended (True: they have nothing to take back) or
    resumed (False: they have disabled it already).
    """
    await execute(
        where,
        "update person_identifier set enabled = $2 where person_id = $1 and enabled <> $2",
        person,
        enabled,
    )


async def person_of(where: Where, canonical: str) -> UUID | None:
    """Whose account this is, whatever its state."""
    row = await fetch_one(where, "select person_id from account where canonical = $1", canonical)
    return row["person_id"] if row else None


async def username_of(where: Where, person: UUID) -> str | None:
    row = await fetch_one(where, "select username from account where person_id = $1", person)
    return row["username"] if row else None


async def mail_address_of(where: Where, person: UUID) -> str | None:
    """The address the person has here, set by a roster or by hand."""
    row = await fetch_one(where, "select email from person where id = $1 and status = 'active'", person)
    return row["email"] if row else None


async def void_short_password(where: Where, person: UUID) -> None:
    await execute(
        where,
        "update account set password_hash = null, short_password = false,"
        " state = case state when 'active' then 'invited' else state end"
        " where person_id = $1 and short_password",
        person,
    )
