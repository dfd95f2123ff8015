"""What a request to sign out may say (OpenID Connect RP-Initiated Logout 1.0, section 2)."""

from collections.abc import Mapping
from typing import Final, Literal

from services.auth.authorization.rules import Parameters, is_text

Problem = Literal["unreadable", "hint", "client", "address"]

# The parameters that mean something here, and how long they may be; any other is ignored.
_KNOWN: Final[Mapping[str, int]] = {
    "id_token_hint": 8192,
    "client_id": 255,
    "post_logout_redirect_uri": 2048,
    "state": 2048,
    "ui_locales": 200,
}


class LogoutRefused(Exception):
    """Nobody is signed out and nobody is redirected: the browser is shown what is wrong."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def known_values(parameters: Parameters) -> dict[str, str]:
    """The parameters that mean something, each once and readable; raises LogoutRefused."""
    known = {name: value for name, value in parameters.values.items() if name in _KNOWN}
    if parameters.repeated & _KNOWN.keys():
        raise LogoutRefused("unreadable")
    if not all(is_text(value, _KNOWN[name]) for name, value in known.items()):
        raise LogoutRefused("unreadable")
    return known
