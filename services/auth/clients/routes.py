"""Institutions' clients over HTTP."""

from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response

from libs.common.database import DatabaseOf, Writing
from libs.common.paging import Page, PagingOf
from services.auth.answers import answer, page_answer
from services.auth.authority import service as authority
from services.auth.callers import Manager
from services.auth.clients import repository, service
from services.auth.clients.rules import Wish
from services.auth.clients.schemas import (
    Client,
    ClientChange,
    ClientDetails,
    NewClient,
    NewSecret,
    RegisteredClient,
    SecretWish,
)

router: Final = APIRouter(prefix="/v1/clients", tags=["clients"])


@router.post("", status_code=201, response_model=RegisteredClient, summary="Register a client")
async def register_client(
    body: NewClient, request: Request, session: Writing, actor: Manager, response: Response
) -> RegisteredClient:
    """For administrators of the organisation; the secret is in this answer and nowhere else."""
    client, secret = await service.register(
        session,
        actor,
        organisation=body.organisation,
        wish=Wish.of(body.model_dump()),
        keys=body.public_keys.keys if body.public_keys else None,
        development=_is_development(request),
    )
    response.headers["Cache-Control"] = "no-store"
    facts = orjson.loads(await repository.details(session, client))
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


@router.get("/{client}", response_model=ClientDetails, summary="A client")
async def read_client(client: UUID, database: DatabaseOf, actor: Manager) -> Response:
    """For administrators of its organisation, with the secrets and keys that work; never their content."""
    await service.require_own(database.pool, actor, client)
    return answer((await repository.details(database.pool, client)).encode())


@router.patch("/{client}", response_model=ClientDetails, summary="Change a client")
async def change_client(
    client: UUID, body: ClientChange, request: Request, session: Writing, actor: Manager
) -> ClientDetails:
    """Its kind stays; scopes it loses are missing from its next token, addresses it loses end at once."""
    fields = body.model_dump(exclude_unset=True)
    await service.change(session, actor, client, fields, development=_is_development(request))
    return await _shown(session, client)


@router.delete("/{client}", status_code=204, summary="Close a client for good")
async def close_client(client: UUID, session: Writing, actor: Manager) -> None:
    """It gets no token any more and those it has end at once. There is no way back: register another."""
    await service.close(session, actor, client)


@router.post("/{client}/secrets", status_code=201, response_model=NewSecret, summary="A further secret")
async def issue_secret(
    client: UUID, body: SecretWish, session: Writing, actor: Manager, response: Response
) -> NewSecret:
    """Shown in this answer only. The others go on working for some hours, so that nothing stands still."""
    facts, secret = await service.issue_secret(
        session, actor, client, others_end_in_hours=body.others_end_in_hours
    )
    response.headers["Cache-Control"] = "no-store"
    return NewSecret.model_validate({**facts, "client_secret": secret})


@router.delete("/{client}/secrets/{secret}", status_code=204, summary="End a secret at once")
async def end_secret(client: UUID, secret: UUID, session: Writing, actor: Manager) -> None:
    """Tokens got with it live on for their ten minutes, unless the client is suspended."""
    await service.end_secret(session, actor, client, secret)


@router.post("/{client}/suspension", response_model=ClientDetails, summary="Suspend a client")
async def suspend_client(client: UUID, session: Writing, actor: Manager) -> ClientDetails:
    """It gets no token any more and those it has end at once; suspending twice changes nothing."""
    await service.set_status(session, actor, client, "suspended")
    return await _shown(session, client)


@router.delete("/{client}/suspension", response_model=ClientDetails, summary="Let a client work again")
async def resume_client(client: UUID, session: Writing, actor: Manager) -> ClientDetails:
    """Its secrets and keys are those it had; its tokens of before stay ended."""
    await service.set_status(session, actor, client, "active")
    return await _shown(session, client)


async def _shown(session: Writing, client: UUID) -> ClientDetails:
    return ClientDetails.model_validate_json(await repository.details(session, client))


def _is_development(request: Request) -> bool:
    environment: str = request.app.state.settings.environment
    return environment == "development"
