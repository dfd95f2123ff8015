"""Reads of the schemes, which everybody may see."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.creditbank.schemes.tables import Scheme


async def every(session: AsyncSession) -> Sequence[Scheme]:
    """All schemes by their code."""
    return (await session.exec(select(Scheme).order_by(col(Scheme.code)))).all()
