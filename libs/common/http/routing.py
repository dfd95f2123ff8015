"""Finding the route of a request without asking every route in turn.

FastAPI asks its routes one after another, 0.7 µs each. The index asks only those whose path has the shape of
the request's, in the same order and by FastAPI's own code, so that the answer is the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

#: a segment that takes any text without a slash
_ANY: Final = re.compile(r"\{[a-zA-Z_][a-zA-Z0-9_]*(:str)?\}")

#: the segments of a route's path, None for any text; and the route's place among all
_Shape = tuple[tuple[str | None, ...], int]


@dataclass(slots=True)
class _Place:
    """Where some segments lead: on by the next one, by name or by any, or to the routes that end here."""

    named: "dict[str, _Place]" = field(default_factory=dict)
    other: "_Place | None" = None
    routes: APIRouter | None = None


class RouteIndex:
    """Routes like the router it is made for. Routes that are added later are noticed, replaced ones not."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._start: _Place | None = None
        self._known = -1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        router = self._router
        if scope["type"] != "http" or scope.get("root_path") or scope["path"].endswith("\n"):
            # Rare; and to the routes' regular expressions a line may end before its last line break.
            await router.app(scope, receive, send)
            return
        if len(router.routes) != self._known:
            self._read()
        place = self._start
        for segment in scope["path"].split("/"):
            if place is None:
                break
            place = place.named.get(segment, place.other)
        if place is not None and place.routes is not None:
            scope["router"] = router
            router = place.routes
        await router.app(scope, receive, send)

    def _read(self) -> None:
        routes = self._router.routes
        shapes: list[_Shape] = []
        anywhere: list[int] = []
        for number, route in enumerate(routes):
            segments = _segments(route)
            if segments is None:
                anywhere.append(number)
            else:
                shapes.append((segments, number))
        self._start = self._place(shapes, anywhere, 0)
        self._known = len(routes)

    def _place(self, shapes: Sequence[_Shape], anywhere: Sequence[int], depth: int) -> _Place | None:
        """The place that the routes of these shapes have in common after so many segments."""
        if not shapes:
            return None
        place = _Place()
        further = [shape for shape in shapes if len(shape[0]) > depth]
        for name in {shape[0][depth] for shape in further}:
            fitting = [shape for shape in further if shape[0][depth] in (None, name)]
            found = self._place(fitting, anywhere, depth + 1)
            if name is None:
                place.other = found
            elif found is not None:
                place.named[name] = found
        ending = [number for segments, number in shapes if len(segments) == depth]
        if ending:
            place.routes = self._router_of(sorted([*ending, *anywhere]))
        return place

    def _router_of(self, numbers: Sequence[int]) -> APIRouter:
        """A router of these routes only, which asks the whole one when none of them answers."""
        few = APIRouter(
            redirect_slashes=False, default=self._router.app, form_limits=self._router.form_limits
        )
        few.routes = [self._router.routes[number] for number in numbers]
        return few


def _segments(route: BaseRoute) -> tuple[str | None, ...] | None:
    """The segments of what a route takes; None where only the route itself can tell."""
    if not isinstance(route, Route) or type(route).matches not in (Route.matches, APIRoute.matches):
        return None
    segments = [None if _ANY.fullmatch(one) else one for one in route.path.split("/")]
    return None if any("{" in one for one in segments if one) else tuple(segments)
