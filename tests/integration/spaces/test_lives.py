"""Merged and erased people, in any order of events and while others write; and the consent of guardians."""

import asyncio
import itertools
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.events import Event
from libs.common.ids import new_id
from tests.integration.spaces.world import (
    CLASS,
    CREDITS,
    ERASED,
    MERGED,
    PERSON,
    World,
    credits_moved,
    credits_posted,
    event,
    person,
    school_class,
)

HOLDING = (
    "person where id",
    "person_role where person",
    "guardian_link where child",
    "guardian_link where guardian",
    "membership where person",
    "credit_total where person",
    "space where id",
    "post where author",
    "post_read where person",
    "submission where student",
)


def merged(other: UUID, into: UUID, version: int = 9) -> Event:
    return event(MERGED, {"id": str(other), "into": str(into), "version": version})


def erased(who: UUID, version: int = 10) -> Event:
    return event(ERASED, {"id": str(who), "version": version})


async def nothing_under(world: World, *ids: UUID) -> None:
    for of in HOLDING:
        for one in ids:
            assert not await world.pool.fetchval(f"select count(*) from {of} = $1", one), (of, one)


async def whole(world: World, who: UUID) -> dict[str, Any]:
    answer = await world.get(who, "/v1/portfolio")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return {name: found[name] for name in ("person", "roles", "views", "classes", "posts", "credits")}


async def test_a_merged_teacher_is_the_survivor_everywhere(world: World) -> None:
    other, survivor = new_id(), new_id()
    child = await world.someone(("student", world.school), guardians=[other])
    await world.someone(("teacher", world.school), ident=other, name="Old Record")
    await world.someone(("staff", world.school), ident=survivor, name="Ann Lee")
    first = await world.a_class(("teacher", other), ("student", child))
    both = await world.a_class(("teacher", other), ("teacher", survivor))
    mine = await world.posted(other, first, title="By the other")
    await world.apply([event(CREDITS, credits_posted(world.school, [(other, "1.50"), (survivor, "2.00")]))])
    await world.apply([credits_moved("redeemed", world.school, other, "0.50")])
    await world.apply([merged(other, survivor)])
    await world.apply([credits_moved("redeemed", world.school, other, "0.50")])
    now = person("Ann Lee", [("staff", world.school), ("teacher", world.school)], ident=survivor, version=2)
    await world.tell(PERSON, now)
    await nothing_under(world, other)
    # By the old id and by the new one: the same person, one personal space, all classes, all credits.
    assert await whole(world, other) == await whole(world, survivor)
    found = await whole(world, survivor)
    assert found["person"]["id"] == str(survivor)
    assert {one["id"] for one in found["classes"]} == {str(first), str(both)}
    assert [one["teachers"] for one in found["classes"]] == [
        [{"id": str(survivor), "name": "Ann Lee", "primary": True}]
    ] * 2
    assert found["credits"]["totals"] == [
        {"scheme": "school", "amount": "3.50", "redeemed": "1.00", "entries": 2}
    ]
    assert found["posts"][0]["author"] == {"id": str(survivor), "name": "Ann Lee", "former": False}
    for path in ("/v1/me/spaces", "/v1/feed", f"/v1/spaces/{first}/members", f"/v1/posts/{mine['id']}"):
        assert (await world.get(other, path)).json() == (await world.get(survivor, path)).json(), path
    spaces = await world.items(other, "/v1/me/spaces")
    assert [one["id"] for one in spaces if one["kind"] == "personal"] == [str(survivor)]
    assert (await world.get(other, f"/v1/spaces/{other}")).json()["id"] == str(survivor)
    # The child's guardian is the survivor, who is led there by the child's id as before.
    for guardian in (other, survivor):
        assert (await world.get(guardian, f"/v1/people/{child}/portfolio")).status_code == 200
    # What the other wrote is the survivor's to change; what an old token writes is the survivor's.
    headers = world.token(survivor)
    changed = await world.http.patch(f"/v1/posts/{mine['id']}", json={"title": "New"}, headers=headers)
    assert (changed.status_code, changed.json()["title"]) == (200, "New")
    late = await world.posted(other, first, title="By an old token")
    assert late["author"] == {"id": str(survivor), "name": "Ann Lee", "former": False}
    assert (await world.http.delete(f"/v1/posts/{late['id']}", headers=world.token(other))).status_code == 204
    await nothing_under(world, other)


