"""The interactive documentation page, with its scripts from here: it must work without the internet."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.staticfiles import StaticFiles

_ASSETS = "/docs/assets"


def add_documentation(app: FastAPI) -> None:
    """Serve Swagger UI at /docs for the application's own OpenAPI document."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
    ).body

    async def documentation() -> Response:
        return Response(page, media_type="text/html")

    app.add_api_route("/docs", documentation, include_in_schema=False)
    app.mount(_ASSETS, StaticFiles(directory=_files()), name="documentation")


def _files() -> Path:
    """Where the distribution that brings Swagger UI keeps it; the module itself is never imported."""
    found = find_spec("fastapi_offline")
    assert found is not None, "a requirement of the runtime"
    assert found.origin is not None
    return Path(found.origin).parent / "static"
