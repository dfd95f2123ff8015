"""Names that nobody has are as slow as those that somebody has (attack 44)."""

import time

import pytest

from services.auth.passwords import hashing
from services.auth.passwords.service import Passwords
from services.auth.passwords.stand_ins import StandIns, stand_in

OURS = "$argon2id$v=19$m=19456,t=2,p=1$"
DEAR = "$2b$12$"
KINDS = [OURS, DEAR, "$2y$10$", "$2a$04$", "$pbkdf2-sha256$600000$", "$bcrypt-sha256$v=2,t=2b,r=12$"]
NAMES = [f"name-{number}" for number in range(4_000)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_stand_in_that_is_run(kind: str) -> None:
    made = stand_in(kind)
    assert made is not None
    assert hashing.is_acceptable(made)
    assert hashing.work_of(made) > 0


@pytest.mark.parametrize("kind", ["$2b$31$", "$md5$", "", "$argon2id$v=19$m=4194304,t=1,p=1$"])
def test_attack_57_no_stand_in_is_dearer_than_a_hash_may_be(kind: str) -> None:
    assert stand_in(kind) is None
    alone = StandIns("secret")
    alone.learn({kind: 10})
    assert alone.of("somebody") is None


def test_attack_44_a_stand_in_costs_what_it_stands_for() -> None:
    """bcrypt is run, with its cost: sixteen times the work, in this thread's own processor time."""
    assert min(_work("$2b$08$") for _ in range(3)) > 4 * min(_work("$2b$04$") for _ in range(3))


def _work(kind: str) -> float:
    made = stand_in(kind)
    assert made is not None
    began = time.thread_time()
    assert not hashing.verified("nine purple lanterns", made).right
    return time.thread_time() - began


def test_attack_44_as_many_names_are_slow_as_accounts() -> None:
    choice = StandIns("secret")
    choice.learn({OURS: 700, DEAR: 300})
    slow = [name for name in NAMES if str(choice.of(name)).startswith(DEAR)]
    assert 0.25 < len(slow) / len(NAMES) < 0.35
    other = StandIns("secret")
    other.learn({OURS: 700, DEAR: 300})
    assert slow == [name for name in NAMES if str(other.of(name)).startswith(DEAR)], "in every process"
    foreign = StandIns("another secret")
    foreign.learn({OURS: 700, DEAR: 300})
    assert slow != [name for name in NAMES if str(foreign.of(name)).startswith(DEAR)]


def test_attack_44_names_only_become_faster_while_people_sign_in() -> None:
    choice = StandIns("secret")
    before = set(NAMES)
    for dear in (1000, 600, 200, 0):
        choice.learn({OURS: 1000 - dear, DEAR: dear})
        slow = {name for name in NAMES if str(choice.of(name)).startswith(DEAR)}
        assert slow <= before
        before = slow
    assert not before


def test_without_accounts_there_is_nothing_to_stand_in_for() -> None:
    assert StandIns("secret").of("anybody") is None
    empty = StandIns("secret")
    empty.learn({})
    assert empty.of("anybody") is None


async def test_a_stand_in_is_never_right() -> None:
    passwords = Passwords(threads=1, secret="secret")
    try:
        passwords.learn_kinds({"$2b$04$": 1})
        assert not (await passwords.check("nine purple lanterns", None, name="nobody")).right
        assert not (await passwords.check("", None, name="nobody")).right
        assert not (await passwords.check("x" * 100, None, name="nobody")).right
    finally:
        passwords.stop()
