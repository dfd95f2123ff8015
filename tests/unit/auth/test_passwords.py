"""Which passwords are accepted, and which imported hashes are run at all (attacks 56 to 58)."""

import asyncio
import threading
import unicodedata

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st

from services.auth.passwords import hashing, rules
from services.auth.passwords.pool import HashingPool
from services.auth.passwords.problems import HashingBusy, PasswordRefused
from services.auth.passwords.service import Passwords

GOOD = "seven green umbrellas"

# Hashes of GOOD by other systems, with the lowest work factors those schemes know.
BCRYPT = "$2b$04$xhKUVBOl9BoyyPrzu3FIeO5k82s61R23hH66BhXqZ04W1zF9X3xBm"
BCRYPT_SHA256 = "$bcrypt-sha256$v=2,t=2b,r=4$3HAGg.Q.vOgr60K47cxwie$jw6w45deR0s./1cbdnEoslKIXq0fO1q"
PBKDF2 = "$pbkdf2-sha256$1000$jNGaE6J0rnWOkfJ.LyXEmA$dOi023yWOor4L7bQJGzTx96r0OpLMTznou9PGQlyANc"
IMPORTED = [BCRYPT, BCRYPT_SHA256, PBKDF2]


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("fourteen chars", "too_short"),
        ("", "too_short"),
        ("x1" * 65, "too_long"),
        ("passwordpassword", "common"),
        ("Password12345678", "common"),
        ("P@ssw0rd-P4ssword!", "common"),
        ("iloveyouforever2024", "common"),
        ("woaini1314woaini1314", "common"),
        ("aaaaaaaaaaaaaaaa", "repeated"),
        ("ab12ab12ab12ab12ab", "repeated"),
        ("0000000000000001", "repeated"),
        ("abcdefghijklmnopqrst", "sequential"),
        ("qwertyuiopasdfghjkl", "sequential"),
        ("98765432109876543210", "sequential"),
        ("1q2w3e4r5t6y7u8i9o", "sequential"),
        ("XueBu-XueBu-2024-lichen", "contextual"),
        ("No. 3 Middle School 2024", "contextual"),
        ("Li Chen 2009-04-12", "contextual"),
        ("a\0b" + GOOD, "unreadable"),
        ("tab\t" + GOOD, "unreadable"),
        ("\ud800" + GOOD, "unreadable"),
    ],
)
def test_what_is_refused_and_why(password: str, reason: str) -> None:
    assert rules.weakness(password, context=["lichen", "Li", "Chen", "No. 3 Middle School"]) == reason


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "correct horse battery staple",
        "alllowercaseandnodigits",
        "床前明月光疑是地上霜举头望明月",
        "🐉🦊🐼🍜🌊🌙🗻🎋🚲🎻🧭📯🪁🧵🪞",
        "a8f3k2m9x7q1z5t",
        " leading and trailing ",
    ],
)
def test_no_rules_of_composition(password: str) -> None:
    assert rules.weakness(password, context=["lichen"]) is None


def test_eight_are_enough_beside_a_second_factor() -> None:
    assert rules.weakness("tulipX9w") == "too_short"
    assert rules.weakness("tulipX9w", second_factor=True) is None
    assert rules.weakness("tulip", second_factor=True) == "too_short"


def test_attack_56_nfd_and_nfc_are_one_password() -> None:
    composed = "äöüé naïve façade"
    decomposed = unicodedata.normalize("NFD", composed)
    assert len(composed) < len(decomposed)
    assert rules.normalised(decomposed) == composed
    short = unicodedata.normalize("NFD", "äöüéàè")
    assert rules.weakness(short + "ab") == "too_short"  # 8 characters, however they are spelled


def test_attack_56_lengths_count_code_points() -> None:
    assert rules.weakness("🐉🦊" + "k3v" * 42) is None
    assert rules.weakness("🐉🦊x" + "k3v" * 42) == "too_long"


@given(st.text(max_size=200))
def test_any_text_is_judged(password: str) -> None:
    reason = rules.weakness(password, context=[password[:10]])
    if reason is None:
        text = rules.normalised(password)
        assert text is not None
        assert 15 <= len(text) <= 128


@pytest.mark.parametrize("stored", IMPORTED)
def test_imported_hashes_are_verified_and_replaced(stored: str) -> None:
    verdict = hashing.verified(GOOD, stored)
    assert verdict.right
    assert verdict.replacement is not None
    assert verdict.replacement.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hashing.verified(GOOD, verdict.replacement) == hashing.Verdict(right=True)
    assert not hashing.verified(GOOD + "!", stored).right


