"""Remembering who did what, in the transaction that did it."""

from typing import Any
from uuid import UUID

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from services.auth.actors import Actor
from services.auth.audit import repository
from services.auth.audit.rules import Action


async def remember(
    where: AsyncSession,
    actor: Actor,
    action: Action,
    *,
    organisation: UUID | None = None,
    subject: UUID | None = None,
    **data: Any,
) -> None:
    """Chain one entry to the audit; `data` holds ids, codes and field names, never names or secrets.

    Call it last in a transaction: it takes the chain's lock, which is held until the end.
    """
    await repository.append(
        where,
        {
            "action": action,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "organisation_id": organisation,
            "subject_id": subject,
            "data": orjson.dumps(data, default=str).decode(),
        },
    )


async def verify_chain(pool: Any) -> int | None:
    """The position of the first entry that was altered, or before which one is missing; None if all holds."""
    return await repository.first_break(pool)
