"""Somebody before a browser without scripts: cookies, pages and their forms."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI

from tests.integration.auth.places import ADDRESS, connection

WRONG = "nine purple lanterns"
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def fields_of(page: httpx.Response, action: str, containing: str = "") -> dict[str, str]:
    """The hidden fields of the page's form with this action (and this text, where there are several)."""
    for attributes, inside in _FORM.findall(page.text):
        if f'action="{action}"' in attributes and containing in inside:
            return {name: html.unescape(value) for name, value in _HIDDEN.findall(inside)}
    raise AssertionError(f"no form for {action} in {page.text}")


class Guest:
    """A browser of its own, in a network of its own unless told otherwise; follows no redirect by itself."""

    def __init__(self, app: FastAPI, *, network: str | None = None) -> None:
        self.app = app
        self.http = connection(app, network=network)
        self.http.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"

    async def get(self, path: str, **named: Any) -> httpx.Response:
        return await self.http.get(path, **named)

    async def send(
        self,
        page: httpx.Response,
        action: str,
        *,
        containing: str = "",
        headers: dict[str, str] | None = None,
        **fields: str,
    ) -> httpx.Response:
        """Sends a form of the page as a browser does."""
        data = fields_of(page, action, containing) | fields
        sent = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"} | (headers or {})
        return await self.http.post(action, data=data, headers=sent)

    async def try_password(
        self, username: str, password: str, *, path: str = "/sign-in", **named: Any
    ) -> httpx.Response:
        page = await self.get(path)
        assert page.status_code == 200, page.text
        return await self.send(page, "/sign-in", username=username, password=password, **named)

    async def sign_in(self, username: str, password: str, *, path: str = "/sign-in") -> httpx.Response:
        """Signs in, and gives the page that follows."""
        answer = await self.try_password(username, password, path=path)
        assert answer.status_code == 303, answer.text
        return await self.get(answer.headers["location"])

    @property
    def secret(self) -> str | None:
        return self.http.cookies.get("xuebu_session")

    async def is_signed_in(self) -> bool:
        answer = await self.get("/account")
        assert answer.status_code in (200, 303)
        return answer.status_code == 200


def place_of(answer: httpx.Response) -> str:
    """The path of ours a redirect leads to."""
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert (parts.scheme, parts.netloc) == ("", ""), answer.headers["location"]
    return parts.path
