"""What has to happen before a request can be granted (OpenID Connect Core, section 3.1.2.3 to 3.1.2.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.auth.authorization.claims import essential_acr, voluntary_acr
from services.auth.authorization.rules import Asked, AuthorizationRefused, ErrorCode

Step = Literal["sign-in", "second-factor", "select-account", "consent", "grant"]

ACR_PASSWORD: Final = "urn:xuebu:acr:password"  # noqa: S105
ACR_SECOND_FACTOR: Final = "urn:xuebu:acr:second-factor"
_SECOND_FACTORS: Final = frozenset({"otp", "recovery", "mfa"})
# What a client that asked for no interaction is told instead.
_WITHOUT_INTERACTION: Final[dict[Step, tuple[ErrorCode, str]]] = {
    "sign-in": ("login_required", "The person has to sign in."),
    "second-factor": ("login_required", "The person has to show a second factor."),
    "select-account": ("account_selection_required", "The person has to choose an account."),
    "consent": ("consent_required", "The person has to allow this."),
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in at this browser, since when and by what means."""

    person: str
    authenticated_at: datetime
    methods: tuple[str, ...]
    has_second_factor: bool

    @property
    def acr(self) -> str:
        """The authentication context class of the session."""
        return acr_of(self.methods)


def acr_of(methods: Iterable[str]) -> str:
    """The authentication context class that these methods of signing in (RFC 8176) come to."""
    return ACR_PASSWORD if _SECOND_FACTORS.isdisjoint(methods) else ACR_SECOND_FACTOR


def next_step(
    asked: Asked,
    who: SignedIn | None,
    *,
    begun_at: datetime,
    now: datetime,
    allowed: frozenset[str] | None,
    selected: bool,
    assured: bool = True,
) -> Step:
    """The one thing to do next; raises AuthorizationRefused where nothing can help or nothing may be asked.

    `allowed` are the scopes the person allows the client already, None for a client that need not ask;
    `selected`: the person chose to go on with this session. Unless it is `assured` that only the client gets
    the answer, the person takes part every time, whatever was allowed before (RFC 8252, section 8.6).
    """
    step = _interactive(asked, who, begun_at, now, allowed, selected)
    has_taken_part = selected or (who is not None and who.authenticated_at >= begun_at)
    if step == "grant" and not assured and not has_taken_part:
        if "none" in asked.prompt:
            raise AuthorizationRefused("interaction_required", "The person has to take part.")
        return "select-account"
    if step != "grant" and "none" in asked.prompt:
        raise AuthorizationRefused(*_WITHOUT_INTERACTION[step])
    return step


def _interactive(
    asked: Asked,
    who: SignedIn | None,
    begun_at: datetime,
    now: datetime,
    allowed: frozenset[str] | None,
    selected: bool,
) -> Step:
    if who is None:
        return "sign-in"
    is_fresh = who.authenticated_at >= begun_at
    if not is_fresh and _must_sign_in_again(asked, who, now):
        return "sign-in"
    if asked.subject is not None and asked.subject != who.person:
        raise AuthorizationRefused("login_required", "Another person has signed in.")
    if _wants_second_factor(asked, who):
        return "second-factor"
    if "select_account" in asked.prompt and not is_fresh and not selected:
        return "select-account"
    if "consent" in asked.prompt or (allowed is not None and not asked.disclosed <= allowed):
        return "consent"
    return "grant"


def _must_sign_in_again(asked: Asked, who: SignedIn, now: datetime) -> bool:
    if "login" in asked.prompt or asked.subject not in (None, who.person):
        return True
    return asked.max_age is not None and now - who.authenticated_at > timedelta(seconds=asked.max_age)


def _wants_second_factor(asked: Asked, who: SignedIn) -> bool:
    """Whether the person is to show a second factor now; raises AuthorizationRefused for want of one."""
    required = essential_acr(asked.claims)
    if required and who.acr not in required and who.acr != ACR_SECOND_FACTOR:
        if ACR_SECOND_FACTOR not in required or not who.has_second_factor:
            raise AuthorizationRefused(
                "unmet_authentication_requirements", "The person cannot sign in that way."
            )
        return True
    if required and not {ACR_PASSWORD, ACR_SECOND_FACTOR} & set(required):
        raise AuthorizationRefused("unmet_authentication_requirements", "There is no such way of signing in.")
    wished = [acr for acr in asked.acr_values or voluntary_acr(asked.claims) if acr in _WAYS]
    prefers = bool(wished) and wished[0] == ACR_SECOND_FACTOR and who.acr != ACR_SECOND_FACTOR
    return prefers and who.has_second_factor and "none" not in asked.prompt


_WAYS: Final = frozenset({ACR_PASSWORD, ACR_SECOND_FACTOR})
