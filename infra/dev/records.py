"""The basic credential of a development checkout, for tools that record learning and know nothing else."""

from collections.abc import Mapping
from typing import Any

from infra.dev.calls import Api, CallFailedError, wait_for
from infra.dev.credentials import Credentials
from infra.dev.identities import Identities, sign_in
from infra.dev.processes import StartError

#: what the bank answers as long as it has not heard of the root and of who administers it
NOT_YET = (403, 404)
SECONDS = 60.0


def ensure_basic(where: Mapping[str, str], credentials: Credentials) -> None:
    """Has the root's administrator issue a credential for everything, unless an earlier run has."""
    if "basic" in credentials.document:
        return
    try:
        issued = _issue(where, credentials.document["administrator"])
    except CallFailedError as failure:
        raise StartError(f"The basic credential could not be issued. {failure}") from failure
    # What is shown once is kept at once.
    credentials.keep("basic", {name: issued[name] for name in ("username", "password", "organisation")})


def _issue(where: Mapping[str, str], administrator: Mapping[str, str]) -> dict[str, Any]:
    session = sign_in(where["auth"], administrator["username"], administrator["password"])
    root = Identities(Api(where["auth"], session.token)).root()
    bank = Api(where["creditbank"], session.token)
    issued: dict[str, Any] = {}

    def is_issued() -> bool:
        try:
            wish = {"organisation": root, "name": "Development", "scopes": ["all"]}
            issued.update(bank.post("/v1/xapi-credentials", wish))
        except CallFailedError as failure:
            if failure.status not in NOT_YET:
                raise
        return bool(issued)

    wait_for(is_issued, "the bank's news of the root organisation", SECONDS)
    return issued