def test_a_new_hash_is_argon2id_and_salted() -> None:
    first, second = hashing.hashed(GOOD), hashing.hashed(GOOD)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_new_hash_is_what_another_implementation_verifies() -> None:
    stored = hashing.hashed(GOOD)
    assert PasswordHasher().verify(stored, GOOD)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(stored, GOOD + "!")


@pytest.mark.parametrize("salt_bytes", [8, 16, 48])
@pytest.mark.parametrize("hash_bytes", [16, 32, 64])
def test_hashes_of_our_costs_by_another_implementation_are_verified(salt_bytes: int, hash_bytes: int) -> None:
    other = PasswordHasher(2, 19456, 1, hash_bytes, salt_bytes)
    stored = hashing.imported(other.hash(GOOD))
    assert hashing.verified(GOOD, stored).right
    assert not hashing.verified(GOOD + "!", stored).right


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=131072,t=100,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=4000000000,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=2,p=1000$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=2,p=1$x$y",
        "$argon2id$",
        "$2b$31$" + "A" * 53,
        "$2b$03$" + "A" * 53,
        "$pbkdf2-sha256$4000000000$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$pbkdf2-sha256$999999999999999999999$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$bcrypt-sha256$v=2,t=2b,r=31$" + "A" * 22 + "$" + "A" * 31,
        "$md5$abc",
        "plain text",
        "",
        "!",
        "$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 5000,
    ],
)
def test_attack_57_hashes_that_are_never_run(stored: str) -> None:
    assert not hashing.is_acceptable(stored)
    assert hashing.verified(GOOD, stored) == hashing.Verdict(right=False)


DJANGO = "pbkdf2_sha256$1000$PpNKalWIsRv2$LClyFjzFU5Dq8mqDnPhiLIvkO70/q8XpBDOBecFy4l8="


@pytest.mark.parametrize(
    "written",
    [*IMPORTED, DJANGO, "bcrypt$" + BCRYPT, "argon2" + hashing.hashed(GOOD)],
)
def test_hashes_of_other_systems_are_taken_in_our_form(written: str) -> None:
    stored = hashing.imported(written)
    assert stored is not None
    assert hashing.imported(stored) == stored
    assert hashing.verified(GOOD, stored).right
    assert not hashing.verified(GOOD + "!", stored).right


@pytest.mark.parametrize(
    "written",
    [
        DJANGO.replace("$1000$", "$4000000000$"),
        DJANGO.replace("PpNKalWIsRv2", "x$y"),
        DJANGO.replace("PpNKalWIsRv2", ""),
        DJANGO.replace("sha256", "sha1"),
        DJANGO + "\n",
        "argon2$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "argon2$argon2$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "bcrypt_sha256$$2b$12$" + "A" * 53,
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 45,
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "\x00",
        "\ud800",
        "x" * 100_000,
    ],
)
def test_attack_57_crafted_hashes_are_not_taken(written: str) -> None:
    assert hashing.imported(written) is None


@pytest.mark.parametrize("password", ["x" * 73, "学" * 25, "x" * 5000, "a\0b", ""])
@pytest.mark.parametrize("stored", [*IMPORTED, None])
def test_what_a_scheme_cannot_take_is_only_wrong(password: str, stored: str | None) -> None:
    assert not hashing.verified(password, stored).right


async def test_choosing_runs_no_hash_for_what_is_refused() -> None:
    passwords = Passwords(threads=1, queue=0)
    try:
        for password in ("x" * 1_000_000, "x" * 129, "short", "\ud800" * 20):
            with pytest.raises(PasswordRefused):
                await asyncio.wait_for(passwords.chosen(password), 0.5)
        stored = (await passwords.chosen(unicodedata.normalize("NFD", "äöüé naïve façade"))).hash
        assert (await passwords.check("äöüé naïve façade", stored)).right
        assert not (await passwords.check("", stored)).right
        assert not (await passwords.check("x" * 1_000_000, stored)).right
    finally:
        passwords.stop()


async def test_attack_58_a_full_pool_refuses_and_recovers() -> None:
    pool = HashingPool(threads=1, queue=1)
    gate = threading.Event()
    try:
        first, second = (asyncio.ensure_future(pool.run(gate.wait, 5)) for _ in range(2))
        await asyncio.sleep(0)
        with pytest.raises(HashingBusy):
            await pool.run(gate.wait, 5)
        second.cancel()  # whoever goes away gives the place back only when the thread is free
        gate.set()
        assert await first
        await asyncio.sleep(0.05)
        assert await pool.run(lambda: 7) == 7
    finally:
        pool.stop()
    assert HashingBusy().response_headers()["Retry-After"]
