"""The pages of auth in a real Chromium: the service on a port of this machine, a browser that visits it."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from infra.dev.stores import ServiceStore
from services.auth.app import build
from tests.integration.auth.conftest import settings_of

#: where pictures of the pages go, if anywhere: for people who look at them
SHOTS = os.environ.get("SHOTS")
WIDTHS = {"telephone": 360, "desktop": 1280}


@dataclass(frozen=True)
class Site:
    """The running service and where it is reached."""

    app: FastAPI
    address: str


@pytest.fixture(scope="session")
async def site(service_database: Callable[[str], ServiceStore]) -> AsyncIterator[Site]:
    """auth, served over HTTP by this process."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = build(settings_of(service_database("auth"), issuer=address, public_address=address))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        assert not serving.done(), serving.result()
        await asyncio.sleep(0.01)
    await app.state.identity.refresh()
    yield Site(app, address)
    server.should_exit = True
    await serving


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, or whichever CHROMIUM names."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        await browser.close()


class Visitor:
    """One browser profile: a language, a width, a colour scheme, with JavaScript or without."""

    def __init__(self, site: Site, context: BrowserContext, page: Page, name: str) -> None:
        self.site, self.context, self.page, self.name = site, context, page, name

    async def open(self, path: str) -> int:
        """The status of a page of ours."""
        answer = await self.page.goto(self.site.address + path)
        assert answer is not None
        return answer.status

    async def sign_in(self, username: str, password: str, path: str = "/sign-in") -> None:
        await self.open(path)
        await self.page.fill("#username", username)
        await self.page.fill("#password", password)
        async with self.page.expect_navigation():
            await self.page.press("#password", "Enter")

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.site.address)

    async def picture(self, name: str) -> None:
        """A picture of the whole page, where pictures are wanted."""
        if SHOTS:
            await self.page.screenshot(path=Path(SHOTS) / f"{name}-{self.name}.png", full_page=True)


@pytest.fixture
async def visit(site: Site, chromium: Browser) -> AsyncIterator[Callable[..., Any]]:
    """Makes visitors; they leave when the test ends."""
    contexts: list[BrowserContext] = []

    async def make(
        *, language: str = "en", width: str = "desktop", scheme: Any = "light", scripts: bool = True
    ) -> Visitor:
        context = await chromium.new_context(
            locale=language,
            viewport={"width": WIDTHS[width], "height": 800},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        return Visitor(site, context, page, f"{language}-{width}-{scheme}")

    yield make
    for context in contexts:
        await context.close()
