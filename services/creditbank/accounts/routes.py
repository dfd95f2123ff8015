"""A learner's own accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.database import DatabaseOf
from libs.common.fields import Key
from libs.common.paging import Page, Paging, PagingOf
from services.creditbank.accounts import repository
from services.creditbank.accounts.schemas import Accounts, Entry
from services.creditbank.callers import Learner
from services.creditbank.schemes.rules import DEFAULT_SCHEME

router = APIRouter(tags=["accounts"])


@router.get("/v1/accounts/me", summary="My balances", response_model=Accounts)
async def my_accounts(caller: Learner, database: DatabaseOf) -> Response:
    """Balances by scheme, and within it by institution; an empty list for who has no account yet.

    Answers as fast for a long book as for a short one: of more than 1,000 entries it tells no sums by
    institution, which `/v1/accounts/me/balances` adds up.

    The books of records that were merged are summed up with the own ones, by whichever id one asks.
    """
    return Response(
        await repository.balances(database.pool, learner=caller.subject), media_type="application/json"
    )


@router.get("/v1/accounts/me/entries", summary="My entries, newest first", response_model=Page[Entry])
async def my_entries(
    caller: Learner,
    database: DatabaseOf,
    paging: PagingOf,
    scheme: Annotated[Key, Query(description="a scheme's code")] = DEFAULT_SCHEME,
) -> Response:
    """Each entry carries its number in its book and its commitment, which covers the one before.

    A merged record's book is kept as it was, under the id it had: its entries are among the others.
    """
    rows = await repository.entries(
        database.pool,
        scheme,
        learner=caller.subject,
        before=_place(paging),
        limit=paging.limit + 1,
    )
    return paging.answer(rows)


def _place(paging: Paging) -> repository.Place | None:
    after = paging.after(int, int, UUID)
    return None if after is None else (after[0], after[1], after[2])
