"""Routes that are answered without FastAPI's help answer as they do with it."""

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.routing import APIRoute

from libs.common.http.direct import make_direct
from libs.common.http.rendering import add_handlers
from libs.common.problems import NotFound


class _Settings:
    public_address = "http://127.0.0.1:1"


class _Guard:
    """A dependency that is an object, as `require` is."""

    async def __call__(self, request: Request) -> str:
        if request.headers.get("x-who") is None:
            raise NotFound
        return request.headers["x-who"]


async def _count(request: Request) -> int:
    request.state.count = getattr(request.state, "count", 0) + 1
    count: int = request.state.count
    return count


async def _named(who: Annotated[str, Depends(_Guard())], count: Annotated[int, Depends(_count)]) -> str:
    return f"{who} {count}"


async def _limit(limit: Annotated[int, Query()] = 5) -> int:
    return limit


def _application(*, direct: bool) -> FastAPI:
    router = APIRouter(dependencies=[Depends(_count)])

    @router.post("/whole")
    async def whole(
        request: Request, named: Annotated[str, Depends(_named)], count: Annotated[int, Depends(_count)]
    ) -> Response:
        return Response(f"{named} {count} {(await request.body()).decode()}", status_code=201)

    @router.get("/nothing")
    async def nothing() -> Response:
        return Response("as it is", headers={"x-own": "1"})

    @router.get("/failing")
    async def failing(request: Request) -> Response:
        raise NotFound

    @router.get("/asking")
    async def asking(limit: Annotated[int, Depends(_limit)]) -> Response:
        return Response(str(limit))

    @router.get("/modelled")
    async def modelled() -> dict[str, int]:
        return {"a": 1}

    app = FastAPI()
    app.state.settings = _Settings()
    add_handlers(app)
    app.router.routes.extend(router.routes)
    for route in app.router.routes:
        if direct and isinstance(route, APIRoute):
            make_direct(route)
    return app


async def _answer(app: FastAPI, method: str, path: str, **more: Any) -> tuple[int, dict[str, str], bytes]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(method, path, **more)
        return answer.status_code, dict(answer.headers), answer.content


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/whole", {"x-who": "ada"}, 201),
        ("POST", "/whole", {}, 404),
        ("GET", "/whole", {}, 405),
        ("GET", "/nothing", {}, 200),
        ("GET", "/failing", {}, 404),
        ("GET", "/asking?limit=7", {}, 200),
        ("GET", "/asking?limit=x", {}, 422),
        ("GET", "/modelled", {}, 200),
    ],
)
async def test_direct_routes_answer_the_same(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """Dependencies within dependencies, one solved once, problems, and what only FastAPI can do."""
    body = {"content": b"body"} if method == "POST" else {}
    plain, direct = [
        await _answer(_application(direct=direct), method, path, headers=headers, **body)
        for direct in (False, True)
    ]
    assert direct == plain
    assert direct[0] == status


def test_only_what_needs_nothing_but_the_request_is_direct() -> None:
    routes = [route for route in _application(direct=True).router.routes if isinstance(route, APIRoute)]
    direct = {route.path for route in routes if route.app.__module__ == make_direct.__module__}
    assert direct == {"/whole", "/nothing", "/failing"}
