"""Claims about a person (OpenID Connect Core, section 5): which scope asks for which, and how they read."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

# section 5.4. What is not known of a person (gender, a picture) is left out (section 5.3.2).
CLAIMS_OF_SCOPE: Final[Mapping[str, tuple[str, ...]]] = {
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
}
_SCOPE_OF: Final = {claim: scope for scope, claims in CLAIMS_OF_SCOPE.items() for claim in claims}
# Han, with the marks that occur inside transcribed names.
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af·•々〇]+\Z")


def full_name(given: str, family: str, middle: str | None) -> str:
    """The name as it is written: family name first and closed up in Chinese, else given name first."""
    parts = [part for part in (given, middle, family) if part]
    if all(_HAN.match(part) for part in parts):
        return "".join(part for part in (family, middle, given) if part)
    return " ".join(parts)


def claims_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Every claim that the facts of a person give. Nobody has verified the addresses they hold."""
    email, phone = facts["email"], facts["phone"]
    known = {
        "name": full_name(facts["given_name"], facts["family_name"], facts["middle_name"]),
        "family_name": facts["family_name"],
        "given_name": facts["given_name"],
        "middle_name": facts["middle_name"],
        "nickname": facts["preferred_name"],
        "preferred_username": facts["username"],
        "birthdate": facts["birth_date"].isoformat() if facts["birth_date"] else None,
        "email": email,
        "email_verified": False if email else None,
        "phone_number": phone,
        "phone_number_verified": False if phone else None,
        "address": {"formatted": facts["address"]} if facts["address"] else None,  # section 5.1.1
    }
    return {claim: value for claim, value in known.items() if value is not None and value != ""}


def claims_of_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The claims that scopes ask for."""
    return frozenset(claim for scope in scopes for claim in CLAIMS_OF_SCOPE.get(scope, ()))


def scopes_of_claims(claims: Mapping[str, Any] | None) -> frozenset[str]:
    """The scopes under which what the `claims` parameter asks for is known to people who consent."""
    named = [name for place in (claims or {}).values() for name in place]
    return frozenset(_SCOPE_OF[name] for name in named if name in _SCOPE_OF)


def asked_for(claims: Mapping[str, Any] | None, place: str, allowed: Collection[str]) -> frozenset[str]:
    """The claims about a person that the `claims` parameter wants in `place`, of the scopes allowed."""
    named = (claims or {}).get(place) or {}
    return frozenset(name for name in named if _SCOPE_OF.get(name) in allowed)
