"""The states a signing key passes through by its times alone."""

from datetime import UTC, datetime, timedelta

from services.auth.keys import rules
from services.auth.keys.rules import KeyTimes

NOW = datetime(2027, 1, 1, tzinfo=UTC)
FIRST = KeyTimes(kid="first", algorithm="ES256", signs_at=NOW, retires_at=NOW + rules.LEAD + rules.OVERLAP)
SECOND = KeyTimes(kid="second", algorithm="ES256", signs_at=NOW + rules.LEAD, retires_at=None)
KEYS = [FIRST, SECOND]


def states(at: datetime) -> tuple[str, str]:
    return rules.state(FIRST, KEYS, at), rules.state(SECOND, KEYS, at)


def test_a_rotation_passes_through_the_states() -> None:
    assert states(NOW) == ("signing", "published")
    assert states(NOW + rules.LEAD) == ("retiring", "signing")
    assert states(NOW + rules.LEAD + rules.OVERLAP) == ("retired", "signing")


def test_every_token_outlives_no_key() -> None:
    longest_life, cache = timedelta(seconds=3600), timedelta(seconds=rules.CACHE_SECONDS)
    assert 2 * cache < rules.LEAD
    assert longest_life + cache <= rules.OVERLAP


def test_exactly_one_key_signs_at_any_time_and_it_is_alive() -> None:
    for minutes in range(0, 200):
        now = NOW + timedelta(minutes=minutes)
        signer = rules.signing(KEYS, "ES256", now)
        assert signer is not None
        assert signer in rules.alive(KEYS, now)
        assert [rules.state(key, KEYS, now) for key in KEYS].count("signing") == 1


def test_the_next_change_is_foreseen() -> None:
    assert rules.next_change(KEYS, NOW) == SECOND.signs_at
    assert rules.next_change(KEYS, SECOND.signs_at) == FIRST.retires_at
    assert FIRST.retires_at is not None
    assert rules.next_change(KEYS, FIRST.retires_at) is None


def test_nothing_signs_before_the_first_key() -> None:
    assert rules.signing(KEYS, "ES256", NOW - timedelta(seconds=1)) is None
    assert rules.signing([], "ES256", NOW) is None
