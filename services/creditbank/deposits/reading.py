"""The body of a deposit, read fast: msgspec accepts it, and only what it does not accept is explained.

`schemas.DepositBody` documents the same form and finds every fault in it, three times as slowly.
"""

import re
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi.exceptions import RequestValidationError
from msgspec import UNSET, Meta, Struct, UnsetType
from pydantic import ValidationError

from libs.common.problems import MalformedRequest
from services.creditbank.deposits.rules import MOST_ITEMS, Item
from services.creditbank.deposits.schemas import DepositBody, DepositItem
from services.creditbank.ledger.rules import LARGEST_AMOUNT, hundredths
from services.creditbank.schemes.rules import DEFAULT_SCHEME

_Key = Annotated[str, Meta(min_length=1, max_length=200)]
# As libs.common.fields.Key: no controls, no characters that disguise text.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class _Reference(Struct, forbid_unknown_fields=True, gc=False):
    id: UUID | UnsetType = UNSET
    sourced_id: _Key | UnsetType = UNSET


class _Item(Struct, forbid_unknown_fields=True, gc=False):
    key: _Key
    learner: _Reference
    course: _Reference
    credits: str
    earned_on: date
    attempt: _Key | None = None
    grade: Annotated[str, Meta(min_length=1, max_length=50)] | None = None


class _Body(Struct, forbid_unknown_fields=True, gc=False):
    items: Annotated[list[_Item], Meta(min_length=1, max_length=MOST_ITEMS)]
    scheme: _Key = DEFAULT_SCHEME
    institution: UUID | None = None


_DECODER = msgspec.json.Decoder(_Body)
_ITEM_DECODER = msgspec.json.Decoder(_Item)


class ItemInvalid(ValueError):
    """One item is not of the documented form; `field` is where, unless it is no JSON object at all."""

    def __init__(self, field: str | None) -> None:
        super().__init__(field)
        self.field = field


def read_item(body: bytes) -> Item:
    """One item by itself; raises ItemInvalid."""
    try:
        return _items(_Body([_ITEM_DECODER.decode(body)]))[0]
    except (msgspec.MsgspecError, ValueError):
        try:
            DepositItem.model_validate_json(body)
        except ValidationError as error:
            place = error.errors(include_url=False, include_input=False)[0]["loc"]
            raise ItemInvalid(".".join(map(str, place)) or None) from None
        raise ItemInvalid(None) from None


def read(body: bytes) -> tuple[str, UUID | None, list[Item]]:
    """Scheme, institution and items of a body; raises a problem that names every fault."""
    try:
        decoded = _DECODER.decode(body)
        return decoded.scheme, decoded.institution, _items(decoded)
    except (msgspec.MsgspecError, ValueError):
        raise _fault(body) from None


def _items(body: _Body) -> list[Item]:
    items = [
        Item(
            one.key,
            one.learner.id or None,
            one.learner.sourced_id or None,
            one.course.id or None,
            one.course.sourced_id or None,
            one.attempt,
            hundredths(one.credits),
            one.grade,
            one.earned_on,
        )
        for one in body.items
    ]
    texts = [body.scheme]
    for item in items:
        if (
            not 0 < item.amount <= LARGEST_AMOUNT
            or (item.learner_id is None) == (item.learner_sourced_id is None)
            or (item.course_id is None) == (item.course_sourced_id is None)
        ):
            raise ValueError("explained by the schema")
        texts += (
            item.key,
            item.learner_sourced_id or "",
            item.course_sourced_id or "",
            item.attempt or "",
            item.grade or "",
        )
    if _FORBIDDEN.search("".join(texts)):
        raise ValueError("explained by the schema")
    return items


def _fault(body: bytes) -> Exception:
    """Every fault of a body, by its place."""
    try:
        DepositBody.model_validate_json(body)
    except ValidationError as error:
        found: list[Any] = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        return RequestValidationError(found)
    return MalformedRequest()
