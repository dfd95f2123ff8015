"""A request limit per caller: counted in the process, shared through Redis in the background.

A look-up costs about a microsecond; the price is that a caller spread over many processes may pass the
limit by what fits into one exchange (250 ms). Limits that must be exact are kept in Redis by their
service. With Redis away each process goes on counting for itself.
"""

import asyncio
import time
from contextlib import suppress
from hashlib import blake2b
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

_EXCHANGE_S = 0.25
_WINDOW_S = 60


class RequestLimit:
    """At most `per_minute` requests of one caller in each minute of the clock; 0 is no limit."""

    def __init__(self, redis: "Redis | None", *, prefix: str, per_minute: int) -> None:
        self._redis = redis
        self._prefix = prefix
        self._per_minute = per_minute
        self._window = 0
        self._seen: dict[str, int] = {}
        self._unshared: dict[str, int] = {}

    def retry_after(self, caller: str) -> int:
        """Count one request; 0 if it may pass, else the seconds until the next window."""
        if not self._per_minute:
            return 0
        now = int(time.time())
        window = now // _WINDOW_S
        if window != self._window:
            self._window, self._seen, self._unshared = window, {}, {}
        count = self._seen.get(caller, 0) + 1
        self._seen[caller] = count
        self._unshared[caller] = self._unshared.get(caller, 0) + 1
        return 0 if count <= self._per_minute else _WINDOW_S - now % _WINDOW_S

    async def run(self) -> None:
        """Exchange counts with the other processes until cancelled."""
        while True:
            await asyncio.sleep(_EXCHANGE_S)
            if self._redis is not None and self._unshared:
                with suppress(RedisError, OSError):
                    await self._exchange(self._redis)

    async def _exchange(self, redis: "Redis") -> None:
        window, mine = self._window, self._unshared
        self._unshared = {}
        pipeline = redis.pipeline(transaction=False)
        for caller, count in mine.items():
            digest = blake2b(caller.encode(), digest_size=16).hexdigest()
            key = f"{self._prefix}requests:{window}:{digest}"
            pipeline.incrby(key, count)
            pipeline.expire(key, 2 * _WINDOW_S)
        totals: list[Any] = (await pipeline.execute())[::2]
        if window == self._window:
            for caller, total in zip(mine, totals, strict=True):
                self._seen[caller] = max(self._seen.get(caller, 0), total + self._unshared.get(caller, 0))
