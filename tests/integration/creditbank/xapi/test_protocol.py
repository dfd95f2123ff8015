"""How the record store speaks: versions, headers, alternate syntax, HEAD, gzip, parameters, origins."""

import gzip
import json
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from tests.integration.creditbank.xapi.conftest import Tool

ACTIVITY = "http://example.com/courses/1"
AGENT = json.dumps({"account": {"homePage": "http://example.com", "name": "rick"}})
STATE = "/activities/state"
KEYS = {"activityId": ACTIVITY, "agent": AGENT}


def keys(**more: str) -> dict[str, str]:
    return {**KEYS, "stateId": uuid4().hex, **more}


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("1.0", "1.0.3"), ("1.0.0", "1.0.3"), ("1.0.9", "1.0.3"), ("2.0", "2.0.0"), ("2.0.0", "2.0.0")],
)
async def test_communication_3_3_each_version_is_answered_by_its_latest_patch(
    tool: Tool, asked: str, answered: str
) -> None:
    answer = await tool.speaking(asked).get("/activities", params={"activityId": ACTIVITY})
    assert answer.status_code == 200
    assert answer.headers.get_list("x-experience-api-version") == [answered]


@pytest.mark.parametrize("asked", ["0.9", "0.95", "1.1.0", "1.1", "1", "2.1.0", "3.0.0", "10.0", "BAD", ""])
async def test_communication_3_3_other_versions_are_refused_with_400(tool: Tool, asked: str) -> None:
    answer = await tool.speaking(asked).get("/activities", params={"activityId": ACTIVITY})
    assert answer.status_code == 400
    assert answer.json()["clause"] == "xAPI 1.0.3 Communication 3.3"
    assert answer.headers["x-experience-api-version"] in ("1.0.3", "2.0.0")


@pytest.mark.parametrize("path", ["/activities", "/agents", STATE, "/activities/profile", "/agents/profile"])
async def test_communication_3_3_without_the_header_only_about_answers(tool: Tool, path: str) -> None:
    answer = await tool.client.get(f"/xapi{path}", params=keys(), headers=tool.authorization)
    assert answer.status_code == 400
    assert answer.headers["x-experience-api-version"] == "0.9"


@pytest.mark.parametrize("version", [None, "1.0.3", "2.0.0", "0.95"])
async def test_communication_2_8_about_names_both_versions_to_anybody(
    client: httpx.AsyncClient, version: str | None
) -> None:
    headers = {"X-Experience-API-Version": version} if version else {}
    answer = await client.get("/xapi/about", headers=headers)
    assert answer.status_code == 200
    assert answer.json() == {"version": ["1.0.3", "2.0.0"]}
    assert len(answer.headers.get_list("x-experience-api-version")) == 1


async def test_communication_3_3_every_failure_names_the_version_too(tool: Tool) -> None:
    for path, status in (("/nowhere", 404), ("/activities", 400)):
        answer = await tool.get(path)
        assert (answer.status_code, answer.headers["x-experience-api-version"]) == (status, "1.0.3")
    answer = await tool.call("PATCH", "/activities")
    assert (answer.status_code, answer.headers["x-experience-api-version"]) == (405, "1.0.3")
    large = await tool.put(STATE, params=keys(), content=b"x" * (33_554_432 + 1))
    assert (large.status_code, large.headers["x-experience-api-version"]) == (413, "1.0.3")
    nobody = await tool.client.get("/xapi/activities")
    assert (nobody.status_code, nobody.headers["x-experience-api-version"]) == (401, "2.0.0")


async def test_communication_2_1_3_statement_answers_say_how_far_they_reach(tool: Tool) -> None:
    for version in ("1.0.3", "2.0.0", "BAD"):
        answer = await tool.speaking(version).get("/statements", params={"foo": "bar"})
        assert len(answer.headers.get_list("x-experience-api-consistent-through")) == 1


@pytest.mark.parametrize("name", ["foo", "ActivityId", "activityid", "stateID"])
async def test_communication_3_2_unknown_and_differently_cased_parameters_are_refused(
    either: Tool, name: str
) -> None:
    answer = await either.get(STATE, params={**keys(), name: ACTIVITY})
    assert answer.status_code == 400
    assert answer.json()["path"] == name


