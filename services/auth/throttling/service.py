"""Throttling of guesses, exact and shared by all processes: one script in Redis decides and counts.

Every attempt is counted as a failure before the password is looked at, and taken back if it was none, so
that a hundred guesses at once get no more tries than a hundred in a row. Without Redis there is no attempt.
"""

from hashlib import blake2b
from typing import Final

from libs.common.problems import TooManyRequests
from libs.common.redis_scripts import Script, Scripts
from services.auth.throttling.rules import (
    FREE_FAILURES,
    LONG_MEMORY_S,
    LONGEST_WAIT_S,
    MOST_FAILURES,
    NETWORK_FAILURES,
    NETWORK_WINDOW_S,
    SHORT_MEMORY_S,
    WAIT_BEYOND_S,
    network_of,
)

# KEYS: the holder's counter (may be missing), the network's (may be missing): ARGV[1] says which there are.
# Answers 0 and counts, or the seconds to wait and counts nothing.
_BEGIN: Final = Script("""
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local has_holder = string.find(ARGV[1], 'h')
local network = string.find(ARGV[1], 'n') and KEYS[#KEYS]
if network and tonumber(redis.call('GET', network) or '0') >= tonumber(ARGV[2]) then
  return math.max(1, redis.call('TTL', network))
end
if has_holder then
  local state = redis.call('HMGET', KEYS[1], 'failures', 'quiet_until')
  local quiet_until = tonumber(state[2] or '0')
  if now < quiet_until then return math.ceil(quiet_until - now) end
  local failures = tonumber(state[1] or '0') + 1
  local wait = 0
  if failures >= tonumber(ARGV[6]) then
    wait = tonumber(ARGV[7])
  elseif failures > tonumber(ARGV[4]) then
    wait = math.min(2 ^ math.min(failures - tonumber(ARGV[4]) - 1, 30), tonumber(ARGV[5]))
  end
  redis.call('HSET', KEYS[1], 'failures', failures, 'quiet_until', string.format('%.6f', now + wait))
  redis.call('EXPIRE', KEYS[1], failures > tonumber(ARGV[4]) and ARGV[9] or ARGV[8])
end
if network and redis.call('INCR', network) == 1 then redis.call('EXPIRE', network, ARGV[3]) end
return 0
""")
# KEYS and ARGV[1] as above; ARGV[2] is '1' when the account's holder was right, which forgives what went
# before: KEYS between the two are counters to be forgotten with it.
_UNDO: Final = Script("""
local last = #KEYS
if string.find(ARGV[1], 'n') then
  if redis.call('EXISTS', KEYS[last]) == 1 and redis.call('DECR', KEYS[last]) < 0 then
    redis.call('INCR', KEYS[last])
  end
  last = last - 1
end
if ARGV[2] == '1' then
  for place = 1, last do redis.call('DEL', KEYS[place]) end
elseif last > 0 and redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HINCRBY', KEYS[1], 'failures', -1)
  redis.call('HSET', KEYS[1], 'quiet_until', '0')
end
return 0
""")


class Throttle:
    """Counts attempts per network and per account. Nothing a caller sends becomes a key's name: hashes do.

    An attempt from a device at which the account's holder has signed in before (`devices`) is counted for
    that device alone: whoever guesses elsewhere, or from the same network, cannot keep the holder out there.
    """

    def __init__(self, scripts: Scripts, *, prefix: str) -> None:
        self._scripts, self._prefix = scripts, prefix

    async def begin(self, *, network: str, account: str | None = None, device: str | None = None) -> None:
        """Count an attempt as failed; raises TooManyRequests, and Redis's own errors when it is away."""
        kinds, keys = self._counters(network, account, device)
        of_network = (NETWORK_FAILURES, NETWORK_WINDOW_S)
        of_holder = (FREE_FAILURES, LONGEST_WAIT_S, MOST_FAILURES, WAIT_BEYOND_S)
        memory = (SHORT_MEMORY_S, LONG_MEMORY_S)
        wait = int(await self._scripts.run(_BEGIN, keys, (kinds, *of_network, *of_holder, *memory)))
        if wait:
            raise TooManyRequests(retry_after=wait)

    async def undo(
        self, *, network: str, account: str | None = None, device: str | None = None, forgive: bool = False
    ) -> None:
        """Take the attempt back; `forgive` forgets the account's earlier failures too, wherever they were."""
        kinds, keys = self._counters(network, account, device)
        if forgive and account is not None and device is not None:
            keys.append(self._key("account", account))
        await self._scripts.run(_UNDO, keys, (kinds, "1" if forgive else "0"))

    async def forgive(self, account: str) -> None:
        """Forget an account's failures: its holder has proved it in another way."""
        await self._scripts.run(_UNDO, [self._key("account", account)], ("h", "1"))

    def _counters(self, network: str, account: str | None, device: str | None) -> tuple[str, list[str]]:
        """Which counters an attempt has (h: of the account or device, n: of the network), and their keys."""
        of_network = self._key("network", network_of(network))
        if account is None:
            return "n", [of_network]
        if device is not None:
            return "h", [self._key("device", f"{device}\n{account}")]
        return "hn", [self._key("account", account), of_network]

    def _key(self, kind: str, value: str) -> str:
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"{self._prefix}attempts:{kind}:{digest}"
