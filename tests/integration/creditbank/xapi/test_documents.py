"""Documents of activity state, activities and agents (Communication 2.2 to 2.7, 3.1), at each version."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.common.database import Database
from tests.integration.creditbank.world import District
from tests.integration.creditbank.xapi.conftest import VERSIONS, Issue, Tool

ANYBODY = {"objectType": "Agent", "account": {"homePage": "http://example.com", "name": "rick"}}
KEYS = {
    "/activities/state": ("activityId", "agent", "stateId"),
    "/activities/profile": ("activityId", "profileId"),
    "/agents/profile": ("agent", "profileId"),
}
RESOURCES = sorted(KEYS)
PROFILES = [path for path in RESOURCES if path.endswith("profile")]


@dataclass
class Shelf:
    """The documents of one context of one resource, as one tool sees them."""

    tool: Tool
    path: str
    parameters: dict[str, str]

    @property
    def identifier(self) -> str:
        return KEYS[self.path][-1]

    def at(self, document: str = "notes", **more: str) -> dict[str, str]:
        return {**self.parameters, self.identifier: document, **more}

    async def put(self, content: Any, document: str = "notes", **headers: str) -> httpx.Response:
        return await self._send("PUT", content, document, headers)

    async def post(self, content: Any, document: str = "notes", **headers: str) -> httpx.Response:
        return await self._send("POST", content, document, headers)

    async def _send(
        self, method: str, content: Any, document: str, headers: dict[str, str]
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if not isinstance(content, bytes):
            content, named = json.dumps(content).encode(), {"Content-Type": "application/json", **named}
        return await self.tool.call(
            method, self.path, params=self.at(document), content=content, headers=named
        )

    async def get(self, document: str = "notes", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.tool.get(self.path, params=self.at(document), headers=named)

    async def delete(self, document: str = "notes", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.tool.delete(self.path, params=self.at(document), headers=named)

    async def ids(self, **more: str) -> list[str]:
        answer = await self.tool.get(self.path, params={**self.parameters, **more})
        assert answer.status_code == 200, answer.text
        found: list[str] = answer.json()
        return found


def shelf_of(tool: Tool, path: str) -> Shelf:
    values = {"activityId": f"http://example.com/{uuid4().hex}", "agent": json.dumps(ANYBODY)}
    agent = {"account": {"homePage": "http://example.com", "name": uuid4().hex}}
    if path == "/agents/profile":
        values["agent"] = json.dumps(agent)
    return Shelf(tool, path, {name: values[name] for name in KEYS[path][:-1]})


@pytest.fixture(params=RESOURCES)
def shelf(either: Tool, request: pytest.FixtureRequest) -> Shelf:
    """Each resource at each version."""
    return shelf_of(either, request.param)


@pytest.fixture(params=PROFILES)
def profile(either: Tool, request: pytest.FixtureRequest) -> Shelf:
    return shelf_of(either, request.param)


def tag(content: bytes) -> str:
    return f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"'


async def test_communication_2_2_a_document_comes_back_as_it_was_sent(shelf: Shelf) -> None:
    content = bytes(range(256))
    stored = await shelf.post(content, Content_Type='Application/Odd; a="b"')
    assert (stored.status_code, stored.content) == (204, b"")
    found = await shelf.get()
    assert (found.status_code, found.content) == (200, content)
    assert found.headers["content-type"] == 'Application/Odd; a="b"'
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in found.headers["content-security-policy"]
    modified = parsedate_to_datetime(found.headers["last-modified"])
    assert abs((datetime.now(UTC) - modified).total_seconds()) < 600
    assert (await shelf.delete()).status_code == 204
    assert (await shelf.get()).status_code == 404
    assert (await shelf.delete()).status_code == 204


async def test_communication_2_2_whatever_has_no_type_is_kept_too(shelf: Shelf) -> None:
    assert (await shelf.post(b"\xff")).status_code == 204
    assert (await shelf.get()).headers["content-type"] == "application/octet-stream"


async def test_communication_3_1_the_etag_is_the_quoted_sha1(shelf: Shelf) -> None:
    stored = await shelf.post(b"12345", Content_Type="text/plain")
    found = await shelf.get()
    assert stored.headers["etag"] == found.headers["etag"] == tag(b"12345")
    assert (await shelf.get(If_None_Match=tag(b"12345"))).status_code == 304
    assert (await shelf.get(If_None_Match=tag(b"1"))).status_code == 200


async def test_communication_3_1_if_match_guards_every_way_of_writing(shelf: Shelf) -> None:
    assert (await shelf.put({"n": 0}, If_Match=tag(b"x"))).status_code == 412
    assert (await shelf.put({"n": 0}, If_Match="*")).status_code == 412
    assert (await shelf.delete(If_Match='"x"')).status_code == 412
    await shelf.post({"n": 1})
    for wrong in (tag(b"x"), '"1234"', "nonsense", ""):
        assert (await shelf.put({"n": 2}, If_Match=wrong)).status_code == 412
        assert (await shelf.post({"n": 2}, If_Match=wrong)).status_code == 412
        assert (await shelf.delete(If_Match=wrong)).status_code == 412
    found = await shelf.get()
    assert found.json() == {"n": 1}
    right = found.headers["etag"]
    assert (await shelf.post({"m": 2}, If_Match=f'"a", W/{right}')).status_code == 204
    assert (await shelf.put({"n": 3}, If_Match=right)).status_code == 412  # it has changed since
    assert (await shelf.put({"n": 3}, If_Match="*")).status_code == 204
    bare = (await shelf.get()).headers["etag"].strip('"')  # as an old library of the field sends it
    assert (await shelf.delete(If_Match=bare)).status_code == 204


async def test_communication_3_1_if_none_match_guards_what_nobody_knew_of(shelf: Shelf) -> None:
    assert (await shelf.put({"n": 1}, If_None_Match="*")).status_code == 204
    assert (await shelf.put({"n": 2}, If_None_Match="*")).status_code == 412
    assert (await shelf.post({"n": 2}, If_None_Match="*")).status_code == 412
    assert (await shelf.put({"n": 2}, If_None_Match=tag(b'{"n": 1}'))).status_code == 412
    assert (await shelf.get()).json() == {"n": 1}
    assert (await shelf.put({"n": 2}, If_None_Match='"other"')).status_code == 204


async def test_communication_3_1_a_profile_is_not_overwritten_unseen(profile: Shelf) -> None:
    """1.0.3 demands a header of every PUT; 2.0 only where there is a document."""
    unseen = await profile.put({"n": 1})
    assert unseen.status_code == (400 if profile.tool.version == "1.0.3" else 204)
    await profile.post({"n": 1})
    refused = await profile.put({"n": 2})
    assert refused.status_code == 409
    assert "If-Match" in refused.json()["detail"]
    assert (await profile.get()).json() == {"n": 1}


async def test_communication_3_1_state_is_free_in_1_0_3_and_guarded_in_2_0(either: Tool) -> None:
    state = shelf_of(either, "/activities/state")
    assert (await state.put({"n": 1})).status_code == 204
    again = await state.put({"n": 2})
    assert again.status_code == (204 if either.version == "1.0.3" else 409)
    assert (await state.get()).json() == {"n": 2 if either.version == "1.0.3" else 1}


async def test_communication_2_2_post_merges_the_properties_of_two_objects(shelf: Shelf) -> None:
    await shelf.post(
        b'{"x":"foo","y":{"a":1},"n":1.00000000000000000000001}', Content_Type="application/json"
    )
    posted = await shelf.post(
        '{"x":"bash","y":{"b":2},"名":1e400,"名":1e401}'.encode(),
        Content_Type="application/json; charset=utf-8",
    )
    assert posted.status_code == 204
    found = (await shelf.get()).text
    assert found == '{"x":"bash","y":{"b":2},"n":1.00000000000000000000001,"名":1e401}'


@pytest.mark.parametrize(
    ("there", "sent"),
    [
        ((b"abc", "text/plain"), (b'{"a":1}', "application/json")),
        ((b'{"a":1}', "application/json"), (b"abc", "text/plain")),
        ((b'{"a":1}', "application/json"), (b'{"a":2}', "application/octet-stream")),
        ((b'{"a":1}', "application/json"), (b"[1]", "application/json")),
        ((b'{"a":1}', "application/json"), (b'{"a":2}{', "application/json")),
        ((b"[1]", "application/json"), (b'{"a":2}', "application/json")),
        ((b'{"a":1}', "application/json"), (b'{"a":NaN}', "application/json")),
        ((b'{"a":1}', "application/json"), (b'{"b":"\n"}', "application/json")),
    ],
)
async def test_communication_2_2_what_cannot_be_merged_changes_nothing(
    shelf: Shelf, there: tuple[bytes, str], sent: tuple[bytes, str]
) -> None:
    stored = await shelf.put(there[0], Content_Type=there[1], If_None_Match="*")
    assert stored.status_code == 204
    refused = await shelf.post(sent[0], Content_Type=sent[1])
    assert refused.status_code == 400
    assert refused.json()["path"]
    assert refused.json()["clause"]
    found = await shelf.get()
    assert (found.content, found.headers["content-type"]) == there


async def test_communication_3_2_what_is_not_what_it_says_it_is_is_refused(shelf: Shelf) -> None:
    for bad in (b"", b"{", b"\xff", b"nothing"):
        assert (await shelf.put(bad, Content_Type="application/json", If_Match="*")).status_code == 400
        assert (await shelf.post(bad, Content_Type="application/json")).status_code == 400
    for kind in ("nonsense", "x" * 501 + "/y"):
        assert (await shelf.post(b"x", Content_Type=kind)).status_code == 400


async def test_ids_are_listed_by_context_and_since_a_moment(shelf: Shelf) -> None:
    assert await shelf.ids() == []
    for document in ("a", "b", "学"):
        assert (await shelf.post({"n": 1}, document)).status_code == 204
    assert set(await shelf.ids()) == {"a", "b", "学"}
    listed = await shelf.tool.get(shelf.path, params=shelf.parameters)
    assert "etag" in listed.headers
    assert "last-modified" in listed.headers
    assert await shelf.ids(since="2999-01-01T00:00:00Z") == []
    assert set(await shelf.ids(since="2000-01-01T00:00:00+08:00")) == {"a", "b", "学"}


async def test_since_is_exclusive_and_counts_changes(shelf: Shelf, database: Database) -> None:
    for document in ("old", "changed", "new"):
        await shelf.post({"n": 1}, document)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    organisation = shelf.tool.credential["organisation"]
    query = "update xapi_document set modified_at = $3 where organisation = $1::uuid and id = any($2)"
    await database.pool.execute(query, organisation, ["old", "changed"], moment)
    assert await shelf.ids(since="2026-01-01T00:00:00.000Z") == ["new"]
    assert set(await shelf.ids(since="2025-12-31T23:59:59.999Z")) == {"old", "changed", "new"}
    await shelf.post({"n": 2}, "changed")
    assert set(await shelf.ids(since="2026-01-01T00:00:00Z")) == {"changed", "new"}


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("path", RESOURCES)
async def test_required_parameters_are_required_and_well_formed(tool: Tool, path: str, method: str) -> None:
    wrong = {
        "activityId": ("", "not an iri", "/relative"),
        "agent": (
            "",
            "not JSON",
            "true",
            "[]",
            "{}",
            '{"mbox":"x"}',
            '{"objectType":"Group","mbox":"mailto:a@b.c"}',
        ),
        "registration": ("", "true", "1234"),
        "since": ("", "yesterday", "2026-13-01T00:00:00Z"),
        "stateId": ("",),
        "profileId": ("",),
    }
    whole = shelf_of(tool, path).at()
    names = list(whole)
    if method == "GET" or (method == "DELETE" and "stateId" in whole):
        names = names[:-1]  # without the id all are meant
    for version in VERSIONS:
        speaker = tool.speaking(version)
        for name in names:
            left = {key: value for key, value in whole.items() if key != name}
            answer = await speaker.call(method, path, params=left, content=b"x")
            assert (answer.status_code, answer.json()["path"]) == (400, name)
        extra = ["registration"] if "stateId" in whole else []
        for name in [*whole, *extra, *(["since"] if method == "GET" else [])]:
            listing = {
                key: value
                for key, value in whole.items()
                if name != "since" or key not in ("stateId", "profileId")
            }
            for value in wrong[name]:
                answer = await speaker.call(method, path, params={**listing, name: value}, content=b"x")
                assert answer.status_code == 400, (name, value)
                assert answer.json()["path"].startswith(name)
        if method != "GET":
            answer = await speaker.call(method, path, params={**whole, "since": "2026-01-01T00:00:00Z"})
            assert answer.status_code == 400


async def test_communication_2_3_state_is_kept_apart_by_registration(either: Tool) -> None:
    state = shelf_of(either, "/activities/state")
    one, other = str(uuid4()), str(uuid4())
    for registration in (None, one, other):
        extra = {"registration": registration} if registration else {}
        answer = await either.post("/activities/state", params=state.at(**extra), content=str(registration))
        assert answer.status_code == 204
    for registration in (None, one.upper(), other):
        extra = {"registration": registration} if registration else {}
        found = await either.get("/activities/state", params=state.at(**extra))
        assert found.text == str(registration and registration.lower())
    gone = await either.delete("/activities/state", params={**state.parameters, "registration": one})
    assert gone.status_code == 204
    assert await state.ids(registration=one) == []
    assert await state.ids(registration=other) == await state.ids() == ["notes"]


async def test_communication_2_3_all_state_of_a_context_is_deleted_at_once(either: Tool) -> None:
    state, beside = shelf_of(either, "/activities/state"), shelf_of(either, "/activities/state")
    for document in ("a", "b"):
        await state.post({}, document)
        await beside.post({}, document)
    assert (await either.delete("/activities/state", params=state.parameters)).status_code == 204
    assert await state.ids() == []
    assert set(await beside.ids()) == {"a", "b"}


async def test_an_agent_is_the_same_by_its_identifier_whatever_it_is_called(either: Tool) -> None:
    account = {"account": {"homePage": "http://example.com", "name": uuid4().hex}}
    forms: list[dict[str, Any]] = [account, {**account, "name": "Rick", "objectType": "Agent"}]
    path = "/agents/profile"
    stored = await either.post(path, params={"agent": json.dumps(forms[0]), "profileId": "p"}, content=b"1")
    assert stored.status_code == 204
    for form in forms:
        found = await either.get(path, params={"agent": json.dumps(form), "profileId": "p"})
        assert found.content == b"1"
    other = {"mbox": "mailto:rick@example.com"}
    found = await either.get(path, params={"agent": json.dumps(other), "profileId": "p"})
    assert found.status_code == 404


async def test_names_may_be_as_long_as_an_address(shelf: Shelf) -> None:
    name = "学" * 5000
    assert (await shelf.post(b"x", name)).status_code == 204
    assert (await shelf.get(name)).content == b"x"
    assert (await shelf.ids()) == [name]


async def test_organisations_do_not_see_one_another_s_documents(
    issue: Issue, tool: Tool, district: District, above: Any
) -> None:
    elsewhere = await issue("all", place=district.other_school, by=above)
    for path in RESOURCES:
        here = shelf_of(tool, path)
        there = Shelf(elsewhere, path, here.parameters)
        await here.post({"secret": 1})
        assert (await there.get()).status_code == 404
        assert await there.ids() == []
        assert (await there.delete()).status_code == 204
        assert (await there.post({"other": 1})).status_code == 204
        assert (await here.get()).json() == {"secret": 1}


async def test_scopes_limit_reading_and_writing(issue: Issue) -> None:
    allowed = {
        "state": {("GET", "state"), ("PUT", "state")},
        "profile": {("GET", "profile"), ("PUT", "profile")},
        "all/read": {("GET", "state"), ("GET", "profile")},
        "all": {("GET", "state"), ("PUT", "state"), ("GET", "profile"), ("PUT", "profile")},
        "statements/read": set(),
    }
    for scope, pairs in allowed.items():
        limited = await issue(scope)
        for path in RESOURCES:
            shelf = shelf_of(limited, path)
            for method, answer in (
                ("GET", await shelf.get()),
                ("PUT", await shelf.put({}, If_None_Match="*")),
            ):
                let_in = (method, path.rpartition("/")[2]) in pairs
                assert (answer.status_code != 403) == let_in, (scope, method, path)


async def test_of_many_who_saw_the_same_document_one_writes(shelf: Shelf) -> None:
    await shelf.post({"n": 0})
    seen = (await shelf.get()).headers["etag"]
    answers = await asyncio.gather(*(shelf.put({"n": n}, If_Match=seen) for n in range(1, 13)))
    assert sorted(answer.status_code for answer in answers) == [204] + [412] * 11
    fresh = await asyncio.gather(*(shelf.put({"n": n}, "fresh", If_None_Match="*") for n in range(12)))
    assert sorted(answer.status_code for answer in fresh) == [204] + [412] * 11


async def test_merges_at_the_same_time_lose_nothing(shelf: Shelf) -> None:
    answers = await asyncio.gather(*(shelf.post({f"k{n}": n}) for n in range(24)))
    assert {answer.status_code for answer in answers} == {204}
    assert (await shelf.get()).json() == {f"k{n}": n for n in range(24)}
