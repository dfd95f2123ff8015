"""Counting refused clients, in Redis, by client and by network; what goes well is never counted.

A secret has 256 random bits, so counting need not stop guesses: it ends the load that they make, and keeps
the audit readable. Whoever knows a client's public name can therefore not lock the client out: the right
secret works at any time.
"""

import asyncio
from hashlib import blake2b
from typing import Any, Final

from libs.common.redis_scripts import Script, Scripts
from services.auth.clients import repository
from services.auth.clients.rules import REFUSAL_WINDOW_S, refusals_allowed, worth_remembering
from services.auth.throttling.rules import network_of

# A flood of refusals must not take the connections with which people sign in.
_AT_THE_SAME_TIME: Final = 4

# KEYS: client, network, client in network. Answers the three counts and the seconds until the window ends.
_COUNT: Final = Script("""
local counts = {}
for place, key in ipairs(KEYS) do
  counts[place] = redis.call('INCR', key)
  if counts[place] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
end
counts[4] = math.max(1, redis.call('TTL', KEYS[3]))
return counts
""")


class Refusals:
    """Counts for all processes together. Nothing a caller sends becomes a key's name: hashes do."""

    def __init__(self, scripts: Scripts, pool: Any, *, prefix: str) -> None:
        self._scripts, self._pool, self._prefix = scripts, pool, prefix
        self._few = asyncio.Semaphore(_AT_THE_SAME_TIME)

    async def count(self, network: str, client_id: str, row: Any, why: str) -> int:
        """Count one refusal and remember the first of a window, then some; the seconds to wait, or 0.

        Raises Redis's own errors when it is away: the refusal stays one.
        """
        place = network_of(network)
        known = str(row["id"]) if row is not None else "unknown"
        keys = [self._key("client", known), self._key("network", place)]
        keys.append(self._key("both", f"{place}\n{client_id}"))
        async with self._few:
            counts = await self._scripts.run(_COUNT, keys, (REFUSAL_WINDOW_S,))
            by_client, by_network, by_both, ends_in = counts
            if worth_remembering(by_client):
                await repository.remember_refusal(self._pool, row, why, by_client)
        return 0 if refusals_allowed(by_network, by_both) else int(ends_in)

    def _key(self, kind: str, value: str) -> str:
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"{self._prefix}refusals:{kind}:{digest}"