async def test_communication_3_2_a_parameter_that_comes_twice_is_refused(either: Tool) -> None:
    query = urlencode([*keys().items(), ("activityId", "http://example.com/other")])
    assert (await either.get(f"{STATE}?{query}")).status_code == 400
    assert (await either.get(f"/activities?activityId={ACTIVITY}%00")).status_code == 400
    assert (await either.get("/activities?activityId=%ff")).status_code == 400


async def test_communication_3_2_errors_come_as_text_or_html_to_whoever_asks(tool: Tool) -> None:
    for accepted, kind in (
        ("text/plain", "text/plain"),
        ("text/html, text/plain;q=0.5", "text/html"),
        ("application/json", "application/problem+json"),
        ("application/json, text/plain, */*", "application/problem+json"),
        ("image/png", "application/problem+json"),
    ):
        answer = await tool.get("/activities?<b>=1", headers={"Accept": accepted, "Accept-Language": "zh-CN"})
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith(kind)
        assert "Communication 3.2" in answer.text
        assert "不是此资源的参数" in answer.text
        assert kind != "text/html" or "<b>" not in answer.text


async def test_communication_1_1_head_is_get_without_a_body(either: Tool) -> None:
    for path, parameters in (("/activities", {"activityId": ACTIVITY}), ("/agents", {"agent": AGENT})):
        whole, head = (
            await either.get(path, params=parameters),
            await either.call("HEAD", path, params=parameters),
        )
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(whole.content))
        assert (await either.call("HEAD", path)).status_code == 400
    assert (await either.client.head("/xapi/about")).status_code == 200


