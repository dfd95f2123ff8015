"""The provider as a stranger's program meets it: on a port, by its metadata, through its pages."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

from tests.integration.auth.places import Place, Somebody

WEB = "https://app.example/callback"
NATIVE = "http://127.0.0.1:49200/callback"
SIGNED_OUT = "https://app.example/signed-out"
SCOPES = ["openid", "profile", "email", "offline_access", "spaces.read"]
_MOST_STEPS = 12


@dataclass
class Provider:
    """A running provider, somebody with an account, and whoever registers clients."""

    issuer: str
    place: Place
    teacher: Somebody
    metadata: dict[str, Any]

    async def register(self, kind: str, **wishes: Any) -> dict[str, Any]:
        """A client as its institution's administrator registers it."""
        body: dict[str, Any] = {
            "organisation": str(self.place.root),
            "name": "Somebody's application",
            "kind": kind,
            "scopes": SCOPES,
            "redirect_uris": [NATIVE if kind == "native" else WEB],
            "post_logout_redirect_uris": [SIGNED_OUT],
            "needs_consent": False,
        } | wishes
        if kind == "machine":
            body = {
                name: body[name]
                for name in ("organisation", "name", "kind", "scopes", "public_keys")
                if name in body
            }
        answer = await self.place.admin.http.post("/v1/clients", json=body)
        assert answer.status_code == 201, answer.text
        registered: dict[str, Any] = answer.json()
        return registered

    @property
    def person(self) -> "Person":
        """The teacher at a new browser."""
        return Person(self.teacher.username, self.teacher.password)


class Person:
    """Somebody at a browser without JavaScript, who signs in where asked and allows what is asked."""

    def __init__(self, username: str, password: str) -> None:
        self._known = {"username": username, "password": password}
        self._browser = requests.Session()
        self.seen: list[str] = []

    def goes_to(self, address: str, until: str) -> str:
        """Follows links and fills forms until the browser is sent to an address that begins with `until`."""
        answer = self._browser.get(address, allow_redirects=False, timeout=10)
        for _ in range(_MOST_STEPS):
            if answer.status_code in (302, 303):
                address = urljoin(answer.url, answer.headers["Location"])
                if address.startswith(until):
                    return address
                answer = self._browser.get(address, allow_redirects=False, timeout=10)
                continue
            assert answer.status_code == 200, (answer.status_code, answer.url, answer.text[:2000])
            answer = self._fills(answer)
        raise AssertionError(f"never came to {until}: {self.seen}")

    def _fills(self, page: requests.Response) -> requests.Response:
        form = _Form()
        form.feed(page.text)
        target = urljoin(page.url, form.action)
        self.seen.append(re.sub(r"https?://[^/]+", "", target).partition("?")[0])
        fields = form.fields | {name: value for name, value in self._known.items() if name in form.fields}
        origin = re.match(r"https?://[^/]+", page.url)
        assert origin is not None
        headers = {"Origin": origin[0]}
        return self._browser.post(target, data=fields, headers=headers, allow_redirects=False, timeout=10)


class _Form(HTMLParser):
    """The page's main form: its fields, and its first button that says something."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._inside = self._is_main = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "main":
            self._is_main = True
        elif tag == "form" and self._is_main and not self.action:
            self.action, self._inside = given.get("action", ""), True
        elif self._inside and tag in ("input", "button") and given.get("name"):
            self.fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
