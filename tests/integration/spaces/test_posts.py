"""Publishing once, changing, removing, and what is kept of it."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.spaces.world import World


@dataclass(frozen=True)
class Class:
    """A class with a teacher and a student."""

    id: UUID
    teacher: UUID
    student: UUID


@pytest.fixture
async def a_class(world: World) -> Class:
    teacher = await world.someone(("teacher", world.school), name="芳 李")
    student = await world.someone(("student", world.school))
    return Class(await world.a_class(("teacher", teacher), ("student", student)), teacher, student)


async def count(world: World, author: UUID) -> int:
    found: int = await world.pool.fetchval("select count(*) from post where author = $1", author)
    return found


async def audit(world: World, post: str) -> list[tuple[str, Any]]:
    rows = await world.pool.fetch(
        "select action, before from post_audit where post = $1 order by recorded_at, id", UUID(post)
    )
    return [(row["action"], row["before"] and json.loads(row["before"])) for row in rows]


async def told(world: World, post: str) -> list[tuple[str, dict[str, Any]]]:
    rows = await world.pool.fetch("select type, data from outbox where subject = $1 order by position", post)
    return [(row["type"], json.loads(row["data"])) for row in rows]


async def test_a_post_is_answered_as_it_will_be_read(world: World, a_class: Class) -> None:
    link = {"url": "https://example.org/会议?a=1#b", "title": "议程"}
    answer = await world.post(a_class.teacher, a_class.id, links=[link, {"url": "http://example.org"}])
    assert answer.status_code == 201
    post = answer.json()
    assert answer.headers["location"] == f"/v1/posts/{post['id']}"
    assert post["author"] == {"id": str(a_class.teacher), "name": "李芳", "former": False}
    assert post["links"] == [link, {"url": "http://example.org", "title": None}]
    read = (await world.get(a_class.student, answer.headers["location"])).json()
    for document in (post, read):
        document["recorded_at"] = datetime.fromisoformat(document["recorded_at"])
    assert read == {**post, "read": False}  # the author has, the student not yet
    for path in ("/v1/feed", f"/v1/spaces/{a_class.id}/posts"):
        (listed,) = await world.items(a_class.student, path)
        assert listed["text"] == post["text"]
        assert listed.keys() == post.keys()


async def test_the_same_key_and_content_give_the_first_answer(world: World, a_class: Class) -> None:
    key = str(uuid4())
    first = await world.post(a_class.teacher, a_class.id, key=key)
    await world.http.patch(
        f"/v1/posts/{first.json()['id']}", json={"title": "Later"}, headers=world.token(a_class.teacher)
    )
    again = await world.post(a_class.teacher, a_class.id, key=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert await count(world, a_class.teacher) == 1


async def test_the_same_key_with_other_content_is_refused(world: World, a_class: Class) -> None:
    other_class = await world.a_class(("teacher", a_class.teacher))
    await world.post(a_class.teacher, a_class.id, key="k1")
    for space, content in (
        (a_class.id, {"title": "Another"}),
        (a_class.id, {"text": "Another"}),
        (a_class.id, {"links": [{"url": "https://example.org"}]}),
        (other_class, {}),
    ):
        refused = await world.post(a_class.teacher, space, key="k1", **content)
        assert refused.status_code == 409
        assert refused.json()["type"].endswith("/problems/idempotency-conflict")
    assert await count(world, a_class.teacher) == 1


async def test_keys_of_different_people_are_different_keys(world: World, a_class: Class) -> None:
    second = await world.someone(("teacher", world.school))
    await world.a_class(("teacher", a_class.teacher), ("teacher", second), ident=a_class.id, version=2)
    first = await world.post(a_class.teacher, a_class.id, key="k")
    other = await world.post(second, a_class.id, key="k", title="Other")
    assert (first.status_code, other.status_code) == (201, 201)


async def test_eight_equal_posts_at_once_are_one(world: World, a_class: Class) -> None:
    key = str(uuid4())
    answers = await asyncio.gather(*(world.post(a_class.teacher, a_class.id, key=key) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await count(world, a_class.teacher) == 1
    post = answers[0].json()["id"]
    assert [action for action, _ in await audit(world, post)] == ["published"]
    assert [kind for kind, _ in await told(world, post)] == ["spaces.post.published.v1"]


async def test_eight_different_posts_with_one_key_are_one(world: World, a_class: Class) -> None:
    key = str(uuid4())
    answers = await asyncio.gather(
        *(world.post(a_class.teacher, a_class.id, key=key, title=f"Title {n}") for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert await count(world, a_class.teacher) == 1


async def test_changing_keeps_what_was_said_before(world: World, a_class: Class) -> None:
    post = await world.posted(a_class.teacher, a_class.id)
    path, token = f"/v1/posts/{post['id']}", world.token(a_class.teacher)
    changed = await world.http.patch(path, json={"text": "改期到周六。"}, headers=token)
    assert changed.status_code == 200
    assert changed.json()["title"] == post["title"]
    assert changed.json()["text"] == "改期到周六。"
    assert changed.json()["changed_at"] is not None
    assert (await world.http.patch(path, json={"text": "改期到周六。"}, headers=token)).status_code == 200
    before = {"title": post["title"], "text": post["text"], "links": []}
    assert await audit(world, post["id"]) == [("published", None), ("changed", before)]
    kinds = [kind for kind, _ in await told(world, post["id"])]
    assert kinds == ["spaces.post.published.v1", "spaces.post.changed.v1"]


async def test_removing_hides_a_post_everywhere_and_stays_on_record(world: World, a_class: Class) -> None:
    post = await world.posted(a_class.teacher, a_class.id)
    path, token = f"/v1/posts/{post['id']}", world.token(a_class.teacher)
    assert (await world.http.delete(path, headers=token)).status_code == 204
    assert (await world.http.delete(path, headers=token)).status_code == 204
    for who in (a_class.teacher, a_class.student):
        assert (await world.get(who, path)).status_code == 404
        assert await world.items(who, "/v1/feed") == []
        assert await world.items(who, f"/v1/spaces/{a_class.id}/posts") == []
        assert (await world.get(who, "/v1/portfolio")).json()["posts"] == []
    assert (await world.http.delete(path, headers=world.token(a_class.student))).status_code == 404
    assert (await world.http.patch(path, json={"title": "x"}, headers=token)).status_code == 404
    assert [action for action, _ in await audit(world, post["id"])] == ["published", "removed"]
    assert [kind for kind, _ in await told(world, post["id"])][1:] == ["spaces.post.removed.v1"]


async def test_the_audit_cannot_be_rewritten_by_the_service(world: World) -> None:
    for statement in ("update post_audit set action = 'changed'", "delete from post_audit"):
        with pytest.raises(Exception, match="permission denied"):
            await world.pool.execute(statement)


async def test_events_tell_who_where_and_when_but_not_the_text(world: World, a_class: Class) -> None:
    post = await world.posted(a_class.teacher, a_class.id)
    ((kind, data),) = await told(world, post["id"])
    assert kind == "spaces.post.published.v1"
    assert data == {
        "id": post["id"],
        "space": str(a_class.id),
        "space_kind": "class",
        "kind": "announcement",
        "author": str(a_class.teacher),
        "title": post["title"],
        "recorded_at": post["recorded_at"],
    }
