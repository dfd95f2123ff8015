"""Where an organisation's statements are sent, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from libs.common.paging import Page, PagingOf
from services.creditbank.callers import Actor
from services.creditbank.xapi.subscriptions.schemas import (
    Change,
    CreatedSubscription,
    DeadLetter,
    NewSubscription,
    Subscription,
)
from services.creditbank.xapi.subscriptions.service import Subscriptions, Wanted

router: Final = APIRouter(prefix="/v1/xapi-subscriptions", tags=["xapi subscriptions"])
_JSON: Final = "application/json"


async def _subscriptions(request: Request) -> Subscriptions:
    found: Subscriptions = request.app.state.subscriptions
    return found


SubscriptionsOf = Annotated[Subscriptions, Depends(_subscriptions)]


@router.post("", status_code=201, response_model=CreatedSubscription, summary="Subscribe to statements")
async def create_subscription(body: NewSubscription, caller: Actor, desk: SubscriptionsOf) -> Response:
    """For administrators of the organisation or above it. Statements go out in the order they were stored.

    A webhook gets them signed as Standard Webhooks has it; its secret is in this answer and nowhere else.
    """
    credential = body.credential
    wanted = Wanted(
        body.organisation,
        body.name,
        body.kind,
        body.address,
        body.filters.model_dump(exclude_none=True),
        body.since,
        None if credential is None else (credential.username, credential.password.get_secret_value()),
    )
    shown, secret = await desk.create(caller, wanted)
    content = shown.rstrip()[:-1] + b', "secret": ' + orjson.dumps(secret) + b"}"
    return Response(content, 201, {"Cache-Control": "no-store"}, _JSON)


@router.get("", response_model=Page[Subscription], summary="An organisation's subscriptions, newest first")
async def read_subscriptions(
    caller: Actor, desk: SubscriptionsOf, paging: PagingOf, organisation: Annotated[UUID, Query()]
) -> Response:
    """For administrators of the organisation or above it; with who decided what, and what is in the way."""
    (before,) = paging.after(UUID) or (None,)
    return paging.answer(await desk.listed(caller, organisation, before, paging.limit + 1))


@router.patch("/{subscription}", response_model=Subscription, summary="Pause or resume a subscription")
async def change_subscription(
    subscription: UUID, body: Change, caller: Actor, desk: SubscriptionsOf
) -> Response:
    """Resumed, it goes on where it was paused."""
    return Response(await desk.change(caller, subscription, body.status), media_type=_JSON)


@router.delete("/{subscription}", response_model=Subscription, summary="End a subscription")
async def end_subscription(subscription: UUID, caller: Actor, desk: SubscriptionsOf) -> Response:
    """Nothing is sent any more but what is under way; its secret is forgotten."""
    return Response(await desk.change(caller, subscription, "ended"), media_type=_JSON)


@router.get("/{subscription}/dead-letters", response_model=Page[DeadLetter], summary="What was given up")
async def read_dead_letters(
    subscription: UUID, caller: Actor, desk: SubscriptionsOf, paging: PagingOf
) -> Response:
    """Deliveries that the target did not take, the oldest first."""
    (after,) = paging.after(UUID) or (None,)
    return paging.answer(await desk.letters(caller, subscription, after, paging.limit + 1))


@router.post(
    "/{subscription}/dead-letters/send", response_model=Subscription, summary="Send dead letters again"
)
async def send_dead_letters(
    subscription: UUID, caller: Actor, desk: SubscriptionsOf, letter: Annotated[UUID | None, Query()] = None
) -> Response:
    """One, or all of the subscription; they go before what was stored later."""
    return Response(await desk.send_again(caller, subscription, letter), media_type=_JSON)
