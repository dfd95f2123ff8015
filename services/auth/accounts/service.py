"""Use cases of accounts: being invited, activating, being suspended."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.common.database import Database, retrying
from services.auth.accounts import repository
from services.auth.accounts.problems import AccountSuspended, CodeRefused, UsernameRefused, UsernameTaken
from services.auth.accounts.rules import (
    CODE_CHARACTERS,
    CODE_LENGTH,
    CODE_LIFE_DAYS,
    canonical,
    canonical_code,
)
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.authority.problems import NotInCharge
from services.auth.families import service as families
from services.auth.passwords.service import ChosenPassword, Passwords
from services.auth.people import service as people
from services.auth.revocations import service as revocations
from services.auth.sessions.service import end_all_sessions
from services.auth.sql import Row, Where


@dataclass(frozen=True, slots=True)
class SignInAccount:
    """What a sign-in needs to know of an account."""

    person: UUID
    canonical: str
    password_hash: str
    has_second_factor: bool


async def find_for_sign_in(pool: Any, username: str) -> SignInAccount | None:
    """The active account of a user name in its canonical form."""
    row = await repository.find_for_sign_in(pool, username)
    return SignInAccount(*row) if row is not None else None


def _digest(code: str) -> bytes:
    return hashlib.sha256(canonical_code(code).encode()).digest()


async def require_reach(session: Where, actor: Actor, person: UUID) -> UUID | None:
    """The actor may act on the account: in charge of the person, and wherever the person works.

    The organisation for which the actor does so; raises NotFound or NotInCharge.
    """
    standing = await authority.require_charge_of_person(session, actor, person)
    if await repository.is_out_of_reach(session, person, actor.person):
        raise NotInCharge
    return standing.organisation


async def issue_code(
    session: Where, actor: Actor, person: UUID, username: str | None
) -> tuple[str, datetime]:
    """A new activation code for the person, and its end; earlier codes are void.

    Without an account one is made: with the given user name, else the roster's, else a number.
    """
    organisation = await require_reach(session, actor, person)
    account = await repository.find(session, person)
    if account is None:
        await _open_account(session, person, username)
    elif account["state"] == "disabled":
        raise AccountSuspended
    drawn = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
    code = "-".join(drawn[at : at + 4] for at in range(0, CODE_LENGTH, 4))
    expires_at = datetime.now(UTC) + timedelta(days=CODE_LIFE_DAYS)
    await repository.replace_codes(session, person, _digest(code), actor.person, expires_at)
    await remember(
        session, actor, "account.activation_code_issued", organisation=organisation, subject=person
    )
    return code, expires_at


async def _open_account(session: Where, person: UUID, username: str | None) -> None:
    if username is not None:
        folded = canonical(username)
        if folded is None:
            raise UsernameRefused
        if not await repository.insert(session, person, username.strip(), folded):
            raise UsernameTaken
        return
    for proposal in await repository.proposed_usernames(session, person):
        folded = canonical(proposal)
        if folded is not None and await repository.insert(session, person, proposal.strip(), folded):
            return
    number = f"{secrets.randbelow(10**9):09d}"
    while not await repository.insert(session, person, number, number):
        number = f"{secrets.randbelow(10**9):09d}"


async def activate(database: Database, passwords: Passwords, code: str, password: str) -> tuple[UUID, str]:
    """Set the password with a code that works once; the person and the user name.

    Sessions opened with an earlier password end. No connection is held while the password is hashed.
    Raises CodeRefused, PasswordRefused, HashingBusy.
    """
    digest = _digest(code)
    found = await repository.find_for_activation(database.pool, digest)
    if found is None:
        raise CodeRefused
    chosen = await passwords.chosen(password, context=names_in(found))
    person: UUID = found["person_id"]

    async def once() -> None:
        async with database.transaction() as session:
            await hold(session, person)
            if not await repository.use_code(session, digest):
                raise CodeRefused
            await set_chosen_password(session, person, chosen)
            await remember(session, Actor("person", person), "account.activated", subject=person)

    await retrying(once)
    return person, found["username"]


def names_in(found: Row) -> list[str]:
    """The names in a row about an account: what its password must not consist of."""
    names = [found["username"], found["given_name"], found["family_name"], found["preferred_name"] or ""]
    return [*names, *found["organisations"]]


async def hold(session: Where, person: UUID) -> None:
    """Let nobody else change, end or move the account until the end; to be done before any row beside it."""
    await repository.find(session, person)


async def set_chosen_password(
    session: Where, person: UUID, chosen: ChosenPassword, *, keep: UUID | None = None
) -> None:
    """Set a password the person chose: every session but one to be kept ends, with all it gave."""
    await repository.set_password(session, person, chosen.hash, is_short=chosen.is_short)
    await end_all_sessions(session, person, keep=keep)
    await families.end_of_person(session, person, "password-changed", except_session=keep)


async def own_account(where: Where, person: UUID) -> Row | None:
    """The person's active account with names, mail address and hash; for checks by the person."""
    return await repository.find_own(where, person)


