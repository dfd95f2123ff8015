"""What somebody signs in for: an application's request that waits, or a page of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from services.auth.authorization import service as authorization
from services.auth.authorization.service import Server
from services.auth.pages import PageRefusal, own_path
from services.auth.sign_in.texts import SIGN_IN

_LONGEST_HINT = 128


@dataclass(frozen=True, slots=True)
class Errand:
    """Where the browser goes afterwards, and what the page says of it."""

    request: UUID | None = None
    client: str | None = None
    target: str | None = None
    hint: str = ""
    next: str = "/account"
    again: bool = False

    @property
    def after(self) -> str:
        """The page to go on with when the person is signed in."""
        if self.request is not None:
            return "/oauth/authorize/resume?" + urlencode({"request": str(self.request)})
        return self.next

    @property
    def form_targets(self) -> tuple[str, ...]:
        """Where the answer of the form may lead in the end."""
        return (self.target,) if self.target is not None else ()

    def address(self, path: str) -> str:
        """Another page of the same sign-in."""
        if self.request is not None:
            return f"{path}?" + urlencode({"request": str(self.request)})
        return f"{path}?" + urlencode({"next": self.next} | ({"again": "1"} if self.again else {}))

    def values(self) -> dict[str, Any]:
        """What the templates need of it."""
        return {
            "client": self.client,
            "request_id": str(self.request or ""),
            "next": self.next,
            "again": self.again,
            "form_targets": self.form_targets,
        }


async def errand_of(server: Server, fields: Mapping[str, str], browser: bytes) -> Errand:
    """What the query or the form of a sign-in names; a request must wait in this very browser."""
    named = fields.get("request", "")
    if not named:
        return Errand(next=own_path(fields.get("next")), again=fields.get("again") == "1")
    try:
        pending = await authorization.pending(server, UUID(named), browser)
    except ValueError:
        pending = None
    if pending is None:
        raise PageRefusal(400, SIGN_IN["over"], SIGN_IN["over_hint"])
    return Errand(
        request=pending.id,
        client=pending.client.name,
        target=pending.asked.redirect_uri,
        hint=(pending.asked.login_hint or "")[:_LONGEST_HINT],
    )
