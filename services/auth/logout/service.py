"""Use cases of signing out at a client's wish (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libs.common.database import Database
from libs.common.problems import NotFound
from libs.common.tokens import KeyTable
from services.auth.authorization.hints import Hint, HintRefused, read_hint
from services.auth.authorization.rules import Parameters, answer_address
from services.auth.clients import service as clients
from services.auth.clients.service import Client, ClientFinder
from services.auth.logout.rules import LogoutRefused, known_values
from services.auth.sessions import service as sessions
from services.auth.sessions.service import Session

__all__ = ["Asked", "LogoutRefused", "end", "read"]

SIGNED_OUT: Final = "/signed-out"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to sign out whose address, if it has one, is registered by its client."""

    client: Client | None
    hint: Hint | None
    redirect_uri: str | None
    state: str | None

    @property
    def destination(self) -> str:
        """Where the browser goes afterwards: to the client's registered address, else to a page of ours."""
        if self.redirect_uri is None:
            return SIGNED_OUT
        if self.state is None:
            return self.redirect_uri
        return answer_address(self.redirect_uri, state=self.state)

    def proves(self, session: Session) -> bool:
        """Whether the client holds an ID token of this very session: then nobody need be asked."""
        hint = self.hint
        return hint is not None and (hint.session, hint.person) == (session.id, session.person)


async def read(
    finder: ClientFinder, keys: KeyTable, parameters: Parameters, *, issuer: str, now: datetime
) -> Asked:
    """The request, judged; raises LogoutRefused, and then nothing was done.

    An address counts only together with its client, named by `client_id` or by an ID token of ours;
    without one it is passed over.
    """
    values = known_values(parameters)
    named, token = values.get("client_id"), values.get("id_token_hint")
    hint = None
    if token is not None:
        try:
            hint = read_hint(keys, token, issuer=issuer, client_id=named, now=now.timestamp())
        except HintRefused:
            raise LogoutRefused("hint") from None
    client_id = named or (hint.client_id if hint is not None else None)
    client = await clients.find(finder, client_id) if client_id is not None else None
    if named is not None and client is None:
        raise LogoutRefused("client")
    redirect_uri = values.get("post_logout_redirect_uri") if client is not None else None
    if client is not None and redirect_uri not in (None, *client.post_logout_redirect_uris):
        raise LogoutRefused("address")
    return Asked(client, hint, redirect_uri, values.get("state"))


async def end(database: Database, session: Session) -> None:
    """End the session of this browser, with the tokens that hang on it; one that ended meanwhile is fine."""
    try:
        async with database.transaction() as transaction:
            await sessions.end(transaction, session.actor, session.id)
    except NotFound:
        return
