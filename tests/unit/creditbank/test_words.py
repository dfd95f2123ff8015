"""Every reason an item is refused for has its sentences."""

from typing import get_args

from services.creditbank.deposits.schemas import ItemAnswer
from services.creditbank.deposits.words import REASONS


def test_each_reason_has_words() -> None:
    told = ItemAnswer.model_fields["reason"].annotation
    reasons = {reason for part in get_args(told) for reason in get_args(part)}
    assert reasons | {"key_conflict"} == set(REASONS)
