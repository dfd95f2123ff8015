"""Whoever touches an account answers for every place its person reaches, through work or through children."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.auth.places import Place, Somebody


async def care(here: Place, guardian: UUID, child: UUID) -> None:
    await here.app.state.database.pool.execute(
        "insert into guardianship (guardian_id, child_id, relation, origin)"
        " values ($1, $2, 'mother', 'hand')",
        guardian,
        child,
    )


@pytest.fixture
async def schools(here: Place) -> tuple[UUID, UUID, Somebody]:
    """Two schools below the root, and the head of the first."""
    first, second = await here.organisation(name="First"), await here.organisation(name="Second")
    return first, second, await here.somebody(first, "administrator")


async def test_attack_61_a_guardian_of_two_schools_is_taken_over_by_neither(
    here: Place, schools: Any
) -> None:
    first, second, head = schools
    mother = await here.person(first, "guardian")
    await care(here, mother, await here.person(first))
    path = f"/v1/people/{mother}"
    issued = await head.http.post(f"{path}/activation-codes", json={"username": f"m-{uuid4().hex}"})
    assert issued.status_code == 201
    elsewhere = await here.person(second)
    await care(here, mother, elsewhere)
    for answer in (
        await head.http.post(f"{path}/activation-codes", json={}),
        await head.http.post(f"{path}/account/suspension"),
        await head.http.patch(path, json={"email": "head@school.example"}),
    ):
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "not-in-charge")
    above = await here.admin.http.post(f"{path}/activation-codes", json={})
    assert above.status_code == 201, "whoever is in charge of both schools may"


async def test_attack_61_a_code_from_before_the_second_child_is_void(here: Place, schools: Any) -> None:
    first, second, head = schools
    mother = await here.person(first, "guardian")
    issued = await head.http.post(
        f"/v1/people/{mother}/activation-codes", json={"username": f"m-{uuid4().hex}"}
    )
    await care(here, mother, await here.person(second))
    body = {"code": issued.json()["code"], "password": "seven green umbrellas"}
    refused = await head.http.post("/v1/activations", json=body)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "code-refused")


async def test_attack_61_facts_are_changed_by_those_in_charge_wherever_a_person_works(
    here: Place, schools: Any
) -> None:
    first, second, head = schools
    teacher = await here.person(first, "teacher")
    path = f"/v1/people/{teacher}"
    assert (await head.http.patch(path, json={"phone": "1"})).status_code == 200
    work = await here.role(teacher, second, "staff")
    assert (await head.http.patch(path, json={"phone": "2"})).status_code == 403
    assert (await here.admin.http.patch(path, json={"phone": "3"})).status_code == 200
    assert (await here.admin.http.delete(f"/v1/roles/{work}")).status_code == 204
    assert (await head.http.patch(path, json={"phone": "4"})).status_code == 200
    await here.role(teacher, second, "student")
    assert (await head.http.patch(path, json={"phone": "5"})).status_code == 200, "learning is no work"
