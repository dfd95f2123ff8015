"""SQL of mail that waits. A row names the one it goes to; nobody reads it but the courier."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.auth.sql import Where, execute

_INSERT: Final = "insert into mail (recipient, subject, body, until) values ($1, $2, $3, $4)"
# Whoever takes a mail has it for the pause that follows a failure: a courier that dies loses nothing, and two
# couriers do not send it twice.
_TAKE: Final = """
update mail set attempts = attempts + 1, due_at = now() + $1::interval
where id = (select id from mail where due_at <= now() order by due_at limit 1 for update skip locked)
returning id, recipient, subject, body, attempts, until <= now() as is_late
"""


async def insert(where: Where, recipient: str, subject: str, body: str, until: datetime) -> None:
    await execute(where, _INSERT, recipient, subject, body, until)


async def take(pool: Any, lease: timedelta) -> Any:
    """The mail that is due longest, for this courier alone until the lease ends; None if none is due."""
    return await pool.fetchrow(_TAKE, lease)


async def postpone(pool: Any, mail: UUID, pause: timedelta) -> None:
    await pool.execute("update mail set due_at = now() + $2::interval where id = $1", mail, pause)


async def forget(pool: Any, mail: UUID) -> None:
    """Remove a mail that was sent or given up, with everything personal in it."""
    await pool.execute("delete from mail where id = $1", mail)


async def forget_late(pool: Any) -> None:
    """Remove what nobody can send and what is of no use any more."""
    await pool.execute("delete from mail where until <= now()")
