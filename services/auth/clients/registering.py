"""What a client may be registered as, and by whom."""

from collections.abc import Sequence
from typing import Any

from services.auth.actors import Actor
from services.auth.authority import service as authority
from services.auth.authority.rules import Standing
from services.auth.clients.addresses import what_is_wrong
from services.auth.clients.problems import (
    AddressesOfAMachine,
    AddressRefused,
    ConsentIsAsked,
    ConsentNotWaivable,
    KeyRefused,
    ScopeNotForInstitutions,
)
from services.auth.clients.public_keys import KeysRefused, normalised
from services.auth.clients.rules import Wish, scopes_for
from services.auth.rights import service as rights
from services.auth.sql import Where


def require_possible(wish: Wish, *, development: bool, unless: Wish | None = None) -> None:
    """The wish's addresses fit its kind; raises AddressRefused, AddressesOfAMachine, ConsentNotWaivable.

    Addresses that are among those of `unless` are not looked at again.
    """
    addresses = {*wish.redirect_uris, *wish.post_logout_redirect_uris}
    if wish.kind == "machine":
        if addresses:
            raise AddressesOfAMachine
        return
    if not wish.redirect_uris:
        raise AddressesOfAMachine
    if not (
        wish.needs_consent or development or all(one.startswith("https://") for one in wish.redirect_uris)
    ):
        raise ConsentNotWaivable
    known = {*unless.redirect_uris, *unless.post_logout_redirect_uris} if unless else set()
    for address in sorted(addresses - known):
        why = what_is_wrong(wish.kind, address, development=development)
        if why is not None:
            raise AddressRefused(address=address, why=why)


async def require_permitted(
    where: Where, actor: Actor, standing: Standing, wish: Wish, *, before: Wish | None
) -> None:
    """The actor may make the client this; raises ScopeNotForInstitutions, ConsentIsAsked.

    Scopes must be of the kind and of the organisation's rights; a client keeps those it has. To ask people
    for their consent is the rule; only the root's administrator makes exceptions, and changes what an
    exception may do and where it is answered, since with these its people are signed in unasked.
    """
    held = frozenset(before.scopes) if before else frozenset()
    possible = scopes_for(wish.kind) & (await rights.rights_of(where, standing)).scopes
    if not set(wish.scopes) <= possible | held:
        raise ScopeNotForInstitutions(possible=", ".join(sorted(possible)))
    if before is not None and _same_reach(before, wish):
        return
    asked = wish.needs_consent and (before is None or before.needs_consent)
    if not asked:
        root = await authority.require_visible(where, actor, standing.ancestors[0])
        if not (root.in_charge or actor.kind == "system"):
            raise ConsentIsAsked


def _same_reach(before: Wish, after: Wish) -> bool:
    """Nothing differs of what makes a client without consent dangerous."""
    return (
        before.needs_consent == after.needs_consent
        and set(after.scopes) <= set(before.scopes)
        and set(after.redirect_uris) <= set(before.redirect_uris)
    )


def usable_keys(keys: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The keys as they are stored; raises KeyRefused."""
    try:
        return normalised(keys)
    except KeysRefused as refused:
        raise KeyRefused(why=refused.why) from None
