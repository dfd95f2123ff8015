"""An export alone proves operations too: a hold ends once, an entry is taken back once."""

from typing import Any

import pytest

from services.creditbank.log.verifying import Broken, Ends


def _entry(sequence: int, kind: str, **members: Any) -> dict[str, Any]:
    return {"sequence": sequence, "kind": kind, **members}


def test_each_hold_and_each_entry_ends_once() -> None:
    ends = Ends()
    for entry in (
        _entry(1, "deposit"),
        _entry(2, "hold"),
        _entry(3, "redemption", resolves=2),
        _entry(4, "rescission", reverses=3),
        _entry(5, "revocation", reverses=1),
        _entry(6, "conversion"),
        _entry(7, "conversion_reversal", reverses=6),
        _entry(8, "conversion_deposit"),
        _entry(9, "conversion_deposit_reversal", reverses=8),
    ):
        ends.check(entry, "here")


@pytest.mark.parametrize(
    "last",
    [
        _entry(6, "release", resolves=2),
        _entry(6, "release", resolves=1),
        _entry(6, "release", resolves=9),
        _entry(6, "release"),
        _entry(6, "rescission", reverses=3),
        _entry(6, "rescission", reverses=1),
        _entry(6, "rescission"),
        _entry(6, "revocation", reverses=4),
        _entry(6, "deposit", reverses=1),
        _entry(6, "conversion_reversal", reverses=1),
        _entry(6, "conversion_reversal"),
        _entry(6, "hold", resolves=2),
    ],
)
def test_what_ends_twice_or_ends_nothing_is_found(last: dict[str, Any]) -> None:
    ends = Ends()
    for entry in (
        _entry(1, "deposit"),
        _entry(2, "hold"),
        _entry(3, "redemption", resolves=2),
        _entry(4, "rescission", reverses=3),
    ):
        ends.check(entry, "here")
    with pytest.raises(Broken):
        ends.check(last, "here")
