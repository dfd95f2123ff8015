"""The ledger, as routes get it."""

from typing import Annotated

from fastapi import Depends, Request

from services.creditbank.ledger.service import Ledger


async def _ledger(request: Request) -> Ledger:
    ledger: Ledger = request.app.state.ledger
    return ledger


#: writes operations on credits that are in the books
LedgerOf = Annotated[Ledger, Depends(_ledger)]
