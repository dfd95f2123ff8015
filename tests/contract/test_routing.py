"""The index of routes sends every request where FastAPI's own routing would, which asks each in turn."""

import copy
import functools
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.dev.stores import ServiceStore
from libs.common.http.routing import RouteIndex
from tests.contract.conftest import PARTS

_DATABASE = "postgresql://somebody@/nowhere"
NOWHERE = ServiceStore(_DATABASE, _DATABASE, "redis://nowhere", "nowhere", "somebody")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get")
SEGMENTS = st.sampled_from(["", "x", "..", "a b", "current", "me", "学生", "0198-1", "{person}", "x\n", "\n"])


@dataclass
class Seen:
    """What became of a request: the route that got it and as what, or the answer given instead."""

    route: BaseRoute | None = None
    path_params: dict[str, Any] = field(default_factory=dict)
    scope: dict[str, Any] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    refusal: tuple[int, frozenset[str]] | None = None


def _recording(route: BaseRoute) -> ASGIApp:
    async def record(scope: Scope, receive: Receive, send: Send) -> None:
        scope["seen"].route = route
        scope["seen"].path_params = scope["path_params"]

    return record


def _with_recorders(router: APIRouter) -> APIRouter:
    """The router with copies of its routes: the services' modules share theirs with every application."""
    copies: list[BaseRoute] = []
    for route in router.routes:
        assert isinstance(route, (Route, Mount)), "a kind of route that this test does not know"
        copied = copy.copy(route)
        copied.app = _recording(copied)
        copies.append(copied)
    router.routes[:] = copies
    return router


@functools.cache
def routers() -> dict[str, APIRouter]:
    apps: dict[str, FastAPI] = {name: part.build(NOWHERE) for name, part in PARTS.items()}
    assert all(isinstance(app.router.middleware_stack, RouteIndex) for app in apps.values())
    return {name: _with_recorders(app.router) for name, app in apps.items()} | {"odd": _odd()}


@functools.cache
def index_of(name: str) -> RouteIndex:
    return RouteIndex(routers()[name])


_ODD = """
/a/{x} /a/b /c/d /c/{x} /{x}/b /{x}/{y} /a/{x:int} /a/{x}/g /f/g /f/{x:path} /p-{x} /p-q /end/ /both /both/
/ /{x:str}/b/ /a/{x}/{y:uuid} // /a//b
"""


def _odd() -> APIRouter:
    """What no service has (yet): names in the way of parameters, convertors, parts of segments, slashes."""
    router = APIRouter()
    for path in _ODD.split():
        for method in ("GET", "POST") if len(path) % 2 else ("PUT",):
            router.add_api_route(path, _never, methods=[method])
    router.mount("/m", FastAPI())
    router.routes.append(Route("/plain", _never))
    return _with_recorders(router)


async def _never() -> None:
    raise AssertionError


def _run(work: Awaitable[None]) -> None:
    """Without a loop, thousands of times: nothing in routing waits."""
    with pytest.raises(StopIteration):
        work.__await__().__next__()


def _outcome(routing: ASGIApp, router: APIRouter, method: str, path: str, root_path: str) -> Seen:
    seen = Seen()
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "root_path": root_path}
    scope |= {"scheme": "http", "server": ("school.example", 80), "query_string": b"q=1", "headers": []}
    scope |= {"app": router, "seen": seen}

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        seen.messages.append(message)

    try:
        _run(routing(scope, receive, send))
    except HTTPException as error:
        allowed = (error.headers or {}).get("Allow", "")
        seen.refusal = error.status_code, frozenset(allowed.split(", "))
    seen.scope = {name: scope.get(name) for name in ("router", "route", "endpoint", "root_path", "path")}
    return seen


def _same_with_and_without(name: str, method: str, path: str, root_path: str = "") -> None:
    router = routers()[name]
    found = _outcome(index_of(name), router, method, path, root_path)
    assert found == _outcome(router.app, router, method, path, root_path), (method, path)


@st.composite
def paths(draw: st.DrawFn, name: str) -> str:
    """Mostly the path of some route, its parameters filled in, and often a little wrong."""
    router = routers()[name]
    template = draw(st.sampled_from([route.path for route in router.routes if hasattr(route, "path")]))
    segments = [draw(SEGMENTS) if "{" in one else one for one in template.split("/")]
    change = draw(st.sampled_from(["none", "none", "slash", "line", "less", "more", "other", "case"]))
    place = draw(st.integers(0, len(segments) - 1))
    if change == "less":
        del segments[place]
    if change == "more":
        segments.insert(place, draw(SEGMENTS))
    if change == "other":
        segments[place] = draw(SEGMENTS)
    path = "/".join(segments) + {"slash": "/", "line": "\n"}.get(change, "")
    return path.upper() if change == "case" else path


@pytest.mark.parametrize("name", [*sorted(PARTS), "odd"])
def test_each_route_is_found_as_without_the_index(name: str) -> None:
    for route in routers()[name].routes:
        path: str = route.path  # type: ignore[attr-defined]
        filled = path.replace("{", "").replace("}", "")
        for asked in (path, filled, filled + "/", filled.rstrip("/") or "*", filled + "\n"):
            for method in METHODS:
                _same_with_and_without(name, method, asked)
                _same_with_and_without(name, method, "/a" + asked, "/a")


@given(st.data(), st.sampled_from([*sorted(PARTS), "odd"]), st.sampled_from(METHODS))
def test_any_request_is_routed_as_without_the_index(data: st.DataObject, name: str, method: str) -> None:
    path = data.draw(paths(name))
    _same_with_and_without(name, method, path, data.draw(st.sampled_from(["", "", "", "/base", path[:5]])))


def test_a_route_added_later_is_found() -> None:
    router = APIRouter()
    index = RouteIndex(router)
    assert _outcome(index, router, "GET", "/later", "").refusal is not None
    router.add_api_route("/later", _never)
    _with_recorders(router)
    assert _outcome(index, router, "GET", "/later", "").route is router.routes[0]
