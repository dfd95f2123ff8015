"""Codes never stand in sentences."""

from typing import get_args

import pytest

from services.spaces.memberships.rules import Role
from services.spaces.spaces.problems import RoleNotHeld


@pytest.mark.parametrize("role", get_args(Role))
def test_each_role_has_its_words(role: str) -> None:
    text = RoleNotHeld(view=role).explanation()
    assert text is not None
    assert text.en == f"You do not hold the role {role}."
    assert role not in text.zh
