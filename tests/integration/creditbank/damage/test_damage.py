"""A superuser alters the books in each way that breaks an invariant; the audit names the row."""

import json

import pytest

from services.creditbank.books.checks import CHECKS
from tests.integration.creditbank.damage.conftest import Superuser
from tests.integration.creditbank.damage.damages import DAMAGES, ELSEWHERE, Damage


async def test_the_books_hold_before(superuser: Superuser) -> None:
    assert await superuser.audit() == []


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: f"{one.invariant}-{one.act[:60]}")
async def test_damage_is_found_and_its_first_row_named(superuser: Superuser, damage: Damage) -> None:
    broken = await superuser.breaks(damage.act)
    assert broken.altered, "there was nothing to damage"
    found = {finding.statement: finding for finding in broken.findings}
    matching = [finding for statement, finding in found.items() if statement.startswith(damage.statement)]
    assert [finding.invariant for finding in matching] == [damage.invariant], sorted(found)
    named = json.loads(matching[0].row)
    altered = [{name: str(value) for name, value in one.items()} for one in broken.altered]
    shared = {name: str(value) for name, value in named.items() if name in altered[0]}
    assert shared, f"{named} has no key of {altered[0]}"
    assert any(shared.items() <= one.items() for one in altered), (named, altered)


def test_there_is_a_damage_for_every_check_and_a_check_for_every_invariant() -> None:
    for check in CHECKS:
        shown = any(check.statement.startswith(one.statement) for one in DAMAGES)
        assert shown, f"damages.py has nothing that breaks “{check.statement}”"
    assert {one.invariant for one in DAMAGES} | set(ELSEWHERE) == set(range(1, 24))
