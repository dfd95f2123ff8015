"""Institutions' clients over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.database import DatabaseOf, Writing
from libs.common.paging import Page, PagingOf
from services.auth.answers import page_answer
from services.auth.authority import service as authority
from services.auth.callers import Manager
from services.auth.clients import repository, service
from services.auth.clients.schemas import Client, NewClient, RegisteredClient

router: Final = APIRouter(prefix="/v1/clients", tags=["clients"])


@router.post("", status_code=201, response_model=RegisteredClient, summary="Register a client")
async def register_client(
    body: NewClient, session: Writing, actor: Manager, response: Response
) -> RegisteredClient:
    """For administrators of the organisation; the secret is in this answer and nowhere else."""
    client, secret = await service.register(
        session, actor, organisation=body.organisation, name=body.name, scopes=body.scopes
    )
    response.headers["Cache-Control"] = "no-store"
    facts = await repository.facts(session, client)
    return RegisteredClient.model_validate({**facts, "client_secret": secret})


@router.get("", response_model=Page[Client], summary="Clients of an organisation")
async def list_clients(
    database: DatabaseOf,
    actor: Manager,
    paging: PagingOf,
    organisation: Annotated[UUID, Query(description="with everything below it")],
) -> Response:
    """Oldest first, for administrators of the organisation."""
    await authority.require_charge(database.pool, actor, organisation)
    rows = await repository.clients_of(database.pool, organisation, paging.after(UUID), paging.limit + 1)
    return page_answer(rows, paging, key=lambda row: (row[1],))


@router.post("/{client}/suspension", response_model=Client, summary="Suspend a client")
async def suspend_client(client: UUID, session: Writing, actor: Manager) -> Client:
    """From now on it gets no token; suspending twice changes nothing."""
    await service.set_status(session, actor, client, "suspended")
    return Client.model_validate({**await repository.facts(session, client)})


@router.delete("/{client}/suspension", response_model=Client, summary="Let a client work again")
async def resume_client(client: UUID, session: Writing, actor: Manager) -> Client:
    """Its secret is the one it had."""
    await service.set_status(session, actor, client, "active")
    return Client.model_validate({**await repository.facts(session, client)})
