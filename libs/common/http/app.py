"""Composition of a service: stores, identity, relay, inboxes and routes into one application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Scope

from libs.common import feed, logs, tracing
from libs.common.database import Database
from libs.common.http import health, problem_pages
from libs.common.http.cross_origin import CrossOrigin, CrossOriginLayer
from libs.common.http.direct import make_direct
from libs.common.http.documentation import add_documentation
from libs.common.http.middleware import RequestContext, has_token
from libs.common.http.rendering import MEDIA_TYPE, add_handlers
from libs.common.http.routing import RouteIndex
from libs.common.identity import Identity, KeySource
from libs.common.inbox import Handler, Inbox
from libs.common.limits import RequestLimit
from libs.common.redis_store import connect
from libs.common.relay import Relay
from libs.common.revocations import RevocationSource
from libs.common.service_client import ServiceClient, keys_of, revocations_of
from libs.common.settings import ServiceSettings
from libs.common.tasks import end

#: asking on every request whether an SDK has been configured since costs 3 µs
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


class ProblemDocument(BaseModel):
    """A failure (RFC 9457). `type` answers with its meaning; further members depend on the type."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="absolute address of the problem type")
    title: str
    status: int
    detail: str | None = None
    instance: str = Field(description="the path asked for")
    request_id: str | None = Field(description="finds the request in the log")


@dataclass(frozen=True)
class Source:
    """A neighbour whose events this service reads."""

    address: str
    audience: str
    handlers: dict[str, Handler]


@dataclass(frozen=True)
class Service:
    """What makes up one service."""

    name: str
    title: str
    description: str
    audience: str
    settings: ServiceSettings
    routers: Sequence[APIRouter]
    sources: dict[str, Source] = field(default_factory=dict)
    #: where the keys of access tokens come from; default: the issuer's key set by HTTP
    keys: Callable[[FastAPI], KeySource] | None = None
    #: where revoked tokens are listed; default: the issuer's list, for a service with a client of its own
    revocations: Callable[[FastAPI], RevocationSource] | None = None
    #: what web pages of other origins may call; default: nothing
    cross_origin: CrossOrigin | None = None
    #: larger (or smaller) bodies than the setting, by path
    body_limits: dict[str, int] = field(default_factory=dict)
    #: who may send these larger bodies: raises for nobody known; default: whoever has a valid token
    known_sender: Callable[[FastAPI, Scope], Awaitable[object]] | None = None
    #: further layers around the routes, inside the request's context; the first is the outermost
    layers: Sequence[Callable[[ASGIApp], ASGIApp]] = ()
    #: the service's own part of start and stop
    lifespan: Callable[[FastAPI], Any] | None = None
    #: whether the relay, the inboxes and the limits' exchange run in this process
    background: bool = True


def create_app(service: Service) -> FastAPI:
    """The application of a service, ready to be served or tested."""
    settings = service.settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _running(app, service):
            yield

    app = FastAPI(
        title=service.title,
        description=service.description,
        version="0.1.0",
        lifespan=lifespan,
        separate_input_output_schemas=False,
        docs_url=None,
        redoc_url=None,
        telemetry=None if tracing.is_configured() else _NO_TELEMETRY,
    )
    app.state.settings = settings
    app.state.inboxes = []
    add_handlers(app)
    for router in [*service.routers, feed.router, health.router, problem_pages.router]:
        _add_routes(app, router)
    add_documentation(app)
    _describe_problems_once(app)
    app.router.middleware_stack = RouteIndex(app.router)
    for layer in reversed(service.layers):
        app.add_middleware(layer)
    if service.cross_origin is not None:
        app.add_middleware(CrossOriginLayer, fastapi=app, rule=service.cross_origin)
    app.add_middleware(
        RequestContext,
        fastapi=app,
        body_limits=service.body_limits,
        known_sender=service.known_sender or has_token,
    )
    return app


def _add_routes(app: FastAPI, router: APIRouter) -> None:
    """Make a router's routes the application's own, each documented to answer failures as problems.

    `include_router` would keep a tree of routers and match every request twice (9 µs of 28).
    """
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.responses = {"default": _problem_response(), 422: _problem_response(), **route.responses}
            if not tracing.is_configured():  # FastAPI's spans are made where it calls what a route depends on
                make_direct(route)
    app.router.routes.extend(router.routes)


def _describe_problems_once(app: FastAPI) -> None:
    """Every operation refers to one description of the problem document."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("ProblemDocument", ProblemDocument.model_json_schema())
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _problem_response() -> dict[str, Any]:
    return {
        "description": "A failure, as a problem document (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }


@asynccontextmanager
async def _running(app: FastAPI, service: Service) -> AsyncIterator[None]:
    settings, state = service.settings, app.state
    logs.configure(settings.log_level, settings.log_format, service.name)
    async with AsyncExitStack() as stack:
        state.database = Database(settings.database, pool_size=settings.pool_size, name=service.name)
        await state.database.start()
        stack.push_async_callback(state.database.stop)
        state.redis = connect(settings.redis)
        stack.push_async_callback(state.redis.aclose)
        secret = settings.client_secret.get_secret_value() if settings.client_secret else None
        state.service_client = ServiceClient(
            token_endpoint=settings.token_endpoint, client_id=settings.client_id, client_secret=secret
        )
        stack.push_async_callback(state.service_client.close)
        limit = RequestLimit(
            state.redis, prefix=settings.redis_prefix, per_minute=settings.requests_per_minute
        )
        keys = service.keys(app) if service.keys else keys_of(settings.keys_address)
        state.identity = Identity(
            issuer=settings.issuer,
            audience=service.audience,
            keys=keys,
            limit=limit,
            revocations=_revocations(app, service),
        )
        state.database.revocations_recorded = state.identity.revocations.refresh
        relay = Relay(
            state.database,
            state.redis,
            service=service.name,
            prefix=settings.redis_prefix,
            retention_days=settings.event_retention_days,
        )
        state.inboxes = [_inbox(app, service, name, source) for name, source in service.sources.items()]
        if service.lifespan is not None:
            await stack.enter_async_context(service.lifespan(app))
        await state.identity.start()
        stack.push_async_callback(state.identity.stop)
        if service.background:
            _run_in_background(
                stack, [relay.run, relay.listen, limit.run, *(inbox.run for inbox in state.inboxes)]
            )
        yield


def _revocations(app: FastAPI, service: Service) -> RevocationSource | None:
    settings = service.settings
    if service.revocations is not None:
        return service.revocations(app)
    if settings.issuer_audience is None or settings.client_id is None or settings.client_secret is None:
        logs.logger(__name__).warning(logs.REVOCATIONS_UNKNOWN)
        return None
    return revocations_of(app.state.service_client, settings.revocations_list, settings.issuer_audience)


def _inbox(app: FastAPI, service: Service, name: str, source: Source) -> Inbox:
    return Inbox(
        app.state.database,
        app.state.redis,
        source=name,
        prefix=service.settings.redis_prefix,
        feed=feed.FeedClient(app.state.service_client, source.address, source.audience),
        handlers=source.handlers,
    )


def _run_in_background(stack: AsyncExitStack, runs: Sequence[Callable[[], Awaitable[None]]]) -> None:
    tasks = [asyncio.ensure_future(run()) for run in runs]

    stack.push_async_callback(end, *tasks)
