"""SQL of codes, waiting requests and consents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.auth.sql import Row, Where, execute, fetch_one

# One conditional UPDATE: of all who redeem a code at the same time, the row's lock lets one alone win. The
# person comes first, as with whoever merges or erases people: otherwise each would wait for the other.
_REDEEM: Final = """
with holder as materialized (
  select p.id from authorization_code c join person p on p.id = c.person_id
  where c.digest = $1 and p.status = 'active' for key share of p
)
update authorization_code c set used_at = $5, family_id = $6
from holder join session s on s.person_id = holder.id
  join account a on a.person_id = s.person_id and a.state = 'active'
where c.person_id = holder.id and c.digest = $1 and c.client_id = $2 and c.redirect_uri = $3
  and c.code_challenge = $4
  and c.used_at is null and c.expires_at > $5
  and s.id = c.session_id and s.ended_at is null and s.expires_at > $5
returning c.person_id, c.session_id, c.scopes, c.audiences, c.nonce, c.claims::text as claims,
  c.authenticated_at, c.methods
"""


async def redeem(
    where: Where,
    digest: bytes,
    client: UUID,
    redirect_uri: str,
    challenge: str,
    now: datetime,
    family: UUID,
) -> Row | None:
    """Use up the code if it is this client's, unused, alive, and so is its session; None if not."""
    return await fetch_one(where, _REDEEM, digest, client, redirect_uri, challenge, now, family)


async def family_of_code(where: Where, digest: bytes) -> UUID | None:
    """The family a code was redeemed for; None for a code that is unknown, unused or void."""
    row = await fetch_one(where, "select family_id from authorization_code where digest = $1", digest)
    return row["family_id"] if row else None


# Whoever adds one clears away a few that are long over, so that no job has to.
_WAIT: Final = """
with over as (
  delete from authorization_request where id in (
    select id from authorization_request where expires_at < now() - interval '1 hour'
    order by expires_at limit 20 for update skip locked)
)
insert into authorization_request (id, client_id, browser_digest, parameters, expires_at)
values ($1, $2, $3, $4::text::json, now() + interval '1 hour')
"""
_WAITING: Final = """
select r.id, r.parameters::text as parameters, r.created_at, r.selected_session_id, c.client_id
from authorization_request r join client c on c.id = r.client_id
where r.id = $1 and r.browser_digest = $2 and r.ended_at is null and r.expires_at > now()
"""
# Used codes are kept for a day, so that one that comes again is known to have leaked.
_ISSUE: Final = """
with over as (
  delete from authorization_code where digest in (
    select digest from authorization_code where expires_at < now() - interval '1 day'
    order by expires_at limit 20 for update skip locked)
)
insert into authorization_code (digest, client_id, person_id, session_id, redirect_uri, code_challenge,
  scopes, audiences, nonce, claims, authenticated_at, methods, created_at, expires_at)
select $1, $2, s.person_id, s.id, $4, $5, $6, $7, $8, $9::text::json, s.authenticated_at, s.methods, $10, $11
from session s
where s.id = $3 and s.ended_at is null and s.expires_at > now()
returning digest
"""
_ALLOW: Final = """
insert into client_consent as c (person_id, client_id, scopes) values ($1, $2, $3)
on conflict (person_id, client_id) do update
  set given_at = now(), revoked_at = null,
    scopes = case when c.revoked_at is null
      then array(select distinct unnest(c.scopes || excluded.scopes) order by 1) else excluded.scopes end
"""
_PARTIES: Final = """
select p.given_name, p.family_name, p.preferred_name, o.name as organisation
from person p, client c left join organisation o on o.id = c.organisation_id
where p.id = $1 and c.id = $2
"""


async def wait(where: Where, request: UUID, client: UUID, browser: bytes, parameters: str) -> None:
    """Keep a checked request (as JSON) until its person has acted, for at most an hour."""
    await execute(where, _WAIT, request, client, browser, parameters)


async def waiting(where: Where, request: UUID, browser: bytes) -> Row | None:
    """This browser's request, while it waits."""
    return await fetch_one(where, _WAITING, request, browser)


async def select_session(where: Where, request: UUID, browser: bytes, session: UUID) -> None:
    """Remember with which session the person goes on."""
    await execute(
        where,
        "update authorization_request set selected_session_id = $3 where id = $1 and browser_digest = $2",
        request,
        browser,
        session,
    )


async def end_request(where: Where, request: UUID) -> bool:
    """Let a request wait no longer; of several at the same time, one alone gets True."""
    statement = (
        "update authorization_request set ended_at = now() where id = $1 and ended_at is null returning id"
    )
    return await fetch_one(where, statement, request) is not None


async def issue(
    where: Where,
    digest: bytes,
    client: UUID,
    session: UUID,
    redirect_uri: str,
    challenge: str,
    scopes: Sequence[str],
    audiences: Sequence[str],
    nonce: str | None,
    claims: str | None,
    now: datetime,
    expires_at: datetime,
) -> bool:
    """Keep a code for a client; False if the session has ended meanwhile."""
    row = await fetch_one(
        where,
        _ISSUE,
        digest,
        client,
        session,
        redirect_uri,
        challenge,
        list(scopes),
        list(audiences),
        nonce,
        claims,
        now,
        expires_at,
    )
    return row is not None


async def allowed_scopes(where: Where, person: UUID, client: UUID, *, lock: bool = False) -> frozenset[str]:
    """What the person allows the client now; with `lock` it stays so until the transaction ends."""
    statement = (
        "select scopes from client_consent where person_id = $1 and client_id = $2 and revoked_at is null"
    )
    row = await fetch_one(where, f"{statement} for share" if lock else statement, person, client)
    return frozenset(row["scopes"]) if row else frozenset()


async def allow(where: Where, person: UUID, client: UUID, scopes: Sequence[str]) -> None:
    """Add to what the person allows the client."""
    await execute(where, _ALLOW, person, client, list(scopes))


async def parties(where: Where, person: UUID, client: UUID) -> Row | None:
    """The person's names, and the name of the organisation whose client it is."""
    return await fetch_one(where, _PARTIES, person, client)


async def void_codes(where: Where, person: UUID, client: UUID) -> None:
    """Make codes that were not redeemed yet worthless."""
    await execute(
        where,
        "update authorization_code set used_at = now()"
        " where person_id = $1 and client_id = $2 and used_at is null",
        person,
        client,
    )


async def void_foreign_codes(where: Where, person: UUID) -> None:
    """The same for all clients that must ask for consent."""
    await execute(
        where,
        "update authorization_code set used_at = now() where person_id = $1 and used_at is null"
        " and client_id in (select id from client where needs_consent)",
        person,
    )


async def may_decide(where: Where, person: UUID) -> bool:
    """Whether the person may allow applications something: of age for it, or with a guardian's consent."""
    statement = (
        "select person_id from consent_of(array[$1::uuid], (select today()))"
        " where consent in ('not-needed', 'given')"
    )
    return await fetch_one(where, statement, person) is not None


async def withdraw(where: Where, person: UUID, client: UUID) -> bool:
    """Withdraw what the person allowed the client; False if there was nothing."""
    statement = (
        "update client_consent set revoked_at = now()"
        " where person_id = $1 and client_id = $2 and revoked_at is null returning client_id"
    )
    return await fetch_one(where, statement, person, client) is not None
