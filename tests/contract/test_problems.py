"""Every route of every service answers its failures in the one documented form."""

import re
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from libs.common.problems import Problem

#: what anybody may ask: health, meaning, keys, public logs, and the OAuth endpoints with their own error form
OPEN = (
    "/health/",
    "/problems/",
    "/.well-known/",
    "/oauth/",
    "/v1/activations",
    "/v1/recoveries",
    "/log/",
    "/logs",
    "/v1/record-keys",
    "/xapi/about",
    "/v1/xapi-profile",
)


def operations(app: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]


async def test_without_a_token_everything_else_is_refused(app: FastAPI, http: httpx.AsyncClient) -> None:
    for method, path, _ in operations(app):
        if path.startswith(OPEN):
            continue
        address = re.sub(r"\{[a-z_]+\}", str(uuid4()), path)
        answer = await http.request(method, address)
        assert answer.status_code == 401, f"{method} {path} answered {answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json", f"{method} {path}"
        assert answer.json()["type"].endswith("/problems/unauthorized"), f"{method} {path}"


def test_every_operation_is_documented(app: FastAPI) -> None:
    for method, path, operation in operations(app):
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert "default" in operation["responses"], f"{where} does not say how it fails"
        success = [status for status in operation["responses"] if status.startswith("2")]
        assert success, where
        if not path.startswith(OPEN):
            assert operation.get("security"), f"{where} does not say who may call it"


async def test_every_problem_type_can_be_looked_up(http: httpx.AsyncClient) -> None:
    for slug, kind in Problem.registry.items():
        if kind.__module__.startswith("tests."):
            continue
        answer = await http.get(f"/problems/{slug}", headers={"Accept-Language": "zh-CN"})
        assert answer.status_code == 200, slug
        assert answer.json()["meaning"], f"{slug} has no docstring"
        assert any(ord(letter) > 0x2E80 for letter in answer.json()["title"]), f"{slug} has no Chinese title"