async def test_bodies_come_and_go_packed_with_gzip(either: Tool) -> None:
    text = json.dumps({"notes": "学" * 5000}).encode()
    query = keys()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    stored = await either.put(STATE, params=query, content=gzip.compress(text), headers=headers)
    assert stored.status_code == 204
    found = await either.get(STATE, params=query, headers={"Accept-Encoding": "gzip"})
    assert found.content == text
    assert "content-encoding" not in found.headers  # its ETag is that of the document as it is
    listed = [
        await either.put(STATE, params=keys(stateId=f"{n}" + "x" * 300), content=b"1") for n in range(9)
    ]
    assert {one.status_code for one in listed} == {204}


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", b"not gzip", 400),
        ("gzip", gzip.compress(b"x" * 999)[:-5], 400),
        ("gzip", b"", 400),
        ("br", b"x", 400),
        ("gzip", gzip.compress(b"\0" * (33_554_432 + 1)), 413),
        ("x-gzip", gzip.compress(b"a") + gzip.compress(b"b"), 204),
        ("identity", b"x", 204),
    ],
    ids=["no-gzip", "cut", "empty", "unknown", "bomb", "members", "identity"],
)
async def test_packed_bodies_are_unpacked_within_bounds(
    tool: Tool, coding: str, body: bytes, status: int
) -> None:
    headers = {"Content-Encoding": coding, "Content-Type": "text/plain"}
    query = keys()
    answer = await tool.put(STATE, params=query, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 204 and coding == "x-gzip":
        assert (await tool.get(STATE, params=query)).content == b"ab"


def form(**fields: Any) -> dict[str, Any]:
    return {
        "content": urlencode(fields),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }


async def alternate(tool: Tool, method: str, *, path: str = STATE, **fields: Any) -> httpx.Response:
    """A request within a form, by somebody who can set no headers at all."""
    fields = {"Authorization": tool.authorization["Authorization"], **fields}
    fields.setdefault("X-Experience-API-Version", tool.version)
    return await tool.client.post(f"/xapi{path}?method={method}", **form(**fields))


async def test_communication_1_3_a_whole_request_within_a_form(tool: Tool) -> None:
    query, content = keys(), '{"名":"值 & = +"}'
    stored = await alternate(tool, "PUT", content=content, **query)
    assert stored.status_code == 204, stored.text
    assert stored.headers["x-experience-api-version"] == "1.0.3"
    found = await alternate(tool, "GET", **query)
    assert (found.status_code, found.text) == (200, content)
    assert found.headers["content-type"] == "application/json"
    assert found.headers["cache-control"] == "no-store"
    more = {"content": '{"b":1}', "Content-Type": "application/json", "Content-Length": "7"}
    assert (await alternate(tool, "POST", **query, **more)).status_code == 204
    assert (await alternate(tool, "GET", **query)).json() == {"名": "值 & = +", "b": 1}
    assert (await alternate(tool, "DELETE", **query, **{"If-Match": '"no"'})).status_code == 412
    assert (await alternate(tool, "DELETE", **query)).status_code == 204
    assert (await alternate(tool, "GET", **query)).status_code == 404


async def test_communication_1_3_fields_of_the_form_count_before_headers(tool: Tool) -> None:
    query = keys()
    arguments = form(**query, content="x", **{"X-Experience-API-Version": "0.8"})
    arguments["headers"] |= {"X-Experience-API-Version": "1.0.3", **tool.authorization}
    assert (await tool.client.post(f"/xapi{STATE}?method=PUT", **arguments)).status_code == 400
    typed = {"content": "x", "Content-Type": "text/css"}
    assert (await alternate(tool, "PUT", **query, **typed)).status_code == 204
    assert (await tool.get(STATE, params=query)).headers["content-type"] == "text/css"


@pytest.mark.parametrize(
    ("method", "fields", "path"),
    [
        ("PUT", {}, "content"),
        ("PATCH", {"content": "x"}, "method"),
        ("GET", {"content": "x"}, "content"),
        ("PUT&stateId=x", {"content": "x"}, "method"),
        ("PUT", {"content": "x", "If-Match": "a\r\nb"}, "If-Match"),
        ("PUT", {"content": "x", "foo": "bar"}, "foo"),
    ],
)
async def test_communication_1_3_what_a_form_may_not_say(
    tool: Tool, method: str, fields: dict[str, str], path: str
) -> None:
    answer = await alternate(tool, method, **keys(), **fields)
    assert answer.status_code == 400, answer.text
    assert answer.json()["path"] == path


async def test_communication_1_3_what_is_no_form_is_refused(tool: Tool) -> None:
    headers = {"X-Experience-API-Version": "1.0.3", **tool.authorization}
    for kind, body in (
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b'{"content": "x"}'),
        ("application/x-www-form-urlencoded", b"content=%ff"),
        ("application/x-www-form-urlencoded", b"content=x&content=y"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 200)),
    ):
        answer = await tool.client.post(
            f"/xapi{STATE}?method=PUT", content=body, headers={**headers, "Content-Type": kind}
        )
        assert answer.status_code == 400
    assert (await tool.put(STATE, params={**keys(), "method": "POST"}, content=b"x")).status_code == 400


async def test_the_alternate_syntax_ended_with_version_1(tool: Tool) -> None:
    query = keys()
    answer = await alternate(tool.speaking("2.0.0"), "PUT", content="x", **query)
    assert (answer.status_code, answer.json()["path"]) == (400, "method")
    arguments = form(**query, content="x")
    arguments["headers"] |= {"X-Experience-API-Version": "2.0.0", **tool.authorization}
    assert (await tool.client.post(f"/xapi{STATE}?method=PUT", **arguments)).status_code == 400
    assert (await tool.get(STATE, params=query)).status_code == 404


async def test_pages_of_any_origin_may_call_and_read_what_they_need(tool: Tool) -> None:
    origin = {"Origin": "https://course.example"}
    asked = {**origin, "Access-Control-Request-Method": "PUT"}
    preflight = await tool.client.options(f"/xapi{STATE}", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://course.example"
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    for header in ("Authorization", "Content-Type", "X-Experience-API-Version", "If-Match", "If-None-Match"):
        assert header in preflight.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in preflight.headers
    found = await tool.get("/activities", params={"activityId": ACTIVITY}, headers=origin)
    assert found.headers["access-control-allow-origin"] == "https://course.example"
    for header in ("ETag", "Last-Modified", "X-Experience-API-Version"):
        assert header in found.headers["access-control-expose-headers"]
    elsewhere = await tool.client.get("/v1/accounts/me", headers=origin)
    assert "access-control-allow-origin" not in elsewhere.headers
