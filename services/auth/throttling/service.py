"""Throttling of guesses, exact and shared by all processes: one script in Redis decides and counts.

Every attempt is counted as a failure before the password is looked at, and taken back if it was none, so
that a hundred guesses at once get no more tries than a hundred in a row. Without Redis there is no attempt.
"""

from hashlib import blake2b
from typing import Any, Final

from libs.common.problems import TooManyRequests
from services.auth.throttling.rules import (
    ACCOUNT_MEMORY_S,
    FREE_FAILURES,
    LONGEST_WAIT_S,
    NETWORK_FAILURES,
    NETWORK_WINDOW_S,
    network_of,
)

# KEYS: network, account (may be missing). Answers 0 and counts, or the seconds to wait and counts nothing.
_BEGIN: Final = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local tried = tonumber(redis.call('GET', KEYS[1]) or '0')
if tried >= tonumber(ARGV[1]) then return math.max(1, redis.call('TTL', KEYS[1])) end
if KEYS[2] then
  local state = redis.call('HMGET', KEYS[2], 'failures', 'quiet_until')
  local quiet_until = tonumber(state[2] or '0')
  if now < quiet_until then return math.ceil(quiet_until - now) end
  local failures = tonumber(state[1] or '0') + 1
  local wait = 0
  if failures > tonumber(ARGV[3]) then
    wait = math.min(2 ^ math.min(failures - tonumber(ARGV[3]) - 1, 30), tonumber(ARGV[4]))
  end
  redis.call('HSET', KEYS[2], 'failures', failures, 'quiet_until', string.format('%.6f', now + wait))
  redis.call('EXPIRE', KEYS[2], ARGV[5])
end
if redis.call('INCR', KEYS[1]) == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
# KEYS as above; ARGV[1] is '1' when the account's holder was right, which forgives what went before.
_UNDO: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  if redis.call('DECR', KEYS[1]) < 0 then redis.call('INCR', KEYS[1]) end
end
if KEYS[2] then
  if ARGV[1] == '1' then redis.call('DEL', KEYS[2])
  elseif redis.call('EXISTS', KEYS[2]) == 1 then
    redis.call('HINCRBY', KEYS[2], 'failures', -1)
    redis.call('HSET', KEYS[2], 'quiet_until', '0')
  end
end
return 0
"""


class Throttle:
    """Counts attempts per network and per account. Nothing a caller sends becomes a key's name: hashes do."""

    def __init__(self, redis: Any, *, prefix: str) -> None:
        self._prefix = prefix
        self._begin = redis.register_script(_BEGIN)
        self._undo = redis.register_script(_UNDO)

    async def begin(self, *, network: str, account: str | None = None) -> None:
        """Count an attempt as failed; raises TooManyRequests, and Redis's own errors when it is away."""
        arguments = (NETWORK_FAILURES, NETWORK_WINDOW_S, FREE_FAILURES, LONGEST_WAIT_S, ACCOUNT_MEMORY_S)
        wait = int(await self._begin(self._keys(network, account), arguments))
        if wait:
            raise TooManyRequests(retry_after=wait)

    async def undo(self, *, network: str, account: str | None = None, forgive: bool = False) -> None:
        """Take the attempt back; `forgive` forgets the account's earlier failures too."""
        await self._undo(self._keys(network, account), ("1" if forgive else "0",))

    def _keys(self, network: str, account: str | None) -> list[str]:
        keys = [self._key("network", network_of(network))]
        return keys if account is None else [*keys, self._key("account", account)]

    def _key(self, kind: str, value: str) -> str:
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"{self._prefix}attempts:{kind}:{digest}"
