"""The list of revoked tokens as one process keeps it."""

from collections.abc import Sequence

import pytest

from libs.common.revocations import Revocation, RevocationPage, Revocations, RevokedTokens
from libs.common.tokens import Claims, KeyTable, verify
from tests.unit.common.forge import AUDIENCE, ISSUER, NOW, Forge, claims

FORGE = Forge()
KEYS = KeyTable.from_jwks(FORGE.jwks())
ISSUED = claims()["iat"]


def found(**changes: object) -> Claims:
    token = FORGE.token(claims(family="f", **changes))
    return verify(token, KEYS, issuer=ISSUER, audience=AUDIENCE, now=NOW)


@pytest.mark.parametrize(
    "one",
    [
        Revocation("token", "one", None, NOW),
        Revocation("family", "f", None, NOW),
        Revocation("session", claims()["sid"], ISSUED, NOW),
        Revocation("client", "web", ISSUED, NOW),
        Revocation("person", claims()["sub"], ISSUED + 5, NOW),
    ],
)
def test_each_kind_is_known_by_its_claim_until_it_is_over(one: Revocation) -> None:
    known = RevokedTokens()
    assert not known.covers(found())
    known.add([one])
    assert known.covers(found())
    known.prune(NOW)
    assert known.covers(found())
    known.prune(NOW + 1)
    assert (known.covers(found()), len(known)) == (False, 0)


def test_what_was_issued_later_or_names_nothing_is_good() -> None:
    known = RevokedTokens()
    known.add([Revocation("client", "web", ISSUED - 1, NOW), Revocation("person", "web", None, NOW)])
    known.add([Revocation("session", "None", None, NOW), Revocation("family", "one", None, NOW)])
    assert not known.covers(found(sid=...))
    known.add([Revocation("client", "web", ISSUED, NOW)])
    assert known.covers(found()), "the newer word counts"


class Issuer:
    """A list in pages, and keys that change."""

    def __init__(self, *pages: RevocationPage | Exception) -> None:
        self.pages = list(pages)
        self.asked: list[str | None] = []
        self.told: list[bool] = []
        self.answers = [True]

    async def read(self, cursor: str | None) -> RevocationPage:
        self.asked.append(cursor)
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page

    async def keys_changed(self) -> bool:
        self.told.append(True)
        return self.answers.pop(0) if self.answers else True


def page(items: Sequence[Revocation] = (), cursor: str = "", *, more: bool = False) -> RevocationPage:
    return RevocationPage(items, cursor, more, "keys")


async def test_pages_are_followed_and_a_failure_forgets_nothing() -> None:
    one, two = Revocation("token", "one", None, 2 * NOW), Revocation("token", "two", None, 2 * NOW)
    issuer = Issuer(OSError(), page([one], "a", more=True), page([two], "b"), OSError(), page([], "c"))
    it = Revocations(issuer.read, issuer.keys_changed)
    assert (await it.refresh(), it.is_known) == (False, False)
    assert (await it.refresh(), it.is_known, len(it.tokens)) == (True, True, 2)
    assert (await it.refresh(), it.is_known, len(it.tokens)) == (False, True, 2)
    assert await it.refresh()
    assert issuer.asked == [None, None, "a", "b", "b"]


async def test_keys_are_asked_for_when_they_change_and_again_if_that_failed() -> None:
    issuer = Issuer(page(), page(), page())
    issuer.answers = [False, True]
    it = Revocations(issuer.read, issuer.keys_changed)
    for _ in range(3):
        await it.refresh()
    assert len(issuer.told) == 2


async def test_without_a_source_nothing_is_revoked_and_nothing_waited_for() -> None:
    issuer = Issuer()
    it = Revocations(None, issuer.keys_changed)
    it.start()
    assert (it.is_known, await it.refresh(), len(it.tokens)) == (True, True, 0)
    await it.stop()
