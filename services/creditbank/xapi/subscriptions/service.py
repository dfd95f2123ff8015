"""Subscriptions to an organisation's statements, and its dead letters."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from libs.common.problems import NotFound
from services.creditbank.institutions import service as institutions
from services.creditbank.tables import Connection, Pool
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.statements.keys import key
from services.creditbank.xapi.subscriptions import repository
from services.creditbank.xapi.subscriptions.problems import (
    NotInChargeOfSubscriptions,
    SubscriptionEnded,
    TargetNotAllowed,
    TooManySubscriptions,
)
from services.creditbank.xapi.subscriptions.rules import OVER, SUBSCRIBING, is_allowed_address
from services.creditbank.xapi.subscriptions.seals import Seals

MOST_OPEN: Final = 50
_SECRET_BYTES: Final = 32
_SHIFT: Final = 20
_ACT: Final = {"active": "resumed", "paused": "paused", "ended": "ended"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an administrator asks for; `credential` are user name and password at another record store."""

    organisation: UUID
    name: str
    kind: str
    address: str
    filters: Mapping[str, Any]
    since: datetime | None
    credential: tuple[str, str] | None


class Subscriptions:
    """Subscriptions of one database."""

    def __init__(self, database: Database, seals: Seals, *, development: bool, private: bool) -> None:
        self._database, self._seals = database, seals
        self._development, self._private = development, private

    async def create(self, caller: Caller, wanted: Wanted) -> tuple[bytes, str | None]:
        """A subscription as JSON, and the secret of a webhook, which is told this once.

        Raises NotFound, NotInChargeOfSubscriptions, TargetNotAllowed, TooManySubscriptions.
        """
        await _require_charge(self._database.pool, caller, wanted.organisation)
        if not is_allowed_address(wanted.address, development=self._development, private=self._private):
            raise TargetNotAllowed
        subscription, secret = new_id(), secrets.token_bytes(_SECRET_BYTES)
        proof = secret if wanted.credential is None else _basic(*wanted.credential)
        async with self._database.pool.acquire() as pooled, pooled.transaction():
            connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
            if not await repository.held_still(connection, wanted.organisation):
                raise NotFound
            if await repository.count_open(connection, wanted.organisation) >= MOST_OPEN:
                raise TooManySubscriptions(most=MOST_OPEN)
            since = wanted.since or await connection.fetchval("select now()")
            await repository.add(
                connection,
                *(subscription, wanted.organisation, wanted.name, wanted.kind, wanted.address),
                orjson.dumps(wanted.filters),
                *_keys(wanted.organisation, wanted.filters),
                self._seals.seal(subscription, proof),
                (max(0, int(since.timestamp() * 1000)) << _SHIFT) - 1,
            )
            await repository.write_down(connection, new_id(), subscription, "created", caller.subject)
            shown = await repository.shown(connection, subscription)
        told = f"whsec_{base64.b64encode(secret).decode()}" if wanted.credential is None else None
        return shown, told

    async def change(self, caller: Caller, subscription: UUID, status: str) -> bytes:
        """Pause, resume or end; what it is already changes nothing.

        Raises NotFound, NotInChargeOfSubscriptions, SubscriptionEnded.
        """
        await self._require(caller, subscription)
        async with self._database.pool.acquire() as pooled, pooled.transaction():
            connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
            present = await repository.status_of(connection, subscription)
            if present in OVER and status != "ended":
                raise SubscriptionEnded
            if present not in (status, *OVER):
                await repository.set_status(connection, subscription, status)
                await repository.write_down(connection, new_id(), subscription, _ACT[status], caller.subject)
            return await repository.shown(connection, subscription)

    async def send_again(self, caller: Caller, subscription: UUID, letter: UUID | None) -> bytes:
        """Try one dead letter, or all, as if they were new.

        Raises NotFound, NotInChargeOfSubscriptions, SubscriptionEnded.
        """
        await self._require(caller, subscription)
        async with self._database.pool.acquire() as pooled, pooled.transaction():
            connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
            if await repository.status_of(connection, subscription) in OVER:
                raise SubscriptionEnded
            revived = await repository.revive(connection, subscription, letter)
            if letter is not None and not revived:
                raise NotFound
            if revived:
                await repository.write_down(connection, new_id(), subscription, "sent again", caller.subject)
            return await repository.shown(connection, subscription)

    async def listed(
        self, caller: Caller, organisation: UUID, before: UUID | None, limit: int
    ) -> list[tuple[bytes, UUID]]:
        """An organisation's subscriptions; raises NotFound, NotInChargeOfSubscriptions."""
        await _require_charge(self._database.pool, caller, organisation)
        return await repository.page(self._database.pool, organisation, before, limit)

    async def letters(
        self, caller: Caller, subscription: UUID, after: UUID | None, limit: int
    ) -> list[tuple[bytes, UUID]]:
        """Dead letters of a subscription; raises NotFound, NotInChargeOfSubscriptions."""
        await self._require(caller, subscription)
        return await repository.letters(self._database.pool, subscription, after, limit)

    async def _require(self, caller: Caller, subscription: UUID) -> None:
        organisation = await repository.organisation_of(self._database.pool, subscription)
        if organisation is None:
            raise NotFound
        await _require_charge(self._database.pool, caller, organisation)


def _keys(organisation: UUID, filters: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Keys of verb, activity, agent, and the agent as a member of a group."""
    owner, agent = organisation.hex, filters.get("agent")
    named = agent_key(agent) if agent is not None else None
    return (
        key(owner, "verb", filters["verb"]) if filters.get("verb") else None,
        key(owner, "activity", filters["activity"]) if filters.get("activity") else None,
        key(owner, "agent", named) if named else None,
        key(owner, "member", named) if named else None,
    )


def _basic(username: str, password: str) -> bytes:
    """The header that another record store asks for (RFC 7617)."""
    return b"Basic " + base64.b64encode(f"{username}:{password}".encode())


async def _require_charge(pool: Pool, caller: Caller, organisation: UUID) -> None:
    if await institutions.holds_role_above(pool, organisation, caller, SUBSCRIBING):
        return
    if await institutions.may_oversee(pool, organisation, caller):
        raise NotInChargeOfSubscriptions
    raise NotFound
