"""SQL of signing keys; they belong to the platform and to no tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import func, text
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.auth.keys.tables import SigningKey

_ALL = (
    "select kid, algorithm, public_key, private_key, signs_at, retires_at from signing_key order by signs_at"
)


async def read_keys(pool: Any) -> Sequence[asyncpg.Record]:
    """Every key of the platform, oldest first, private keys sealed."""
    rows: Sequence[asyncpg.Record] = await pool.fetch(_ALL)
    return rows


async def lock_keys(session: AsyncSession) -> Sequence[SigningKey]:
    """Every key, while no other transaction may turn them."""
    await (await session.connection()).execute(text("select pg_advisory_xact_lock(hashtext('signing keys'))"))
    return (await session.exec(select(SigningKey).order_by(col(SigningKey.signs_at)))).all()


async def retire(session: AsyncSession, at: datetime) -> None:
    """Give every key that has no end yet the end `at`, and erase the private keys of those that are over."""
    connection = await session.connection()
    await connection.execute(
        update(SigningKey).where(col(SigningKey.retires_at).is_(None)).values(retires_at=at)
    )
    await connection.execute(
        update(SigningKey).where(col(SigningKey.retires_at) <= func.now()).values(private_key=None)
    )


async def sign_from(session: AsyncSession, kid: str, at: datetime) -> None:
    """Let a waiting key sign from `at` on."""
    connection = await session.connection()
    await connection.execute(update(SigningKey).where(col(SigningKey.kid) == kid).values(signs_at=at))
