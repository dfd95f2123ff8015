"""Routes that answer with pages, their failures too."""

from collections.abc import Callable, Coroutine
from inspect import signature
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.common.http.rendering import OWN_RENDERING, respond
from libs.common.problems import NotFound, Problem
from libs.common.tracing import current_trace_id
from services.auth.pages.cookies import apply_cookies
from services.auth.pages.languages import SHOWN_BY_GET
from services.auth.pages.refusals import PageRefusal, SeeOther
from services.auth.pages.rendering import page

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route for browsers: queued cookies go out with whatever it answers, and failures are pages."""

    def __init__(self, path: str, *arguments: Any, **named: Any) -> None:
        super().__init__(path, *arguments, **named)
        if "GET" in (self.methods or ()) and "{" not in path:
            SHOWN_BY_GET.add(path)
        if [*signature(self.endpoint).parameters] == ["request"]:
            self.app = _plain(_answering(self.endpoint))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[OWN_RENDERING] = failure
        await super().handle(scope, receive, send)

    def get_route_handler(self) -> _Handler:
        return _answering(super().get_route_handler())


def _answering(original: _Handler) -> _Handler:
    """The same with the queued cookies on the answer, and with pages for what it raises."""

    async def handler(request: Request) -> Response:
        try:
            response = await original(request)
        except SeeOther as elsewhere:
            response = see_other(elsewhere.location)
        except PageRefusal as refusal:
            response = page(
                request,
                "failure.html",
                status=refusal.status,
                heading=refusal.title,
                detail=refusal.detail,
                failure=None,
            )
        apply_cookies(request, response)
        return response

    return handler


def _plain(handler: _Handler) -> ASGIApp:
    """What takes the request alone is called with it, and nothing is made ready for dependencies."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handler(Request(scope, receive, send))
        await response(scope, receive, send)

    return app


def failure(problem: Problem, request: Request) -> Response:
    """A problem as a page; the number finds the request in the log."""
    response = page(
        request,
        "failure.html",
        status=problem.status,
        headers=problem.response_headers(),
        heading=problem.title,
        detail=problem.explanation(),
        failure=current_trace_id() if problem.status >= 500 else None,
    )
    apply_cookies(request, response)
    return response


async def missing(request: Request, _error: Exception) -> Response:
    """The answer for an address that is none: a page for browsers, else a document."""
    if "text/html" in request.headers.get("accept", ""):
        return failure(NotFound(), request)
    return respond(NotFound(), request)


def page_router() -> APIRouter:
    """A router of pages."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


_NO_STORE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}


def see_other(location: str) -> Response:
    """303: the next page is fetched with GET, so that no password is ever sent on (RFC 9700, 4.12)."""
    return Response(status_code=303, headers={**_NO_STORE, "Location": location})
