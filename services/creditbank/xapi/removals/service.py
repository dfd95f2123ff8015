"""Prunings, as an organisation's administrators and operators ask for them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from services.creditbank.tables import Pool, Where
from services.creditbank.xapi.operations import service as operations
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.removals.pruning import counted
from services.creditbank.xapi.statements.keys import key


async def preview(
    pool: Pool, caller: Caller, organisation: UUID, filters: Mapping[str, Any]
) -> tuple[int, int]:
    """How many statements would go and how many stay; raises NotFound, NotInChargeOfStore."""
    await operations.require_charge(pool, caller, organisation)
    return await counted(pool, organisation, filters)


async def prune(database: Database, caller: Caller, organisation: UUID, filters: Mapping[str, Any]) -> bytes:
    """Write down that it is to be done, which is done beside the requests; the operation as JSON.

    Raises NotFound, NotInChargeOfStore.
    """
    await operations.require_charge(database.pool, caller, organisation)
    operation = await begin(database.pool, organisation, filters, caller.subject)
    return await operations.shown(database.pool, operation)


async def begin(where: Where, organisation: UUID, filters: Mapping[str, Any], by: UUID | None) -> UUID:
    """The operation by which statements are removed, as soon as a worker comes by."""
    operation, agent = new_id(), filters.get("agent")
    named = key(organisation.hex, "agent", str(agent_key(agent))) if agent else None
    await operations.begin(where, operation, organisation, "pruning", by, orjson.dumps(filters), named)
    return operation