async def test_a_merged_child_is_found_by_its_guardian_under_either_id(world: World) -> None:
    guardian = await world.someone(("guardian", world.school), name="Gus Guardian")
    other, survivor = new_id(), new_id()
    for one in (other, survivor):
        await world.someone(("student", world.school), guardians=[guardian], ident=one)
    old = await world.a_class(("student", other))
    closed = school_class("Old", world.school, ident=old, version=2, status="closed")
    await world.tell(CLASS, closed)
    await world.apply([merged(other, survivor)])
    answers = [await world.get(guardian, f"/v1/people/{one}/portfolio") for one in (other, survivor)]
    assert [answer.json()["person"]["id"] for answer in answers] == [str(survivor)] * 2
    # A closed class is never told of again: its members are led over here.
    for one in (other, survivor):
        assert (await world.get(one, f"/v1/spaces/{old}")).json()["roles"] == ["student"]
    stranger = await world.someone(("guardian", world.school))
    assert (await world.get(stranger, f"/v1/people/{other}/portfolio")).status_code == 404


def history(world: World) -> tuple[list[Event], UUID, UUID, UUID, UUID]:
    """One person's three records, merged one into the next; a child and a class that named the first."""
    first, second, last, child, group = (new_id() for _ in range(5))
    told = [
        event(PERSON, person("One", [("teacher", world.school)], ident=first)),
        event(CLASS, school_class("A", world.school, [("teacher", first), ("student", child)], ident=group)),
        event(PERSON, person("Child", [("student", world.school)], [first], ident=child)),
        merged(first, second, 2),
        event(PERSON, person("Last", [("teacher", world.school)], ident=last, version=2)),
        merged(second, last, 2),
        event(CREDITS, credits_posted(world.school, [(first, "1.00"), (second, "0.50")])),
    ]
    return told, first, second, last, group


@pytest.mark.parametrize("order", list(itertools.permutations(range(7)))[::97])
async def test_any_order_and_repetition_end_alike(world: World, order: tuple[int, ...]) -> None:
    told, first, second, last, group = history(world)
    for n in order:
        await world.apply([told[n]])
    snapshots = [one for one in told if one.type != CREDITS]
    await world.apply(snapshots)
    for one in reversed(snapshots):
        await world.apply([one])
    found = await whole(world, last)
    assert found == await whole(world, first) == await whole(world, second)
    (card,) = found["classes"]
    assert (card["id"], card["teachers"]) == (
        str(group),
        [{"id": str(last), "name": "Last", "primary": True}],
    )
    assert found["credits"]["totals"] == [
        {"scheme": "school", "amount": "1.50", "redeemed": "0.00", "entries": 2}
    ]
    assert found["views"] == ["guardian", "teacher"]
    await nothing_under(world, first, second)


@pytest.mark.parametrize("order", list(itertools.permutations(range(8)))[::997])
async def test_nothing_comes_back_of_the_erased_in_any_order(world: World, order: tuple[int, ...]) -> None:
    told, first, second, last, group = history(world)
    told.append(erased(last, 3))
    for n in order:
        await world.apply([told[n]])
    await world.apply([erased(first, 3), erased(second, 3)])
    await world.apply(told)
    await nothing_under(world, first, second, last)
    for one in (first, second, last):
        assert (await world.get(one, "/v1/portfolio")).status_code == 404
        assert (await world.get(one, "/v1/feed")).status_code == 404
        assert (await world.get(one, "/v1/me/spaces")).status_code == 404
        assert (await world.post(one, group)).status_code == 404
    assert await world.pool.fetchval("select teachers::text from school_class where id = $1", group) == "[]"


async def test_class_posts_of_the_erased_stay_by_a_former_member(world: World) -> None:
    teacher, child = await world.someone(("teacher", world.school)), await world.someone()
    group = await world.a_class(("teacher", teacher), ("student", child))
    post = await world.posted(teacher, group, title="稳定")
    await world.apply([event(CREDITS, credits_posted(world.school, [(teacher, "1.50")])), erased(teacher)])
    author = {"id": str(teacher), "name": None, "former": True}
    for path in (f"/v1/spaces/{group}/posts", "/v1/feed"):
        (shown,) = await world.items(child, path)
        assert (shown["id"], shown["author"]) == (post["id"], author)
    assert (await world.get(child, f"/v1/posts/{post['id']}")).json()["author"] == author
    assert (await whole(world, child))["posts"][0]["author"] == author
    assert (await world.get(teacher, f"/v1/posts/{post['id']}")).status_code == 404
    assert not await world.pool.fetchval("select count(*) from person where id = $1", teacher)
    members = await world.items(child, f"/v1/spaces/{group}/members")
    assert [one["person"] for one in members] == [str(child)]


