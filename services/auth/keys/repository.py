"""SQL of signing keys; they belong to the platform and to no tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import func, or_, text
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


async def retire(session: AsyncSession, algorithm: str, signing: str | None, at: datetime) -> None:
    """Give the key that signs, and those without an end, the end `at`; erase private keys that are over."""
    connection = await session.connection()
    endless = or_(col(SigningKey.retires_at).is_(None), col(SigningKey.kid) == signing)
    await connection.execute(
        update(SigningKey).where(col(SigningKey.algorithm) == algorithm, endless).values(retires_at=at)
    )
    await connection.execute(
        update(SigningKey).where(col(SigningKey.retires_at) <= func.now()).values(private_key=None)
    )


async def revoke(session: AsyncSession, kid: str, at: datetime) -> None:
    """End a key at `at`, its private key with it."""
    connection = await session.connection()
    await connection.execute(
        update(SigningKey).where(col(SigningKey.kid) == kid).values(retires_at=at, private_key=None)
    )


async def sign_from(session: AsyncSession, kid: str, at: datetime) -> None:
    """Let a waiting key sign from `at` on."""
    connection = await session.connection()
    await connection.execute(update(SigningKey).where(col(SigningKey.kid) == kid).values(signs_at=at))
