"""The Redis client every part shares: bytes in and out, bounded waits."""

from redis.asyncio import Redis
from redis.exceptions import RedisError

#: errors that say that Redis cannot be reached or cannot take more now
AWAY = (RedisError, OSError)


def connect(address: str) -> "Redis":
    """A client for redis:// or unix://; connections are made when first needed."""
    client: Redis = Redis.from_url(
        address, protocol=2, socket_timeout=5, socket_connect_timeout=2, decode_responses=False
    )
    return client
