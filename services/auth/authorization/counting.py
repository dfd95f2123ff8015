"""Counts that keep floods of requests from filling the audit or the table of those that wait."""

from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from services.auth.clients.rules import worth_remembering
from services.auth.throttling.rules import network_of

_REFUSALS_WINDOW_S: Final = 60
# A large school behind one address signs in at eight in the morning; a kept request has 10 kB at most.
MOST_WAITING: Final = 5000
WAITING_WINDOW_S: Final = 600


class Counts:
    """Counts of one asking network, in Redis, by its hash; Redis's own errors say that it is away."""

    def __init__(self, redis: Any, *, prefix: str, network: str) -> None:
        self._redis, self._prefix, self._network = redis, prefix, network

    async def is_worth_remembering(self, client: UUID) -> bool:
        """Whether this refusal of a client is the first, tenth, hundredth … of its minute."""
        return worth_remembering(await self._next(f"authorization-refusals:{client}", _REFUSALS_WINDOW_S))

    async def may_wait(self) -> bool:
        """Whether one more request of this network may be kept until its person has acted."""
        place = blake2b(network_of(self._network).encode(), digest_size=16).hexdigest()
        count = await self._next(f"authorization-requests:{place}", WAITING_WINDOW_S)
        return count <= MOST_WAITING

    async def _next(self, name: str, seconds: int) -> int:
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.set(f"{self._prefix}{name}", 0, ex=seconds, nx=True)
        pipeline.incr(f"{self._prefix}{name}")
        return int((await pipeline.execute())[1])
