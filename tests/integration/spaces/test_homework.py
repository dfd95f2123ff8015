"""Homework: given, handed in, given back; late is decided once, and every attempt and mark is kept."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import BaseModel

from libs.common.ids import new_id
from services.spaces.homework.events import WorkReturned, WorkSubmitted
from services.spaces.homework.rules import MOST_ATTEMPTS
from tests.integration.spaces.test_lives import erased, merged
from tests.integration.spaces.world import CLASS, World, school_class

EVENTS: dict[str, type[BaseModel]] = {
    "spaces.work.submitted.v1": WorkSubmitted,
    "spaces.work.returned.v1": WorkReturned,
}


def at(hours: float) -> str:
    """A time so many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


@dataclass(frozen=True)
class Lesson:
    """A class with a teacher, two students and the guardian of the first."""

    world: World
    id: UUID
    teacher: UUID
    student: UUID
    classmate: UUID
    guardian: UUID

    async def give(self, points: str | None = "10", **assignment: Any) -> str:
        post = await self.world.posted(
            self.teacher,
            self.id,
            kind="homework",
            title="第三课 练习",
            assignment={"points": points, **assignment},
        )
        found: str = post["id"]
        return found

    async def put(self, who: UUID, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self.world.http.put(path, json=body, headers=self.world.token(who))

    async def hand_in(self, post: str, text: str = "x = 3", who: UUID | None = None) -> httpx.Response:
        return await self.put(who or self.student, f"/v1/posts/{post}/submission", {"text": text})

    async def give_back(
        self, post: str, attempt: str, mark: str | None, comment: str | None = None, **more: UUID
    ) -> httpx.Response:
        student, who = more.get("student", self.student), more.get("who", self.teacher)
        body = {"attempt": attempt, "mark": mark, "comment": comment}
        return await self.put(who, f"/v1/posts/{post}/submissions/{student}/return", body)

    async def told(self, post: str) -> list[tuple[str, dict[str, Any]]]:
        rows = await self.world.pool.fetch(
            "select type, data from outbox where type like 'spaces.work.%' and data ->> 'post' = $1"
            " order by position",
            post,
        )
        found = [(row["type"], json.loads(row["data"])) for row in rows]
        for kind, data in found:
            EVENTS[kind].model_validate(data)
        return found


@pytest.fixture
async def lesson(world: World) -> Lesson:
    guardian = new_id()
    teacher = await world.someone(("teacher", world.school), name="芳 李")
    student = await world.someone(("student", world.school), guardians=[guardian], consent="missing")
    classmate = await world.someone(("student", world.school))
    await world.someone(("guardian", world.school), ident=guardian)
    members = (("teacher", teacher), ("student", student), ("student", classmate))
    return Lesson(world, await world.a_class(*members), teacher, student, classmate, guardian)


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_work_is_handed_in_and_returned_with_a_mark(lesson: Lesson) -> None:
    due = datetime(2030, 1, 2, 8, tzinfo=UTC)
    post = await lesson.give(due_at="2030-01-02T16:00:00+08:00")
    shown = (await lesson.world.get(lesson.student, f"/v1/posts/{post}")).json()
    assert datetime.fromisoformat(shown["assignment"].pop("due_at")) == due
    assert shown["assignment"] == {"closes_at": None, "points": "10.00"}
    before = (await lesson.world.get(lesson.student, f"/v1/posts/{post}/submission")).json()
    assert (before["state"], before["attempts"]) == ("new", [])
    handed = (await lesson.hand_in(post)).json()
    (attempt,) = handed["attempts"]
    assert (handed["state"], attempt["number"], attempt["late"]) == ("submitted", 1, False)
    answer = await lesson.give_back(post, attempt["id"], "8.5", "第二步很好。")
    assert answer.status_code == 200, answer.text
    for who in (lesson.student, lesson.guardian, lesson.teacher):
        work = await lesson.world.get(who, f"/v1/posts/{post}/submissions/{lesson.student}")
        assert work.json() == answer.json()
    (returned,) = answer.json()["attempts"][0]["returns"]
    assert answer.json()["state"] == "returned"
    assert (returned["mark"], returned["comment"]) == ("8.50", "第二步很好。")
    assert returned["teacher"] == {"id": str(lesson.teacher), "name": "李芳"}
    (submitted, given_back) = await lesson.told(post)
    assert submitted[0] == "spaces.work.submitted.v1"
    assert submitted[1]["student"] == given_back[1]["student"] == str(lesson.student)
    assert submitted[1]["submission"] == given_back[1]["submission"]
    assert (given_back[1]["mark"], given_back[1]["points"]) == ("8.50", "10.00")
    assert given_back[1]["teacher"] == str(lesson.teacher)
    assert submitted[1]["space"] == given_back[1]["space"]
    assert submitted[1]["space"]["organisation"] == str(lesson.world.school)
    assert "第二步" not in json.dumps([submitted, given_back], ensure_ascii=False)


async def test_every_attempt_is_kept_and_the_same_again_is_none(lesson: Lesson) -> None:
    post = await lesson.give()
    first = (await lesson.hand_in(post, "one")).json()
    assert (await lesson.hand_in(post, "one")).json() == first
    second = (await lesson.hand_in(post, "two")).json()
    assert [one["text"] for one in second["attempts"]] == ["one", "two"]
    assert await lesson.give_back(post, second["attempts"][1]["id"], "5")
    third = (await lesson.hand_in(post, "three")).json()
    assert (third["state"], len(third["attempts"])) == ("resubmitted", 3)
    stale = await lesson.give_back(post, second["attempts"][1]["id"], "6")
    assert kind_of(stale) == (409, "newer-attempt")
    newest = third["attempts"][2]["id"]
    for mark in ("9", "9", "9.5"):
        done = (await lesson.give_back(post, newest, mark)).json()
    assert [one["mark"] for one in done["attempts"][2]["returns"]] == ["9.00", "9.50"]
    assert [kind.split(".")[2] for kind, _ in await lesson.told(post)] == [
        *("submitted", "submitted", "returned", "submitted", "returned", "returned")
    ]
    assert [data["attempt"] for _, data in await lesson.told(post)] == [1, 2, 2, 3, 3, 3]


async def test_eight_equal_works_at_once_are_one_attempt(lesson: Lesson) -> None:
    post = await lesson.give()
    answers = await asyncio.gather(*(lesson.hand_in(post, "same") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert all(len(answer.json()["attempts"]) == 1 for answer in answers)
    assert len(await lesson.told(post)) == 1


async def test_late_is_decided_once_by_the_clock_of_the_server(lesson: Lesson) -> None:
    post = await lesson.give(due_at=at(-1), closes_at=at(1))
    (attempt,) = (await lesson.hand_in(post, "late")).json()["attempts"]
    assert attempt["late"] is True
    dates = f"/v1/posts/{post}/dates"
    moved = await lesson.put(lesson.teacher, dates, {"due_at": at(1)})
    assert moved.json()["assignment"]["closes_at"] is None
    work = (await lesson.hand_in(post, "in time")).json()
    assert [one["late"] for one in work["attempts"]] == [True, False]
    await lesson.put(lesson.teacher, dates, {"due_at": at(-2), "closes_at": at(-1)})
    assert kind_of(await lesson.hand_in(post, "too late")) == (409, "submissions-closed")
    assert kind_of(await lesson.hand_in(post, who=lesson.classmate)) == (409, "submissions-closed")
    assert (await lesson.hand_in(post, "in time")).status_code == 200
    work = (await lesson.world.get(lesson.student, f"/v1/posts/{post}/submission")).json()
    assert [one["late"] for one in work["attempts"]] == [True, False]
    rows = await lesson.world.pool.fetch(
        "select before from post_audit where post = $1 and action = 'changed' order by id", UUID(post)
    )
    assert [set(json.loads(row["before"])) for row in rows] == [{"due_at", "closes_at"}] * 2
    assert kind_of(await lesson.put(lesson.student, dates, {})) == (403, "not-the-author")
    announcement = await lesson.world.posted(lesson.teacher, lesson.id)
    answer = await lesson.put(lesson.teacher, f"/v1/posts/{announcement['id']}/dates", {})
    assert kind_of(answer) == (404, "assignment-not-found")


async def test_each_sees_what_is_theirs(lesson: Lesson) -> None:
    world, post = lesson.world, await lesson.give()
    attempt = (await lesson.hand_in(post)).json()["attempts"][0]["id"]
    stranger = await world.someone(("teacher", world.school))
    work = f"/v1/posts/{post}/submissions/{lesson.student}"
    for who, outcome in (
        (lesson.classmate, (404, "work-not-found")),
        (stranger, (404, "post-not-found")),
    ):
        assert kind_of(await world.get(who, work)) == outcome
    # A guardian sees the own child's work only, and the list with everybody's name never.
    assert kind_of(
        await world.get(lesson.guardian, work.replace(str(lesson.student), str(lesson.classmate)))
    ) == (*(404, "work-not-found"),)
    for who in (lesson.student, lesson.guardian):
        assert kind_of(await world.get(who, f"/v1/posts/{post}/submissions")) == (403, "teachers-only")
        assert kind_of(await lesson.give_back(post, attempt, "1", who=who)) == (403, "teachers-only")
    for who in (lesson.teacher, lesson.guardian):
        assert kind_of(await lesson.hand_in(post, who=who)) == (403, "students-only")
        assert kind_of(await world.get(who, f"/v1/posts/{post}/submission")) == (403, "students-only")
    assert kind_of(await lesson.hand_in(post, who=stranger)) == (404, "post-not-found")
    assert kind_of(await lesson.hand_in(str(uuid4()))) == (404, "post-not-found")
    nothing = await lesson.give_back(post, attempt, "1", student=lesson.classmate)
    assert kind_of(nothing) == (404, "work-not-found")
    others = await world.someone(("student", world.school), guardians=[stranger])
    assert kind_of(await world.get(stranger, f"/v1/people/{lesson.student}/homework")) == (
        404,
        "person-not-found",
    )
    assert await world.items(stranger, f"/v1/people/{others}/homework") == []


async def test_a_teacher_sees_how_far_everybody_is_and_a_student_what_is_to_do(lesson: Lesson) -> None:
    world = lesson.world
    first, second = await lesson.give(), await lesson.give(None)
    attempt = (await lesson.hand_in(first)).json()["attempts"][0]["id"]
    await lesson.give_back(first, attempt, "7.25")
    rows = await world.items(lesson.teacher, f"/v1/posts/{first}/submissions")
    states = {one["student"]["id"]: (one["state"], one["attempts"], one["mark"]) for one in rows}
    assert states == {
        str(lesson.student): ("returned", 1, "7.25"),
        str(lesson.classmate): ("new", 0, None),
    }
    page = (await world.get(lesson.teacher, f"/v1/posts/{first}/submissions?limit=1")).json()
    rest = (await world.get(lesson.teacher, f"/v1/posts/{first}/submissions?cursor={page['next']}")).json()
    assert [*page["items"], *rest["items"]] == rows
    mine = await world.items(lesson.student, "/v1/me/homework")
    assert [(one["post"]["id"], one["state"]) for one in mine] == [(second, "new"), (first, "returned")]
    assert mine[1]["assignment"]["points"] == "10.00"
    assert await world.items(lesson.guardian, f"/v1/people/{lesson.student}/homework") == mine
    page = (await world.get(lesson.student, "/v1/me/homework?limit=1")).json()
    rest = (await world.get(lesson.student, f"/v1/me/homework?cursor={page['next']}")).json()
    assert [*page["items"], *rest["items"]] == mine
    # Who left the class is still listed with what was handed in.
    left = school_class("7A", world.school, [("teacher", lesson.teacher)], ident=lesson.id, version=2)
    await world.tell(CLASS, left)
    rows = await world.items(lesson.teacher, f"/v1/posts/{first}/submissions")
    assert [one["student"]["id"] for one in rows] == [str(lesson.student)]


@pytest.mark.parametrize(
    ("mark", "points"), [("10.01", "10"), ("11", "10"), ("99999.99", "10"), ("1", None), ("0", None)]
)
async def test_a_mark_is_within_the_points(lesson: Lesson, mark: str, points: str | None) -> None:
    post = await lesson.give(points)
    attempt = (await lesson.hand_in(post)).json()["attempts"][0]["id"]
    assert kind_of(await lesson.give_back(post, attempt, mark)) == (422, "mark-out-of-range")
    assert (await lesson.give_back(post, attempt, None, "看过了。")).status_code == 200
    (_, (_, data)) = await lesson.told(post)
    assert (data["mark"], data["points"]) == (None, None)


async def test_bad_bodies_are_refused(lesson: Lesson) -> None:
    post = await lesson.give()
    own, back = f"/v1/posts/{post}/submission", f"/v1/posts/{post}/submissions/{lesson.student}/return"
    links = [{"url": "javascript:alert(1)"}]
    refused: list[dict[str, Any]] = [{}, {"text": None}, {"text": " "}, {"links": []}, {"links": links}]
    for body in (*refused, {"text": "a", "x": 1}):
        assert kind_of(await lesson.put(lesson.student, own, body)) == (422, "invalid-request"), body
    attempt = (await lesson.hand_in(post)).json()["attempts"][0]["id"]
    for wrong in ({"mark": "-1"}, {"mark": 8.5}, {"mark": "1e1"}, {"comment": ""}, {"attempt": "x"}):
        body = {"attempt": attempt, **wrong}
        assert kind_of(await lesson.put(lesson.teacher, back, body)) == (422, "invalid-request"), wrong
    link = {"url": "https://example.org/work.pdf", "title": None}
    work = (await lesson.put(lesson.student, own, {"links": [link]})).json()
    assert (work["attempts"][1]["text"], work["attempts"][1]["links"]) == (None, [link])


async def test_homework_is_given_to_classes_only(lesson: Lesson) -> None:
    world = lesson.world
    head = await world.someone(("administrator", world.school))
    answer = await world.post(head, world.school, kind="homework")
    assert kind_of(answer) == (409, "homework-outside-class")
    assert kind_of(await world.post(lesson.student, lesson.id, kind="homework")) == (403, "may-not-post")
    plain = await world.posted(lesson.teacher, lesson.id, kind="homework")
    assert plain["assignment"] == {"due_at": None, "closes_at": None, "points": None}
    announcement = await world.posted(lesson.teacher, lesson.id)
    assert announcement["assignment"] is None
    assert kind_of(await lesson.hand_in(announcement["id"])) == (404, "assignment-not-found")
    listing = await world.get(lesson.teacher, f"/v1/posts/{announcement['id']}/submissions")
    assert kind_of(listing) == (404, "assignment-not-found")


async def test_a_closed_class_and_removed_homework_take_nothing(lesson: Lesson) -> None:
    world, post = lesson.world, await lesson.give()
    attempt = (await lesson.hand_in(post)).json()["attempts"][0]["id"]
    gone = await lesson.give()
    await world.http.delete(f"/v1/posts/{gone}", headers=world.token(lesson.teacher))
    assert kind_of(await lesson.hand_in(gone)) == (404, "post-not-found")
    closed = school_class("7A", world.school, (), ident=lesson.id, version=2, status="closed")
    await world.tell(CLASS, closed)
    assert kind_of(await lesson.hand_in(post, "more")) == (409, "space-closed")
    assert kind_of(await lesson.give_back(post, attempt, "1")) == (409, "space-closed")
    assert (await world.get(lesson.student, f"/v1/posts/{post}/submission")).status_code == 200


async def test_attempts_have_an_end(lesson: Lesson) -> None:
    post = await lesson.give()
    await lesson.hand_in(post)
    await lesson.world.pool.execute(
        "insert into submission_attempt (id, submission, links, handed_in_at, is_late, content_hash)"
        " select uuid7(), id, '[]', now(), false, sha256(n::text::bytea)"
        " from submission cross join generate_series(2, $2) n where post = $1",
        UUID(post),
        MOST_ATTEMPTS,
    )
    assert kind_of(await lesson.hand_in(post, "one more")) == (409, "too-many-attempts")


async def test_work_goes_with_a_merge_and_with_an_erasure(lesson: Lesson) -> None:
    world, both, only = lesson.world, await lesson.give(), await lesson.give()
    await lesson.hand_in(both, "by the survivor", lesson.classmate)
    attempt = (await lesson.hand_in(both, "by the other")).json()["attempts"][0]["id"]
    await lesson.give_back(both, attempt, "4")
    await lesson.hand_in(only, "by the other too")
    teacher = await world.someone(("teacher", world.school))
    await world.apply([merged(lesson.student, lesson.classmate), merged(lesson.teacher, teacher)])
    for who in (lesson.student, lesson.classmate):
        work = (await world.get(who, f"/v1/posts/{both}/submission")).json()
        assert [one["text"] for one in work["attempts"]] == ["by the survivor", "by the other"]
        assert work["state"] == "returned"
        assert work["attempts"][1]["returns"][0]["teacher"]["id"] == str(teacher)
    of_other = (await world.get(teacher, f"/v1/posts/{only}/submissions/{lesson.student}")).json()
    assert of_other["student"]["id"] == str(lesson.classmate)
    again = await lesson.give_back(both, attempt, "5", student=lesson.student, who=teacher)
    assert again.status_code == 200
    await world.apply([erased(teacher)])
    work = (await world.get(lesson.classmate, f"/v1/posts/{both}/submission")).json()
    assert work["attempts"][1]["returns"][0]["teacher"] == {"id": str(teacher), "name": None}
    await world.apply([erased(lesson.classmate)])
    count = "select count(*) from submission where post = $1"
    assert await world.pool.fetchval(count, UUID(both)) == 0
    left = (
        "select count(*) from submission_attempt a"
        " where not exists (select from submission where id = a.submission)"
    )
    assert await world.pool.fetchval(left) == 0
