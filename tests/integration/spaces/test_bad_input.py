"""Input that must be refused, with a clear answer in the caller's language."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.spaces.world import World

ASSIGNMENTS: list[Any] = [
    [],
    {"points": "0"},
    {"points": "10000.01"},
    {"points": "1.234"},
    {"points": 10},
    {"points": "-1"},
    {"points": "１"},
    {"due_at": "2026-12-01"},
    {"due_at": "2026-12-01T08:00:00"},
    {"due_at": "9999-12-31T23:59:59-12:00"},
    {"due_at": "0001-01-01T00:00:00+12:00"},
    {"due_at": "2026-12-02T08:00:00Z", "closes_at": "2026-12-01T08:00:00Z"},
    {"late": True},
]
BAD_ADDRESSES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "ftp://example.org",
    "//example.org",
    "/path",
    "https://",
    "https:///path",
    "https://user@example.org",
    "https://bank.example@evil.example/",
    "https://exa mple.org",
    "https://example.org/\nSet-Cookie: a",
    " https://example.org",
    "https://example.org:99999",
    "https://[::1",
    "http://example.org/" + "a" * 2_000,
    "",
]


@pytest.fixture
async def of_class(world: World) -> tuple[UUID, UUID]:
    teacher = await world.someone(("teacher", world.school))
    return teacher, await world.a_class(("teacher", teacher))


@pytest.mark.parametrize("address", BAD_ADDRESSES)
async def test_links_are_web_addresses(world: World, of_class: tuple[UUID, UUID], address: str) -> None:
    answer = await world.post(*of_class, links=[{"url": address}])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"] == "body.links.0.url"


@pytest.mark.parametrize(
    "content",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "a" * 201},
        {"title": "a\nb"},
        {"title": "a\u0000b"},
        {"title": "a\u202eb"},
        {"title": 1},
        {"title": None},
        {"text": ""},
        {"text": "a" * 20_001},
        {"text": "a\u0007b"},
        {"text": "a\u0000b"},
        {"text": ["a"]},
        {"kind": "poll"},
        {"assignment": {}},
        *({"kind": "homework", "assignment": wrong} for wrong in ASSIGNMENTS),
        {"kind": None},
        {"links": [{"url": "https://example.org"}] * 21},
        {"links": {"url": "https://example.org"}},
        {"links": [{"url": "https://example.org", "title": "a\u0001"}]},
        {"links": [{"url": "https://example.org", "onclick": "x"}]},
        {"links": [{"title": "no address"}]},
        {"author": str(uuid4())},
    ],
)
async def test_posts_have_the_documented_form(
    world: World, of_class: tuple[UUID, UUID], content: dict[str, Any]
) -> None:
    answer = await world.post(*of_class, **content)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await world.pool.fetchval("select count(*) from post where author = $1", of_class[0]) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b'{"kind":"announcement"}',
        b'{"kind":"announcement","title":"a\\ud800","text":"b"}',
        b'{"kind":"announcement","title":"a","text":"\\u0000"}',
        b"[" * 100_000,
    ],
)
async def test_bodies_that_are_no_posts_are_refused(
    world: World, of_class: tuple[UUID, UUID], body: bytes
) -> None:
    teacher, space = of_class
    headers = {**world.token(teacher), "Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await world.http.post(f"/v1/spaces/{space}/posts", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["status"] == answer.status_code


async def test_a_body_too_large_is_refused_unread(world: World, of_class: tuple[UUID, UUID]) -> None:
    answer = await world.post(*of_class, text="a" * 1_100_000)
    assert answer.status_code == 413


@pytest.mark.parametrize("key", [None, "", "a" * 201, "a\tb"])
async def test_every_post_needs_a_key(world: World, of_class: tuple[UUID, UUID], key: str | None) -> None:
    teacher, space = of_class
    headers = world.token(teacher) | ({} if key is None else {"Idempotency-Key": key})
    body = {"kind": "announcement", "title": "a", "text": "b"}
    answer = await world.http.post(f"/v1/spaces/{space}/posts", json=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"] == "header.Idempotency-Key"


@pytest.mark.parametrize(
    "patch", [{}, {"title": None}, {"links": None}, {"kind": "announcement"}, {"title": ""}]
)
async def test_a_change_names_what_it_changes(
    world: World, of_class: tuple[UUID, UUID], patch: dict[str, Any]
) -> None:
    post = await world.posted(*of_class)
    answer = await world.http.patch(f"/v1/posts/{post['id']}", json=patch, headers=world.token(of_class[0]))
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "path", ["/v1/spaces/{}", "/v1/spaces/{}/posts", "/v1/spaces/{}/members", "/v1/posts/{}"]
)
async def test_ids_are_checked_and_foreign_ones_answer_like_absent_ones(
    world: World, of_class: tuple[UUID, UUID], path: str
) -> None:
    teacher, space = of_class
    outsider = await world.someone(("teacher", world.other_school))
    post = await world.posted(teacher, space)
    foreign = await world.get(outsider, path.format(post["id"] if "posts/{" in path else space))
    absent = await world.get(outsider, path.format(uuid4()))
    same = ("type", "title", "status")
    assert foreign.status_code == absent.status_code == 404
    assert [foreign.json()[name] for name in same] == [absent.json()[name] for name in same]
    assert (await world.get(outsider, path.format("not-an-id"))).status_code == 422


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "view=king", "view=", "limit=-1"])
async def test_queries_are_checked(world: World, of_class: tuple[UUID, UUID], query: str) -> None:
    assert (await world.get(of_class[0], f"/v1/feed?{query}")).status_code == 422


async def test_problems_speak_the_callers_language(world: World, of_class: tuple[UUID, UUID]) -> None:
    teacher, space = of_class
    outsider = await world.someone()
    path = f"/v1/spaces/{space}"
    for language, title, tag in (
        ("zh-CN,zh;q=0.9", "没有这个空间", "zh-CN"),
        ("en", "No such space", "en"),
        ("de", "No such space", "en"),
    ):
        answer = await world.get(outsider, path, **{"Accept-Language": language})
        assert (answer.json()["title"], answer.headers["content-language"]) == (title, tag)
    answer = await world.get(teacher, "/v1/feed?view=student", **{"Accept-Language": "zh"})
    assert answer.json()["title"] == "您没有该角色"
