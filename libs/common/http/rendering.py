"""Problems as RFC 9457 documents, in the caller's language. The only place that does so."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from libs.common import problems
from libs.common.http.validation import explain
from libs.common.languages import Language, preferred, said
from libs.common.problems import Problem
from libs.common.tracing import current_trace_id

MEDIA_TYPE = "application/problem+json"
#: a route for people puts into its scope how it shows failures: (problem, request) -> response
OWN_RENDERING = "xuebu.failures"


def document(problem: Problem, *, base: str, accept_language: str | None, instance: str) -> Response:
    """The problem document of one failure; `instance` is the path asked for."""
    language = preferred(accept_language)
    explanation = problem.explanation()
    members: dict[str, Any] = {
        "type": f"{base}/problems/{problem.slug}",
        "title": problem.title.in_language(language),
        "status": problem.status,
    }
    if explanation is not None:
        members["detail"] = explanation.in_language(language)
    members["instance"] = instance
    members["request_id"] = current_trace_id()
    for name, value in problem.extensions.items():
        members.setdefault(name, _in_language(value, language))
    headers = {
        **problem.response_headers(),
        "Content-Language": language,
        "Vary": "Accept-Language",
        "Cache-Control": "no-store",
    }
    return Response(
        orjson.dumps(members, default=str), status_code=problem.status, headers=headers, media_type=MEDIA_TYPE
    )


def _in_language(value: Any, language: Language) -> Any:
    """Texts among the extensions are given in the caller's language too."""
    if isinstance(value, list):
        return [_in_language(one, language) for one in value]
    if isinstance(value, Mapping):
        return {name: _in_language(one, language) for name, one in value.items()}
    return said(value, language)


def respond(problem: Problem, request: Request) -> Response:
    """The problem as this route shows failures: a document, unless it has a form of its own."""
    own: Callable[[Problem, Request], Response] | None = request.scope.get(OWN_RENDERING)
    if own is not None:
        return own(problem, request)
    return document(
        problem,
        base=request.app.state.settings.public_address,
        accept_language=request.headers.get("accept-language"),
        instance=request.url.path,
    )


def add_handlers(app: FastAPI) -> None:
    """Render our problems, and those that FastAPI and Starlette raise, in the one form."""

    async def ours(request: Request, error: Any) -> Response:
        return respond(error, request)

    async def invalid(request: Request, error: Any) -> Response:
        return respond(_invalid(error), request)

    async def theirs(request: Request, error: Any) -> Response:
        if isinstance(error.__cause__, Problem):  # FastAPI wraps what interrupts the reading of a body
            return respond(error.__cause__, request)
        response = respond(_of_status(error.status_code), request)
        response.status_code = error.status_code
        if error.headers:
            response.headers.update(error.headers)
        return response

    app.add_exception_handler(Problem, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, theirs)


def _invalid(error: RequestValidationError) -> Problem:
    """A body that is not JSON could not be read at all (400); anything else has a place (422)."""
    found = list(error.errors())
    if any(one["type"] == "json_invalid" for one in found):
        return problems.MalformedRequest(errors=explain(found))
    return problems.InvalidRequest(errors=explain(found))


_BY_STATUS: dict[int, type[Problem]] = {
    HTTPStatus.BAD_REQUEST: problems.MalformedRequest,
    HTTPStatus.UNAUTHORIZED: problems.Unauthorized,
    HTTPStatus.FORBIDDEN: problems.Forbidden,
    HTTPStatus.NOT_FOUND: problems.NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: problems.MethodNotAllowed,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: problems.PayloadTooLarge,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: problems.UnsupportedMediaType,
}


def _of_status(status: int) -> Problem:
    kind = _BY_STATUS.get(status, problems.MalformedRequest if status < 500 else problems.InternalError)
    return kind(limit="?") if kind is problems.PayloadTooLarge else kind()
