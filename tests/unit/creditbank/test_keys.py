"""Shred keys open only for their learner, under their key encryption key, unaltered."""

import hashlib
import hmac
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag

from services.creditbank.learners.keys import KeyRing

ENTRY = UUID("0197a1b2-0000-7000-8000-000000000001")


def test_the_salt_is_the_hmac_of_the_entry_under_the_key() -> None:
    ring = KeyRing("secret")
    wrapped = ring.fresh(7)
    key = ring.open(7, wrapped)
    assert len(key) == 32
    assert ring.salt(7, wrapped, ENTRY) == hmac.new(key, ENTRY.bytes, hashlib.sha256).digest()


def test_keys_differ_and_are_not_in_the_wrapped_form() -> None:
    ring = KeyRing("secret")
    first, second = ring.fresh(7), ring.fresh(7)
    assert ring.open(7, first) != ring.open(7, second)
    assert ring.open(7, first) not in first


@pytest.mark.parametrize("position", [0, 1, 20, -1])
def test_an_altered_or_moved_key_does_not_open(position: int) -> None:
    ring = KeyRing("secret")
    wrapped = bytearray(ring.fresh(7))
    with pytest.raises(InvalidTag):
        ring.open(8, bytes(wrapped))
    with pytest.raises(InvalidTag):
        KeyRing("other").open(7, bytes(wrapped))
    wrapped[position] ^= 1
    with pytest.raises(InvalidTag):
        ring.open(7, bytes(wrapped))