async def suspend(session: Where, actor: Actor, person: UUID) -> None:
    """Suspend the account at once: no sign-in, every session ended, with all tokens they gave.

    No roster lets it work again, not even one that had disabled it before. Raises LastAdministrator.
    """
    organisation = await require_reach(session, actor, person)
    await people.require_dispensable(session, person)
    account = await repository.find(session, person)
    if account is not None:
        await repository.settle_rosters(session, person, enabled=True)
    if account is not None and account["state"] != "disabled":
        await repository.set_state(session, person, "disabled")
        await end_all_sessions(session, person)
        await families.end_of_person(session, person, "suspended")
        # Also what hangs on neither: the tokens of a session that has run out, or that opens at this moment.
        await revocations.revoke(session, "person", person)
        await remember(session, actor, "account.suspended", organisation=organisation, subject=person)


async def resume(session: Where, actor: Actor, person: UUID) -> None:
    """Let a suspended account work again, with the password it had, whatever rosters said before."""
    organisation = await require_reach(session, actor, person)
    account = await repository.find(session, person)
    if account is not None and account["state"] == "disabled":
        await repository.set_state(session, person, "active" if account["password_hash"] else "invited")
        await repository.settle_rosters(session, person, enabled=False)
        await remember(session, actor, "account.resumed", organisation=organisation, subject=person)


async def ensure_account(
    session: Where, passwords: Passwords, person: UUID, username: str, password: str
) -> None:
    """An active account set up by the operator; one that exists is left alone. Not for routes."""
    folded = canonical(username)
    if folded is None:
        raise UsernameRefused
    if await repository.find(session, person) is None:
        if not await repository.insert(session, person, username.strip(), folded):
            raise UsernameTaken
        chosen = await passwords.chosen(password, context=[username])
        await repository.set_password(session, person, chosen.hash, is_short=chosen.is_short)


async def person_of(session: Where, username: str) -> UUID | None:
    """Whose account a user name is. For the operator's commands."""
    folded = canonical(username)
    return await repository.person_of(session, folded) if folded else None


async def username_of(where: Where, person: UUID) -> str | None:
    """The user name as the person writes it; None without an account."""
    return await repository.username_of(where, person)


async def mail_address_of(where: Where, person: UUID) -> str | None:
    """Where mail to the person goes; None without an address."""
    return await repository.mail_address_of(where, person)


async def void_short_password(session: Where, person: UUID) -> None:
    """Let a password that is only enough with a second factor no longer count; a code sets a new one."""
    await repository.void_short_password(session, person)


async def is_password(session: Where, person: UUID, password_hash: str) -> bool:
    """Whether the active account still has this hash; its row stays locked until the end."""
    found = await repository.find(session, person)
    return found is not None and found["state"] == "active" and found["password_hash"] == password_hash
