"""Amounts are exact: text to hundredths and back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.ledger.rules import credits_text, hundredths


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_text_is_the_exact_decimal(amount: int) -> None:
    assert Decimal(credits_text(amount)) == Decimal(amount) / 100


@given(st.integers(min_value=0, max_value=1_000_000))
def test_text_and_back_is_the_same_amount(amount: int) -> None:
    assert hundredths(credits_text(amount)) == amount


@pytest.mark.parametrize(("text", "amount"), [("1", 100), ("1.5", 150), ("0.07", 7), ("007.10", 710)])
def test_short_forms_are_read(text: str, amount: int) -> None:
    assert hundredths(text) == amount


@pytest.mark.parametrize(
    "text", ["", ".5", "1.", "1.234", "-1", "+1", "1e2", " 1", "1\n", "1,5", "١", "10000.01", "12345"]
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        hundredths(text)
