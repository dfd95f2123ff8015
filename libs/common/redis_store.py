"""The Redis client every part shares: bytes in and out, bounded waits."""

from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

#: errors that say that Redis cannot be reached or cannot take more now
AWAY = (RedisError, OSError)
#: enough for a process on one core; whoever comes when all are in use waits for the next instead of failing
_CONNECTIONS: Final = 32
_LONGEST_WAIT_S: Final = 5


def connect(address: str) -> "Redis":
    """A client for redis:// or unix://; connections are made when first needed."""
    pool = BlockingConnectionPool.from_url(
        address,
        protocol=2,
        socket_timeout=5,
        socket_connect_timeout=2,
        decode_responses=False,
        max_connections=_CONNECTIONS,
        timeout=_LONGEST_WAIT_S,
    )
    client: Redis = Redis.from_pool(pool)
    return client