async def test_a_merge_while_credits_and_posts_come_leaves_nothing_behind(world: World) -> None:
    other, survivor = new_id(), new_id()
    for one in (other, survivor):
        await world.someone(("teacher", world.school), ident=one)
    group = await world.a_class(("teacher", other), ("teacher", survivor))

    async def credit(n: int) -> None:
        await asyncio.sleep(0.003 * (n % 10))
        told = credits_posted(world.school, [((other, survivor)[n % 2], "1.00")])
        await world.apply([event(CREDITS, told)])

    async def publish(n: int) -> int:
        await asyncio.sleep(0.003 * (n % 10))
        return (await world.post((other, survivor)[n % 2], group)).status_code

    async def merge() -> list[int]:
        await asyncio.sleep(0.01)
        await world.apply([merged(other, survivor)])
        return []

    posts = [publish(n) for n in range(40)]
    done = await asyncio.gather(*posts, *(credit(n) for n in range(40)), merge())
    assert done[:40] == [201] * 40
    await nothing_under(world, other)
    assert (await whole(world, survivor))["credits"]["totals"][0]["amount"] == "40.00"
    assert len(await world.items(survivor, f"/v1/spaces/{group}/posts?limit=200")) == 40


async def test_a_writer_waits_for_the_merge_and_writes_for_the_survivor(world: World) -> None:
    """The narrow case: rights were looked at before the merge, the row is written after it."""
    other, survivor = new_id(), new_id()
    for one in (other, survivor):
        await world.someone(("teacher", world.school), ident=one)
    group = await world.a_class(("teacher", other), ("teacher", survivor))
    connection = await world.app.state.database.connect()
    merging = connection.transaction()
    await merging.start()
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('lives', 0))")
    posting = asyncio.create_task(world.post(other, group))
    crediting = asyncio.create_task(
        world.apply([event(CREDITS, credits_posted(world.school, [(other, "1.00")]))])
    )
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    async with asyncio.timeout(10):
        while await connection.fetchval(waiting) < 2:
            await asyncio.sleep(0.01)
    await connection.execute("insert into retired_person (id, survivor) values ($1, $2)", other, survivor)
    await merging.commit()
    await connection.close()
    assert (await posting).status_code == 201
    await crediting
    assert await world.pool.fetchval("select author from post where space = $1", group) == survivor
    assert await world.pool.fetchval("select amount from credit_total where person = $1", survivor) == 100


async def test_one_key_used_under_both_ids_stays_two_posts(world: World) -> None:
    other, survivor = new_id(), new_id()
    for one in (other, survivor):
        await world.someone(("teacher", world.school), ident=one)
    group = await world.a_class(("teacher", other), ("teacher", survivor))
    key = str(uuid4())
    by_other = await world.post(other, group, key=key)
    by_survivor = await world.post(survivor, group, key=key)
    await world.apply([merged(other, survivor)])
    assert len(await world.items(survivor, f"/v1/spaces/{group}/posts")) == 2
    again = await world.post(survivor, group, key=key)
    assert (again.status_code, again.json()["id"]) == (201, by_survivor.json()["id"])
    assert by_other.json()["id"] != by_survivor.json()["id"]


async def test_what_a_personal_space_holds_goes_with_its_person(world: World) -> None:
    """Nobody posts there yet; should somebody, nothing is lost by a merge nor left by an erasure."""
    other, survivor, writer = new_id(), new_id(), new_id()
    await world.someone(("student", world.school), ident=other)
    await world.pool.execute(
        "insert into post (id, space, author, kind, title, text, links, status, recorded_at, client_key,"
        " content_hash) values ($1, $2, $3, 'announcement', 't', 't', '[]', 'published', now(),"
        " uuid_send($1), sha256('x'))",
        new_id(),
        other,
        writer,
    )
    await world.apply([merged(other, survivor)])
    assert await world.pool.fetchval("select space from post where author = $1", writer) == survivor
    await world.apply([erased(survivor)])
    assert not await world.pool.fetchval("select count(*) from post where author = $1", writer)
    await nothing_under(world, other, survivor)


async def test_an_old_token_of_an_overseer_still_counts(world: World) -> None:
    other, survivor = new_id(), new_id()
    await world.someone(("administrator", world.school), ident=other)
    await world.apply([merged(other, survivor)])
    await world.someone(("administrator", world.school), ident=survivor, version=2)
    path = f"/v1/coverage?organisation={world.school}"
    assert (await world.get(other, path)).status_code == 200
    assert (await world.get(new_id(), path)).status_code == 404


async def test_consent_is_shown_as_auth_last_told_it(world: World) -> None:
    child = new_id()
    await world.someone(("student", world.school), ident=child)
    assert (await whole(world, child))["person"]["consent"] == "not-needed"
    for version, consent in ((2, "missing"), (4, "withdrawn"), (3, "given")):
        await world.someone(("student", world.school), ident=child, version=version, consent=consent)
    found = await whole(world, child)
    assert found["person"]["consent"] == "withdrawn"
    assert found["roles"], "roster facts stay"
