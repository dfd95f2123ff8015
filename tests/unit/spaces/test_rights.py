"""The rules of who may do what, over every combination."""

from itertools import chain, combinations
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from services.spaces.memberships.rules import BASES, Role
from services.spaces.spaces.rules import KINDS, Held, Kind, rights, speaks

ROLES = get_args(Role)
EVERY = [Held(role, basis) for role in ROLES for basis in (*BASES, "own", "child")]
kinds = st.sampled_from(KINDS)
holdings = st.frozensets(st.sampled_from(EVERY), max_size=6)


@given(kinds, holdings, st.booleans(), st.booleans())
def test_nobody_does_more_than_they_may_read(
    kind: Kind, held: frozenset[Held], is_owner: bool, is_closed: bool
) -> None:
    found = rights(kind, held, is_owner=is_owner, is_closed=is_closed)
    assert found.read or not (found.post or found.see_members)
    assert found.read is (is_owner or bool(held))


@given(kinds, holdings)
def test_a_closed_space_only_takes_the_right_to_post(kind: Kind, held: frozenset[Held]) -> None:
    open_one = rights(kind, held, is_owner=False, is_closed=False)
    closed = rights(kind, held, is_owner=False, is_closed=True)
    assert (closed.read, closed.see_members, closed.post) == (open_one.read, open_one.see_members, False)
    assert speaks(kind, held) is open_one.post


@given(kinds, holdings, holdings)
def test_a_further_role_never_takes_a_right_away(
    kind: Kind, held: frozenset[Held], more: frozenset[Held]
) -> None:
    before = rights(kind, held, is_owner=False, is_closed=False)
    after = rights(kind, held | more, is_owner=False, is_closed=False)
    for name in ("read", "post", "see_members"):
        assert getattr(after, name) or not getattr(before, name)


def test_exactly_these_speak() -> None:
    speaking = {(kind, one.role, one.basis) for kind in KINDS for one in EVERY if speaks(kind, {one})}
    in_place = ("class", "organisation")
    assert speaking == set(
        chain(
            (("class", "teacher", basis) for basis in in_place),
            (("school", role, basis) for role in ("staff", "administrator") for basis in in_place),
            (("region", "administrator", basis) for basis in in_place),
        )
    )


def test_no_pupil_or_guardian_ever_sees_the_people_of_a_school() -> None:
    private = [one for one in EVERY if one.role in ("student", "guardian")]
    for pair in combinations(private, 2):
        for kind in ("school", "region"):
            assert not rights(kind, set(pair), is_owner=False, is_closed=False).see_members
    child = {Held("guardian", "child")}
    assert not rights("class", child, is_owner=False, is_closed=False).see_members
