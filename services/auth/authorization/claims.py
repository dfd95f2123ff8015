"""The `claims` parameter (OpenID Connect Core, section 5.5), as far as it can be kept and later answered."""

import json
from collections.abc import Mapping
from typing import Any, Final

_PLACES: Final = ("userinfo", "id_token")
_MAX_CLAIMS: Final = 40
_MAX_VALUES: Final = 20
_MAX_TEXT: Final = 255


class ClaimsRefused(ValueError):
    """The parameter does not have the form of section 5.5; the text says why."""


def read_claims(text: str | None) -> tuple[dict[str, Any] | None, str | None]:
    """The claims asked for, by place and name, and the subject the answer must be about if one is named.

    Members that mean nothing here are dropped; raises ClaimsRefused for what is not of the form.
    """
    if text is None:
        return None, None
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ClaimsRefused("claims is not JSON.") from None
    if not isinstance(document, dict):
        raise ClaimsRefused("claims is not an object.")
    claims = {place: _requests(document[place]) for place in _PLACES if document.get(place) is not None}
    subject = claims.get("id_token", {}).get("sub")
    return claims, subject.get("value") if subject else None


def essential_acr(claims: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The authentication contexts of which one must be met; empty where none is essential."""
    asked = ((claims or {}).get("id_token") or {}).get("acr") or {}
    if not asked.get("essential"):
        return ()
    return tuple(asked["values"]) if "values" in asked else tuple(filter(None, [asked.get("value")]))


def voluntary_acr(claims: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The authentication contexts the client would like, in the order of its preference."""
    asked = ((claims or {}).get("id_token") or {}).get("acr") or {}
    if asked.get("essential"):
        return ()
    return tuple(asked["values"]) if "values" in asked else tuple(filter(None, [asked.get("value")]))


def _requests(place: Any) -> dict[str, Any]:
    if not isinstance(place, dict) or len(place) > _MAX_CLAIMS:
        raise ClaimsRefused("claims does not list claims by name.")
    if not all(_is_text(name) for name in place):
        raise ClaimsRefused("claims has a name that is no text.")
    return {name: _request(asked) for name, asked in place.items()}


def _request(asked: Any) -> dict[str, Any] | None:
    """One claim's request: whether it is essential, and the values wished, all of them texts."""
    if asked is None:
        return None
    if not isinstance(asked, dict):
        raise ClaimsRefused("A claim is asked for by null or by an object.")
    kept: dict[str, Any] = {}
    if "essential" in asked:
        if not isinstance(asked["essential"], bool):
            raise ClaimsRefused("essential must be true or false.")
        kept["essential"] = asked["essential"]
    if _is_text(asked.get("value")):
        kept["value"] = asked["value"]
    if "values" in asked:
        values = asked["values"]
        if not isinstance(values, list) or not 0 < len(values) <= _MAX_VALUES:
            raise ClaimsRefused("values must be a list.")
        kept["values"] = [value for value in values if _is_text(value)]
    return kept


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT and value.isprintable()


def _no_constant(name: str) -> None:
    raise ValueError(name)
