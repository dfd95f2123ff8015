"""Coverage: counts for those who oversee, nothing for anybody else."""

from uuid import UUID, uuid4

import pytest

from services.spaces.settings import AUDIENCE
from tests.integration.spaces.world import World
from tests.issuer import bearer


@pytest.fixture
async def school_people(world: World) -> tuple[UUID, UUID]:
    """A teacher and a student, in one class at the school, and somebody elsewhere."""
    teacher = await world.someone(("teacher", world.school))
    student = await world.someone(("student", world.school), ("guardian", world.school))
    await world.a_class(("teacher", teacher), ("student", student), ("student", teacher))
    await world.someone(("student", world.other_school))
    return teacher, student


async def test_counts_grow_with_the_line(world: World, school_people: tuple[UUID, UUID]) -> None:
    overseer = await world.someone(("administrator", world.country), name="Cou Ntry")
    counts = {
        "people": 2,
        "people_with_space": 2,
        "students": 1,
        "classes": 1,
        "classes_with_space": 1,
        "class_members": 3,
    }
    one_student = {"people": 1, "people_with_space": 1, "students": 1}
    for place, expected in (
        (world.school, counts),
        (world.district, {**counts, "people": 3, "people_with_space": 3, "students": 2}),
        (
            world.other_school,
            {**dict.fromkeys(counts, 0), **one_student},
        ),
    ):
        found = (await world.get(overseer, f"/v1/coverage?organisation={place}")).json()
        assert {name: found[name] for name in counts} == expected
        assert found["sources"].keys() == {"auth", "creditbank"}


async def test_counts_are_for_overseers_of_the_line(world: World, school_people: tuple[UUID, UUID]) -> None:
    path = f"/v1/coverage?organisation={world.school}"
    for role, place, status in (
        ("administrator", world.school, 200),
        ("registrar", world.district, 200),
        ("auditor", world.country, 200),
        ("teacher", world.school, 403),
        ("staff", world.school, 403),
        ("teacher", world.district, 404),
        ("administrator", world.other_school, 404),
    ):
        who = await world.someone((role, place))
        assert (await world.get(who, path)).status_code == status, role
    assert (await world.get(school_people[1], path)).status_code == 403
    assert (await world.get(await world.someone(), f"/v1/coverage?organisation={uuid4()}")).status_code == 404
    assert (await world.get(await world.someone(), "/v1/coverage")).status_code == 422


async def test_clients_count_in_their_own_line(world: World, school_people: tuple[UUID, UUID]) -> None:
    path = f"/v1/coverage?organisation={world.school}"
    for place, status in (
        (world.school, 200),
        (world.country, 200),
        (world.other_school, 404),
        (uuid4(), 404),
        (None, 404),
    ):
        headers = bearer(world.issuer.client(place, AUDIENCE, "spaces.read"))
        assert (await world.http.get(path, headers=headers)).status_code == status
