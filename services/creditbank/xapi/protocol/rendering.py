"""How failures are shown below /xapi: as problem documents, or as text or HTML to whoever asks for it."""

from html import escape

from fastapi import Request, Response

from libs.common.http.rendering import document
from libs.common.languages import preferred
from libs.common.problems import InvalidRequest, MalformedRequest, Problem

#: what tools know to answer with a user name and password (RFC 7617)
_CHALLENGE = 'Basic realm="xapi", charset="UTF-8"'


def render(problem: Problem, request: Request) -> Response:
    """A failure in the form the caller reads (part three, 3.2); nothing here is answered with 422."""
    if isinstance(problem, InvalidRequest):
        problem = MalformedRequest(**problem.extensions)
    accepted = request.headers.get("accept", "*/*").lower()
    if "json" in accepted or "*/*" in accepted or not ("text/html" in accepted or "text/plain" in accepted):
        response = document(
            problem,
            base=request.app.state.settings.public_address,
            accept_language=request.headers.get("accept-language"),
            instance=request.url.path,
        )
    else:
        response = _text(problem, request, as_html="text/html" in accepted)
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = f"Bearer, {_CHALLENGE}"
    return response


def _text(problem: Problem, request: Request, *, as_html: bool) -> Response:
    language = preferred(request.headers.get("accept-language"))
    explanation = problem.explanation()
    title = problem.title.in_language(language)
    detail = explanation.in_language(language) if explanation else ""
    headers = {
        **problem.response_headers(),
        "Content-Language": language,
        "Vary": "Accept, Accept-Language",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if as_html:
        page = (
            f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<h1>{escape(title)}</h1><p>{escape(detail)}</p></html>\n"
        )
        headers["Content-Security-Policy"] = "default-src 'none'"
        return Response(page, problem.status, headers, "text/html")
    return Response(f"{title}\n{detail}\n", problem.status, headers, "text/plain")
