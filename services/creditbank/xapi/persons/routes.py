"""A person's own record, and the agents a person is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request, Response

from libs.common.database import DatabaseOf
from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Actor, Learner
from services.creditbank.xapi.persons import service
from services.creditbank.xapi.persons.rules import as_agent
from services.creditbank.xapi.persons.schemas import Identities, Identity, Link, RecordedStatement
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.protocol.values import checked_agent

router: Final = APIRouter(tags=["records"])


@router.get(
    "/v1/records/me/statements", summary="My own record, newest first", response_model=Page[RecordedStatement]
)
async def my_statements(
    request: Request, caller: Learner, database: DatabaseOf, paging: PagingOf
) -> Response:
    """What I did, as the organisations where I have or had a role (and those above) have stored it.

    By any of my agents: the account at auth, my mail addresses or their hashes, accounts linked to me; also
    those of records that were merged into mine. Voided statements are left out.
    """
    (before,) = paging.after(int) or (None,)
    issuer = request.app.state.settings.issuer
    rows = await service.record(database.pool, caller, issuer=issuer, before=before, limit=paging.limit + 1)
    return paging.answer([(_item(row), row["position"]) for row in rows])


def _item(row: asyncpg.Record) -> bytes:
    return b'{"organisation":"%b","id":"%b","statement":%b}' % (
        str(row["organisation"]).encode(),
        str(row["id"]).encode(),
        row["body"],
    )


@router.get("/v1/learners/{learner}/identities", summary="The agents a learner is")
async def read_identities(learner: UUID, caller: Learner, database: DatabaseOf) -> Identities:
    """For the learner, and for administrators and registrars of where the learner has a role or above."""
    return _shown(await service.identities(database.pool, caller, learner))


@router.post("/v1/learners/{learner}/identities", summary="Link an agent to a learner", status_code=201)
async def link_agent(learner: UUID, body: Link, caller: Actor, database: DatabaseOf) -> Identities:
    """An account on another system, an address, an OpenID: its statements are the learner's from then on.

    The first whom an agent is linked to gets what was stored before, too. By administrators and registrars of
    where the learner has a role or above.
    """
    agent = agent_key(checked_agent(body.agent, "agent", "2.0.0"))
    return _shown(await service.link(database, caller, learner, agent or ""))


@router.delete("/v1/learners/{learner}/identities/{identity}", summary="End a link")
async def unlink_agent(learner: UUID, identity: UUID, caller: Actor, database: DatabaseOf) -> Identities:
    """What was stored until now stays the learner's. Addresses that auth tells cannot be ended here."""
    return _shown(await service.unlink(database, caller, learner, identity))


def _shown(rows: Sequence[asyncpg.Record]) -> Identities:
    return Identities(items=[Identity(**{**dict(row), **_readable(row)}) for row in rows])


def _readable(row: asyncpg.Record) -> dict[str, object]:
    since: datetime = row["since"]
    return {"agent": dict(as_agent(row["agent"])), "since": None if since.year == 1 else since}
