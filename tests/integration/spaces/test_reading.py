"""Saying that one has read something, what is unread, and who may know of it."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.ids import new_id
from services.spaces.reading.events import PostRead
from services.spaces.reading.rules import MOST_AT_ONCE
from tests.integration.spaces.test_lives import erased, merged
from tests.integration.spaces.world import PERSON, World, person

READ = "spaces.post.read.v1"


async def told(world: World, *posts: str) -> list[dict[str, Any]]:
    rows = await world.pool.fetch(
        "select data from outbox where type = $1 and subject = any($2) order by position", READ, list(posts)
    )
    return [json.loads(row["data"]) for row in rows]


async def mark(world: World, who: UUID, post: str) -> int:
    answer = await world.http.put(f"/v1/posts/{post}/read", headers=world.token(who))
    return answer.status_code


async def unread(world: World, who: UUID) -> dict[str, int]:
    found = (await world.get(who, "/v1/me/unread")).json()
    assert found["total"] == sum(one["unread"] for one in found["spaces"])
    return {one["space"]: one["unread"] for one in found["spaces"]}


async def test_the_first_reading_counts_and_is_told_once(world: World) -> None:
    teacher = await world.someone(("teacher", world.school))
    student = await world.someone(("student", world.school))
    place = await world.a_class(("teacher", teacher), ("student", student))
    post = await world.posted(teacher, place)
    path = f"/v1/posts/{post['id']}"
    assert post["read"] is True
    assert (await world.get(student, path)).json()["read"] is False
    assert await unread(world, student) == {str(place): 1}
    assert await unread(world, teacher) == {}
    marks = await asyncio.gather(*(mark(world, student, post["id"]) for _ in range(4)))
    assert set(marks) == {204}
    for answer in (
        (await world.get(student, path)).json(),
        (await world.items(student, "/v1/feed"))[0],
        (await world.items(student, f"/v1/spaces/{place}/posts"))[0],
        (await world.get(student, "/v1/portfolio")).json()["posts"][0],
    ):
        assert answer["read"] is True
    assert await unread(world, student) == {}
    (event,) = await told(world, post["id"])
    event["read_at"] = PostRead.model_validate(event).read_at.isoformat().replace("+00:00", "Z")
    assert event == {
        "id": post["id"],
        "kind": "announcement",
        "title": post["title"],
        "student": str(student),
        "read_at": event["read_at"],
        "space": {
            "id": str(place),
            "kind": "class",
            "title": "7A 数学",
            "organisation": str(world.school),
            "course": None,
            "subjects": ["mathematics"],
            "grades": ["07"],
        },
    }


async def test_many_are_marked_at_once_and_others_posts_answer_like_absent_ones(world: World) -> None:
    teacher = await world.someone(("teacher", world.school))
    student = await world.someone(("student", world.school))
    mine = await world.a_class(("teacher", teacher), ("student", student))
    other = await world.a_class(("teacher", teacher))
    readable = [(await world.posted(teacher, mine))["id"] for _ in range(3)]
    hidden = (await world.posted(teacher, other))["id"]
    removed = (await world.posted(teacher, mine))["id"]
    await world.http.delete(f"/v1/posts/{removed}", headers=world.token(teacher))
    body = {"posts": [*readable, hidden, removed, str(uuid4()), readable[0]]}
    answer = await world.http.post("/v1/me/read", json=body, headers=world.token(student))
    assert (answer.status_code, answer.json()) == (200, {"posts": sorted(readable)})
    assert len(await told(world, *body["posts"])) == 3
    for absent in (hidden, removed, str(uuid4())):
        assert await mark(world, student, absent) == 404
    assert await mark(world, await world.someone(("student", world.other_school)), readable[0]) == 404


@pytest.mark.parametrize("body", [{}, {"posts": []}, {"posts": ["x"]}, {"posts": None}, {"post": []}])
async def test_what_is_no_list_of_posts_is_refused(world: World, body: dict[str, Any]) -> None:
    student = await world.someone(("student", world.school))
    answer = await world.http.post("/v1/me/read", json=body, headers=world.token(student))
    assert answer.status_code == 422
    too_many = {"posts": [str(uuid4()) for _ in range(MOST_AT_ONCE + 1)]}
    answer = await world.http.post("/v1/me/read", json=too_many, headers=world.token(student))
    assert answer.status_code == 422
    assert (await world.http.put(f"/v1/posts/{uuid4()}/read")).status_code == 401


async def test_only_reading_of_students_with_consent_is_told(world: World) -> None:
    guardian = new_id()
    teacher = await world.someone(("teacher", world.school))
    child = await world.someone(("student", world.school), guardians=[guardian], consent="missing")
    await world.someone(("guardian", world.school), ident=guardian)
    place = await world.a_class(("teacher", teacher), ("student", child))
    post = await world.posted(teacher, place)
    assert [await mark(world, who, post["id"]) for who in (guardian, child, teacher)] == [204] * 3
    assert await told(world, post["id"]) == []
    # Reading itself is a class duty: the mark is there, and the teacher sees it.
    readers = await world.items(teacher, f"/v1/posts/{post['id']}/readers")
    assert [(one["person"], one["read_at"] is not None) for one in readers] == [(str(child), True)]
    snapshot = person("Ann Lee", [("student", world.school)], ident=child, version=2, consent="given")
    await world.tell(PERSON, snapshot)
    later = await world.posted(teacher, place)
    assert await mark(world, child, later["id"]) == 204
    assert [one["student"] for one in await told(world, later["id"])] == [str(child)]


async def test_who_speaks_in_a_space_sees_who_has_read(world: World) -> None:
    teacher = await world.someone(("teacher", world.school))
    students = sorted([await world.someone(("student", world.school)) for _ in range(3)])
    place = await world.a_class(("teacher", teacher), *(("student", one) for one in students))
    post = await world.posted(teacher, place)
    path = f"/v1/posts/{post['id']}/readers"
    assert await mark(world, students[1], post["id"]) == 204
    first = (await world.get(teacher, f"{path}?limit=2")).json()
    rest = (await world.get(teacher, f"{path}?limit=2&cursor={first['next']}")).json()
    assert [one["person"] for one in [*first["items"], *rest["items"]]] == [str(one) for one in students]
    assert rest["next"] is None
    assert first["items"][1]["name"] == "Ann Lee"
    assert [one["person"] for one in await world.items(teacher, f"{path}?read=true")] == [str(students[1])]
    assert len(await world.items(teacher, f"{path}?read=false")) == 2
    refused = await world.get(students[1], path)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "members-hidden")
    assert (await world.get(await world.someone(("teacher", world.school)), path)).status_code == 404


async def test_what_was_read_goes_with_a_merge_and_with_an_erasure(world: World) -> None:
    teacher = await world.someone(("teacher", world.school))
    other, survivor = await world.someone(("student", world.school)), await world.someone()
    place = await world.a_class(("teacher", teacher), ("student", other), ("student", survivor))
    first, second, third = [(await world.posted(teacher, place))["id"] for _ in range(3)]
    for who, post in ((other, first), (other, second), (survivor, second)):
        assert await mark(world, who, post) == 204
    await world.apply([merged(other, survivor)])
    # By the old id and by the new one.
    assert await unread(world, other) == await unread(world, survivor) == {str(place): 1}
    assert await mark(world, other, third) == 204
    assert await unread(world, survivor) == {}
    count = "select count(*) from post_read where person = any($1::uuid[])"
    assert await world.pool.fetchval(count, [other]) == 0
    assert await world.pool.fetchval(count, [survivor]) == 3
    await world.apply([erased(survivor)])
    assert await world.pool.fetchval(count, [other, survivor]) == 0
    assert await mark(world, survivor, first) == 404
