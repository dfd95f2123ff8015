"""An empty logical database of a Redis server that the environment names, lent to one test session."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import redis

CLAIM = "xuebu:test-session"
CLAIM_SECONDS = 6 * 3600


class NoEmptyDatabaseError(Exception):
    """All logical databases of the server hold something; tests never touch what they did not write."""


@contextmanager
def lent_redis(environment: Mapping[str, str] = os.environ) -> Iterator[Mapping[str, str]]:
    """The environment, its REDIS pointing to an empty database of that server, emptied again afterwards."""
    address = environment.get("REDIS", "")
    if not address:
        yield environment
        return
    own = _claim(address)
    try:
        yield {**environment, "REDIS": own}
    finally:
        with redis.Redis.from_url(own) as client:
            client.flushdb()


def _claim(address: str) -> str:
    scheme, _, rest = address.partition("?")[0].partition("://")
    # The client's two forms differ: redis://host:port/1 and unix:///path?db=1.
    form = f"unix://{rest}?db=%d" if scheme == "unix" else f"{scheme}://{rest.partition('/')[0]}/%d"
    for number in range(15, -1, -1):
        with (
            redis.Redis.from_url(form % number) as client,
            suppress(redis.ResponseError),
        ):  # has fewer databases
            if client.dbsize() == 0 and client.set(CLAIM, "1", nx=True, ex=CLAIM_SECONDS):
                return form % number
    raise NoEmptyDatabaseError(f"REDIS has no empty logical database: {rest.rpartition('@')[2]}")
