"""The three applications as they are composed, for what must hold of every one of them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.settings import ServiceSettings
from services.auth import app as auth_app
from services.auth import metadata as auth_metadata
from services.auth.settings import AuthSettings
from services.creditbank import app as creditbank_app
from services.creditbank import metadata as creditbank_metadata
from services.creditbank.settings import CreditbankSettings
from services.spaces import app as spaces_app
from services.spaces import metadata as spaces_metadata
from services.spaces.settings import SpacesSettings

ADDRESS = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Part:
    """One service: its settings, its composition and its tables."""

    name: str
    settings: type[ServiceSettings]
    app: ModuleType
    metadata: ModuleType

    def build(self, store: ServiceStore) -> FastAPI:
        neighbours: dict[str, Any] = {"auth_address": ADDRESS, "creditbank_address": ADDRESS}
        settings = self.settings.model_validate(
            {
                "environment": "development",
                "database": store.database,
                "redis": store.redis,
                "redis_prefix": f"contract:{self.name}:",
                "issuer": ADDRESS,
                "public_address": ADDRESS,
                "requests_per_minute": 0,
                "log_level": "ERROR",
                **neighbours,
            }
        )
        app: FastAPI = self.app.build(settings, background=False)
        return app


PARTS = {
    "auth": Part("auth", AuthSettings, auth_app, auth_metadata),
    "spaces": Part("spaces", SpacesSettings, spaces_app, spaces_metadata),
    "creditbank": Part("creditbank", CreditbankSettings, creditbank_app, creditbank_metadata),
}


@pytest.fixture(params=sorted(PARTS))
def part(request: pytest.FixtureRequest) -> Part:
    return PARTS[request.param]


@pytest.fixture
async def app(part: Part, service_database: Callable[[str], ServiceStore]) -> AsyncIterator[FastAPI]:
    app = part.build(service_database(part.name))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        yield client
