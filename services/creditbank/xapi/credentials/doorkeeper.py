"""Who opens doors: bearer tokens as everywhere, basic credentials verified once and then remembered."""

import asyncio
import hmac
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from libs.common.database import Database
from libs.common.identity import Caller, Identity
from libs.common.problems import Unauthorized
from libs.common.tasks import is_cancelled
from services.creditbank.xapi.credentials import repository
from services.creditbank.xapi.credentials.problems import NotOfAnOrganisation
from services.creditbank.xapi.credentials.rules import agent, authority_of_pair, parted, permitted, text
from services.creditbank.xapi.credentials.service import digest_of
from services.creditbank.xapi.protocol.doors import Door
from services.creditbank.xapi.protocol.problems import RecordPlaceUnknown
from services.creditbank.xapi.protocol.rules import agent_key, expanded

#: how long a revocation by another process may stay unnoticed while Redis is away
_BASIC_S: Final = 1.0
#: how long the end of a person's role may
_PERSON_S: Final = 10.0
_MOST_KNOWN: Final = 10_000
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class _Known:
    door: Door
    until: float
    credential: UUID | None = None


class Doors:
    """The doors of one process. `home` names where accounts of credentials are, `issuer` those of auth."""

    def __init__(
        self,
        database: Database,
        identity: Identity,
        redis: "Redis",
        *,
        prefix: str,
        home: str,
        issuer: str,
    ) -> None:
        self._database, self._identity, self._redis = database, identity, redis
        self._channel = f"{prefix}xapi:revoked"
        self._home, self._issuer = home, issuer
        self._by_proof: OrderedDict[str, _Known] = OrderedDict()
        self._by_token: OrderedDict[str, _Known] = OrderedDict()
        self._forgotten = 0

    async def open(self, authorization: str | None) -> Door:
        """The door of an Authorization header; raises Unauthorized, Forbidden, TooManyRequests."""
        scheme, _, proof = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return await self._of_caller(await self._identity.caller(authorization))
        known = self._by_proof.get(proof)
        if known is None or known.until < time.monotonic():
            known = await self._of_credential(proof)
        self._identity.count(known.door.subject)
        return known.door

    async def revoked(self, credential: UUID) -> None:
        """Refuse a credential from now on: here, and as soon as they hear of it in other processes."""
        self.forget(credential)
        with suppress(RedisError, OSError):  # they look it up again within a second anyway
            await self._redis.publish(self._channel, credential.bytes)

    async def listen(self) -> None:
        """Forget what other processes revoke, for ever; without Redis it is noticed a second later."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(self._channel)
                    # redis-py takes a cancellation in its time limit for the end of that limit.
                    while not is_cancelled():
                        message = await channel.get_message(timeout=_BASIC_S)
                        if message is not None and len(message["data"]) == _ID_BYTES:
                            self.forget(UUID(bytes=message["data"]))
                    return
            except (RedisError, OSError):
                await asyncio.sleep(_BASIC_S)

    def forget(self, credential: UUID) -> None:
        """Let a credential be looked up again, since it was revoked."""
        self._forgotten += 1
        for proof in [proof for proof, known in self._by_proof.items() if known.credential == credential]:
            del self._by_proof[proof]

    async def _of_credential(self, proof: str) -> _Known:
        given = parted(proof)
        if given is None:
            raise Unauthorized
        while True:
            forgotten, began = self._forgotten, time.monotonic()
            found = await repository.working(self._database.pool, given[0])
            if forgotten == self._forgotten:  # else what was read may be from before a revocation
                break
        if found is None or not hmac.compare_digest(found["digest"], digest_of(given[1])):
            self._by_proof.pop(proof, None)
            raise Unauthorized
        authority = agent(self._home, str(found["id"]), found["name"])
        door = Door(
            organisation=found["organisation"],
            authority=text(authority),
            authority_key=agent_key(authority) or "",
            permissions=expanded(found["scopes"]),
            subject=f"credential:{found['id']}",
        )
        return _remember(self._by_proof, proof, _Known(door, began + _BASIC_S, found["id"]))

    async def _of_caller(self, caller: Caller) -> Door:
        known = self._by_token.get(caller.token_id)
        if known is None or known.until < time.monotonic():
            began = time.monotonic()
            made = await self._of_person(caller) if caller.is_person else self._of_client(caller)
            known = _remember(self._by_token, caller.token_id, _Known(made, began + _PERSON_S))
        return known.door

    def _of_client(self, caller: Caller) -> Door:
        if caller.organisation is None:
            raise NotOfAnOrganisation
        authority = agent(self._issuer, caller.client_id or str(caller.subject))
        return Door(
            organisation=caller.organisation,
            authority=text(authority),
            authority_key=agent_key(authority) or "",
            permissions=expanded(caller.scopes),
            subject=f"client:{caller.subject}",
        )

    async def _of_person(self, caller: Caller) -> Door:
        """Where the person acts is said by the role in the token, if the bank knows of it too."""
        chosen = caller.role.organisation if caller.role is not None else None
        places = await repository.places(self._database.pool, caller.subject, chosen)
        if len(places) != 1:
            raise RecordPlaceUnknown
        permissions, only_own = permitted(caller.scopes, places[0]["roles"])
        client = caller.client_id or ""
        own = agent_key(agent(self._issuer, str(caller.subject)))
        return Door(
            organisation=places[0]["organisation"],
            authority=authority_of_pair(self._issuer, client, caller.subject),
            authority_key=f"{agent_key(agent(self._issuer, client))} {own}",
            permissions=permissions,
            subject=f"person:{caller.subject}",
            own=own if only_own else None,
        )


def _remember(among: OrderedDict[str, _Known], key: str, known: _Known) -> _Known:
    among[key] = known
    among.move_to_end(key)
    if len(among) > _MOST_KNOWN:
        among.popitem(last=False)
    return known
