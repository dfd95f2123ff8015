"""Signing in as a frontend does: the authorization code flow with PKCE, through the sign-in page.

Without a network of its own: `code_flow` yields requests and is sent the answers, so that the runner
drives it with the standard library (`run`), and tests with the client of their choice. Standard library only.
"""

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, TypeVar

#: any port of the own machine is registered for clients of development (RFC 8252, section 7.3)
REDIRECT = "http://127.0.0.1:49152/callback"
_MOST_STEPS = 12
_TIMEOUT_SECONDS = 60.0

Result = TypeVar("Result")


class SignInFailedError(Exception):
    """The flow ended without tokens, at an answer with this status."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(f"{status} {why[:2000]}")
        self.status = status


@dataclass(frozen=True)
class Asked:
    """A request to be sent; a `form` is posted urlencoded. Redirects must not be followed."""

    address: str
    headers: dict[str, str]
    form: dict[str, str] | None = None


@dataclass(frozen=True)
class Answered:
    """The answer: its status, its headers as pairs, its text."""

    status: int
    headers: Iterable[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True)
class Frontend:
    """A public client, and what it asks for."""

    client_id: str
    scope: str
    redirect_uri: str = REDIRECT


def code_flow(
    auth: str, frontend: Frontend, username: str, password: str
) -> Generator[Asked, Answered, dict[str, Any]]:
    """The steps from the authorization request to the token answer; raises SignInFailedError."""
    state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
    question = {
        "response_type": "code",
        "client_id": frontend.client_id,
        "redirect_uri": frontend.redirect_uri,
        "scope": frontend.scope,
        "state": state,
        "nonce": secrets.token_urlsafe(16),
        "code_challenge": _base64url(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    where = f"{auth}/oauth/authorize?{urllib.parse.urlencode(question)}"
    callback = yield from through_pages(where, frontend.redirect_uri, username, password)
    answer = yield _exchange(auth, frontend, _code_of(callback, state, auth), verifier)
    if answer.status != 200:
        raise SignInFailedError(answer.text, answer.status)
    return dict(json.loads(answer.text))


def through_pages(
    address: str, redirect_uri: str, username: str, password: str
) -> Generator[Asked, Answered, str]:
    """From an authorization request through the pages; the address at which the client is answered."""
    cookies: dict[str, str] = {}
    asked = Asked(address, {})
    for _ in range(_MOST_STEPS):
        answer = yield asked
        _keep_cookies(cookies, answer)
        if answer.status in (302, 303):
            where = urllib.parse.urljoin(asked.address, answer.header("location"))
            if where.startswith(redirect_uri + "?"):
                return where
            asked = Asked(where, {"Cookie": _cookie_header(cookies)})
        elif answer.status == 200 and asked.form is None:
            asked = _filled(asked.address, answer.text, cookies, username, password)
        else:
            break
    raise SignInFailedError(f"{asked.address.partition('?')[0]} {answer.text}", answer.status)


def run(flow: Generator[Asked, Answered, Result]) -> Result:
    """Drives a flow with the standard library to its result; raises SignInFailedError and OSError."""
    asked = next(flow)
    while True:
        try:
            asked = flow.send(_sent(asked))
        except StopIteration as end:
            result: Result = end.value
            return result


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the flow, which knows where its cookies may go."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_StayHere)


def _sent(asked: Asked) -> Answered:
    form = None if asked.form is None else urllib.parse.urlencode(asked.form).encode()
    request = urllib.request.Request(asked.address, data=form, headers=asked.headers)  # noqa: S310 ours
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return Answered(answer.status, answer.headers.items(), answer.read().decode())
    except urllib.error.HTTPError as answer:
        with answer:
            return Answered(answer.code, answer.headers.items(), answer.read().decode())


def _exchange(auth: str, frontend: Frontend, code: str, verifier: str) -> Asked:
    form = {
        "grant_type": "authorization_code",
        "client_id": frontend.client_id,
        "redirect_uri": frontend.redirect_uri,
        "code": code,
        "code_verifier": verifier,
    }
    return Asked(f"{auth}/oauth/token", {}, form)


def _code_of(where: str, state: str, issuer: str) -> str:
    """The code of the answer, once state and issuer are ours (RFC 9207)."""
    given = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(where).query))
    if given.get("state") != state or given.get("iss") != issuer or "code" not in given:
        raise SignInFailedError(json.dumps(given), 303)
    return given["code"]


def _filled(address: str, page: str, cookies: dict[str, str], username: str, password: str) -> Asked:
    """The page's form with user name and password, as a browser sends it."""
    form = _Form()
    form.feed(page)
    fields = form.fields
    if "password" not in fields:
        raise SignInFailedError(f"no form with a password at {address}: {page}", 200)
    fields |= {"username": username, "password": password}
    target = urllib.parse.urljoin(address, form.action or address)
    parts = urllib.parse.urlsplit(target)
    headers = {"Cookie": _cookie_header(cookies), "Origin": f"{parts.scheme}://{parts.netloc}"}
    return Asked(target, headers, fields)


class _Form(HTMLParser):
    """The first form of a page that posts a password, and its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._done = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and not self._done:
            self.action, self.fields = given.get("action") or "", {}
        is_text = tag == "input" and given.get("type") not in ("checkbox", "radio", "submit")
        if is_text and not self._done and (name := given.get("name")):
            self.fields[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and "password" in self.fields:
            self._done = True


def _keep_cookies(cookies: dict[str, str], answer: Answered) -> None:
    for name, value in answer.headers:
        if name.lower() == "set-cookie":
            key, _, content = value.partition(";")[0].partition("=")
            cookies[key.strip()] = content.strip()


def _cookie_header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
