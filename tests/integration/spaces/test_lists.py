"""Lists: pages that stay what they are, whatever arrives in the meantime."""

from typing import Any
from uuid import UUID

import pytest

from tests.integration.spaces.world import World


async def pages(world: World, who: UUID, path: str, limit: int, between: Any = None) -> list[list[str]]:
    """Follow `next` to the end; `between` runs after every page."""
    found: list[list[str]] = []
    cursor: str | None = None
    joint = "&" if "?" in path else "?"
    while True:
        tail = f"&cursor={cursor}" if cursor else ""
        answer = await world.get(who, f"{path}{joint}limit={limit}{tail}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found.append([one.get("id") or one["person"] for one in page["items"]])
        cursor = page["next"]
        if cursor is None:
            assert "link" not in answer.headers
            return found
        assert f"cursor={cursor}" in answer.headers["link"]
        assert 'rel="next"' in answer.headers["link"]
        if between is not None:
            await between()


@pytest.mark.parametrize("of_one_space", [True, False])
async def test_pages_are_stable_while_new_posts_arrive(world: World, of_one_space: bool) -> None:
    teacher = await world.someone(("teacher", world.school))
    student = await world.someone(("student", world.school))
    members = (("teacher", teacher), ("student", student))
    classes = [await world.a_class(*members) for _ in range(1 if of_one_space else 3)]
    posts = [(await world.posted(teacher, classes[n % len(classes)], title=f"{n}"))["id"] for n in range(13)]

    async def something_new() -> None:
        await world.posted(teacher, classes[0], title="new")

    path = f"/v1/spaces/{classes[0]}/posts" if of_one_space else "/v1/feed"
    found = await pages(world, student, path, 4, something_new)
    assert [len(page) for page in found] == [4, 4, 4, 1]
    assert [one for page in found for one in page] == posts[::-1]


async def test_the_last_full_page_says_that_it_is_the_last(world: World) -> None:
    teacher = await world.someone(("teacher", world.school))
    of_class = await world.a_class(("teacher", teacher))
    for _ in range(4):
        await world.posted(teacher, of_class)
    assert [len(page) for page in await pages(world, teacher, "/v1/feed", 2)] == [2, 2]


async def test_members_come_page_by_page(world: World) -> None:
    teacher = await world.someone(("teacher", world.school))
    students = [await world.someone(("student", world.school)) for _ in range(7)]
    of_class = await world.a_class(("teacher", teacher), *(("student", one) for one in students))
    path = f"/v1/spaces/{of_class}/members"
    found = await pages(world, teacher, path, 3)
    assert [one for page in found for one in page] == [*map(str, sorted(students)), str(teacher)]
    assert await pages(world, teacher, f"{path}?role=teacher", 3) == [[str(teacher)]]


async def test_my_spaces_come_page_by_page_own_first_closed_last(world: World) -> None:
    teacher = await world.someone(("teacher", world.school))
    classes = [await world.a_class(("teacher", teacher)) for _ in range(4)]
    await world.a_class(ident=classes[1], version=2, status="closed")
    found = await pages(world, teacher, "/v1/me/spaces", 2)
    ordered = [one for page in found for one in page]
    still_open = [str(one) for one in sorted(classes) if one != classes[1]]
    assert ordered == [str(teacher), *still_open, str(world.school), str(classes[1])]


@pytest.mark.parametrize(
    "cursor",
    ["x", "W10", "WzFd", "WyIxIl0", "bnVsbA", "W251bGxd", "%00", "eyJhIjoxfQ", "WyJhIiwiYiJd", "W1tdXQ"],
)
async def test_cursors_that_no_list_gave_are_refused(world: World, cursor: str) -> None:
    teacher = await world.someone(("teacher", world.school))
    of_class = await world.a_class(("teacher", teacher))
    for path in (
        "/v1/feed",
        "/v1/me/spaces",
        f"/v1/spaces/{of_class}/members",
        f"/v1/spaces/{of_class}/posts",
    ):
        answer = await world.get(teacher, f"{path}?cursor={cursor}")
        assert answer.status_code == 422, (path, cursor, answer.text)
        assert answer.json()["type"].endswith("/problems/invalid-cursor")
