"""Every problem type's address answers with what it means."""

import inspect

from fastapi import APIRouter, Request
from pydantic import BaseModel

from libs.common.languages import preferred
from libs.common.problems import NotFound, Problem

router = APIRouter(tags=["problems"])


class ProblemType(BaseModel):
    """A kind of failure: its name, usual title, HTTP status and meaning."""

    type: str
    title: str
    status: int
    meaning: str


def describe(kind: type[Problem], base: str, accept_language: str | None) -> ProblemType:
    return ProblemType(
        type=f"{base}/problems/{kind.slug}",
        title=kind.title.in_language(preferred(accept_language)),
        status=kind.status,
        meaning=inspect.getdoc(kind) or "",
    )


@router.get("/problems/{slug}", summary="What a problem type means")
async def read_problem_type(slug: str, request: Request) -> ProblemType:
    kind = Problem.registry.get(slug)
    if kind is None:
        raise NotFound
    return describe(kind, request.app.state.settings.public_address, request.headers.get("accept-language"))
