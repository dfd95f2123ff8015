"""Reading how a client proves itself: RFC 6749 (section 2.3) and RFC 7521 (section 4.2)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote_plus

from services.auth.clients import assertions
from services.auth.clients.rules import ClientRefused

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_CLIENT_ID: Final = 255
_MAX_BASIC: Final = 2048


@dataclass(frozen=True, slots=True)
class Presented:
    """Who a client says it is and how it proves that; `proof` is empty for a client that keeps no secret."""

    client_id: str
    method: Literal["secret", "assertion", "none"]
    proof: str


def read_credentials(authorization: str | None, form: Mapping[str, str]) -> Presented:
    """The credentials of a request, presented in exactly one way; raises ClientRefused."""
    ways = (authorization is not None) + ("client_secret" in form)
    ways += "client_assertion" in form or "client_assertion_type" in form
    if ways > 1:
        raise ClientRefused("invalid_request", "The client authenticates in more than one way.")
    if authorization is not None:
        presented = _basic(authorization)
    elif "client_assertion" in form or "client_assertion_type" in form:
        presented = _assertion(form)
    else:
        presented = _in_the_form(form)
    if form.get("client_id", presented.client_id) != presented.client_id:
        raise ClientRefused("invalid_request", "The client names itself in two ways.")
    if len(presented.client_id) > MAX_CLIENT_ID or not presented.client_id.isprintable():
        raise _unreadable("client_id")
    return presented


def _in_the_form(form: Mapping[str, str]) -> Presented:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not client_id:
        raise ClientRefused("invalid_client", "The client must authenticate.", status=401)
    return Presented(client_id, "secret" if secret else "none", secret)


def _assertion(form: Mapping[str, str]) -> Presented:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise _unreadable("client_assertion_type")
    token = form.get("client_assertion", "")
    named = assertions.unproven_subject(token)
    if named is None:
        raise _unreadable("client_assertion")
    return Presented(named, "assertion", token)


def _basic(authorization: str) -> Presented:
    scheme, _, credentials = authorization.partition(" ")
    refusal = _unreadable("Authorization header")
    if scheme.lower() != "basic":
        raise refusal
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise refusal from None
    client_id, colon, secret = text.partition(":")
    if not colon or not client_id or len(text) > _MAX_BASIC:
        raise refusal
    return Presented(unquote_plus(client_id), "secret", unquote_plus(secret))


def _unreadable(what: str) -> ClientRefused:
    return ClientRefused("invalid_client", f"The {what} cannot be read.", status=401)
