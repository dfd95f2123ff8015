"""Which scopes the clients of an organisation may hold: what every node of its path leaves over."""

from collections.abc import Iterable
from typing import Final

from services.auth.clients.rules import INSTITUTION_SCOPES, OPENID_SCOPES, PERSON_SCOPES

GRANTABLE: Final = INSTITUTION_SCOPES | OPENID_SCOPES | frozenset(PERSON_SCOPES)
# With these a client acts on people's accounts, or manages in an administrator's name: a tree's clients have
# them only once the administrator of its root says so.
UNUSUAL: Final = frozenset({"account", "organisations.manage"})
USUAL: Final = GRANTABLE - UNUSUAL


def held(decided: Iterable[Iterable[str]], *, at_the_root: bool) -> frozenset[str]:
    """What the decisions along a path leave over; `at_the_root` says whether the root's is among them."""
    rights = GRANTABLE if at_the_root else USUAL
    for scopes in decided:
        rights &= frozenset(scopes)
    return rights
