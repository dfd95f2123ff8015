"""Converting one's own credits."""

from fastapi import APIRouter, Response

from libs.common.database import DatabaseOf
from services.creditbank.approvals import service as approvals
from services.creditbank.callers import Actor, Learner
from services.creditbank.conversions import service
from services.creditbank.conversions.schemas import (
    ConversionAnswer,
    ConversionBody,
    QuoteAnswer,
    QuoteBody,
    parts_of,
)
from services.creditbank.ledger.rules import credits_text
from services.creditbank.writers import LedgerOf

router = APIRouter(tags=["conversions"])


@router.post("/v1/conversions/quote", summary="What my credits would become")
async def quote_conversion(body: QuoteBody, caller: Learner, database: DatabaseOf) -> QuoteAnswer:
    """Judge credits by a conversion in force; nothing is changed."""
    holder = await approvals.holder(database.pool, caller.subject)
    made = (await service.quote(database.pool, holder, body.rule, parts_of(body.lots))).made
    return QuoteAnswer(
        rule=body.rule,
        spent=credits_text(made.taken),
        issued=credits_text(sum(made.issued)),
        credits=[credits_text(one) for one in made.issued],
        remainder=made.remainder,
    )


@router.post("/v1/conversions", summary="Convert my credits", response_model=ConversionAnswer)
async def convert_credits(
    body: ConversionBody, caller: Actor, database: DatabaseOf, ledger: LedgerOf
) -> Response:
    """Turn credits into those of another scheme by a rule in force.

    The rule covers credits issued by its institution or below it. Each lot becomes a lot of the same issuer,
    course, grade and day; what the other scheme's steps cannot express stands as the remainder.
    """
    document = await service.carry_out(
        database, ledger, caller.subject, body.rule, parts_of(body.lots), key=body.key
    )
    return Response(document, media_type="application/json")
