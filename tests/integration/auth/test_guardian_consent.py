"""Consent of guardians: given, refused, withdrawn, and what the other services are told of it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.auth.guardians.texts import VERSION
from tests.integration.auth.places import Place, Somebody

YEAR = datetime.now(UTC).year


@dataclass
class Family:
    """A child under 14 with two guardians, of a school."""

    here: Place
    school: UUID
    child: UUID
    mother: Somebody
    father: Somebody

    async def told(self, child: UUID | None = None) -> str:
        """What the other services were told last."""
        data = await self.here.app.state.database.pool.fetchval(
            "select data from outbox where subject = $1 order by position desc limit 1",
            str(child or self.child),
        )
        return str(json.loads(data)["consent"])


async def care(here: Place, guardian: UUID, child: UUID) -> None:
    await here.app.state.database.pool.execute(
        "insert into guardianship (guardian_id, child_id, relation, origin)"
        " values ($1, $2, 'parent', 'hand')",
        guardian,
        child,
    )


async def decide(who: Somebody, child: UUID, decision: str, **more: Any) -> httpx.Response:
    body = {"decision": decision} | ({"text_version": VERSION} if decision == "given" else {}) | more
    return await who.http.put(f"/v1/me/children/{child}/consent", json=body)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


@pytest.fixture
async def family(here: Place) -> Family:
    school = await here.organisation(name="Yucai")
    child = await here.person(school, birth_date=f"{YEAR - 9}-02-28")
    mother, father = await here.somebody(school, "guardian"), await here.somebody(school, "guardian")
    for parent in (mother, father):
        await care(here, parent.id, child)
    return Family(here, school, child, mother, father)


async def test_consent_is_missing_given_withdrawn_and_given_again(family: Family) -> None:
    child, mother = family.child, family.mother
    assert await family.told() == "missing"
    shown = (await mother.http.get("/v1/me/children", headers={"Accept-Language": "zh-CN"})).json()
    assert (shown["text"]["version"], "十四" in shown["text"]["body"]) == (VERSION, True)
    assert [(one["person"], one["consent"], one["mine"]) for one in shown["items"]] == [
        (str(child), "missing", None)
    ]
    for decision in ("given", "withdrawn", "given"):
        answer = await decide(mother, child, decision)
        assert (answer.status_code, answer.json()["consent"]) == (200, decision)
        assert answer.json()["mine"]["text_version"] == VERSION
        assert await family.told() == decision
    version = await _version(family)
    assert (await decide(mother, child, "given")).status_code == 200
    assert await _version(family) == version, "the same again is told to nobody"


async def _version(family: Family) -> int:
    version: int = await family.here.app.state.database.pool.fetchval(
        "select version from person where id = $1", family.child
    )
    return version


async def test_every_decision_is_recorded_with_who_when_and_which_text(family: Family) -> None:
    await decide(family.father, family.child, "refused")
    await decide(family.mother, family.child, "given")
    await decide(family.mother, family.child, "withdrawn")
    path = f"/v1/people/{family.child}/consents"
    for who in (family.mother, family.father, family.here.admin):
        items = (await who.http.get(path)).json()["items"]
        assert [(one["decision"], one["guardian"]["person"]) for one in items] == [
            ("withdrawn", str(family.mother.id)),
            ("given", str(family.mother.id)),
            ("refused", str(family.father.id)),
        ]
        assert {one["text_version"] for one in items} == {VERSION}
    first = (await family.mother.http.get(path, params={"limit": 2})).json()
    rest = (await family.mother.http.get(path, params={"limit": 2, "cursor": first["next"]})).json()
    assert [one["decision"] for one in rest["items"]] == ["refused"]
    teacher = await family.here.somebody(family.school, "teacher")
    assert (await teacher.http.get(path)).status_code == 404, "teachers read people, not what guardians say"
    audit = await family.here.admin.http.get("/v1/audit", params={"organisation": str(family.school)})
    done = [(one["action"], one["subject"]) for one in audit.json()["items"]]
    for action in ("consent.refused", "consent.given", "consent.withdrawn"):
        assert (action, str(family.child)) in done


async def test_an_objection_outweighs_the_other_guardian_s_consent(family: Family) -> None:
    await decide(family.mother, family.child, "given")
    assert await family.told() == "given"
    answer = await decide(family.father, family.child, "refused")
    assert (answer.json()["consent"], answer.json()["mine"]["decision"]) == ("refused", "refused")
    assert await family.told() == "refused"
    await decide(family.father, family.child, "given")
    await decide(family.mother, family.child, "withdrawn")
    assert await family.told() == "withdrawn"


async def test_decisions_that_cannot_follow(family: Family) -> None:
    mother, child = family.mother, family.child
    assert problem(await decide(mother, child, "withdrawn")) == (409, "consent-out-of-order")
    await decide(mother, child, "given")
    assert problem(await decide(mother, child, "refused")) == (409, "consent-out-of-order")
    stale = await decide(mother, child, "given", text_version="2001-01")
    assert problem(stale) == (409, "consent-text-changed")
    assert stale.json()["text_version"] == VERSION
    unread = await decide(mother, child, "given", text_version=None)
    assert problem(unread) == (409, "consent-text-changed")
    bodies: tuple[Any, ...] = (
        {"decision": "maybe"},
        {},
        {"decision": "given", "guardian": str(uuid4())},
        {"decision": "given", "decided_at": "2020-01-01T00:00:00Z"},
        {"decision": "given", "text_version": "x" * 41},
        [],
    )
    for body in bodies:
        answer = await mother.http.put(f"/v1/me/children/{child}/consent", json=body)
        assert answer.status_code == 422, body


async def test_attack_60_nobody_decides_for_somebody_else_s_child(family: Family) -> None:
    here = family.here
    teacher = await here.somebody(family.school, "teacher")
    stranger = await here.somebody(family.school, "guardian")
    for who in (teacher, stranger, here.admin):
        for child in (family.child, uuid4()):
            assert (await decide(who, child, "given")).status_code == 404
    assert await family.told() == "missing"


async def test_consent_of_a_guardian_who_is_none_any_more_counts_no_more(family: Family) -> None:
    await decide(family.mother, family.child, "given")
    assert (await family.mother.http.delete(f"/v1/me/children/{family.child}")).status_code == 204
    assert await family.told() == "missing"
    assert (await decide(family.mother, family.child, "given")).status_code == 404
    assert (await family.mother.http.delete(f"/v1/me/children/{family.child}")).status_code == 404
    assert (await family.mother.http.get(f"/v1/people/{family.child}")).status_code == 404
    await decide(family.father, family.child, "given")
    path = f"/v1/people/{family.child}/guardians/{family.father.id}"
    teacher = await family.here.somebody(family.school, "teacher")
    assert (await teacher.http.delete(path)).status_code == 403
    assert (await family.here.admin.http.delete(path)).status_code == 204
    assert (await family.here.admin.http.delete(path)).status_code == 404
    assert await family.told() == "missing"


async def test_from_fourteen_on_nobody_consents(family: Family) -> None:
    here = family.here
    await decide(family.mother, family.child, "refused")
    grown = f"{YEAR - 15}-01-01"
    answer = await here.admin.http.patch(f"/v1/people/{family.child}", json={"birth_date": grown})
    assert answer.status_code == 200
    assert await family.told() == "not-needed"
    assert problem(await decide(family.mother, family.child, "given")) == (409, "consent-not-needed")


async def test_a_pupil_whose_age_nobody_told_counts_as_a_child(family: Family) -> None:
    here = family.here
    university = await here.organisation(kind="university", name="University")
    faculty = await here.organisation(university, kind="department", name="Faculty")
    house = await here.organisation(family.school, kind="department", name="House")
    for place, role, consent in [
        (family.school, "student", "missing"),
        (house, "student", "missing"),
        (university, "student", "not-needed"),
        (faculty, "student", "not-needed"),
        (family.school, "teacher", "not-needed"),
        (family.school, "guardian", "not-needed"),
    ]:
        assert await family.told(await here.person(place, role)) == consent, (place, role)
    both = await here.person(family.school, "teacher")
    student = await here.role(both, family.school, "student")
    assert await family.told(both) == "missing"
    await here.admin.http.delete(f"/v1/roles/{student}")
    assert await family.told(both) == "not-needed"


async def test_attack_61_a_pupil_consents_for_nobody(family: Family) -> None:
    """A roster may call anybody a guardian; whoever is a child, or may be one, decides for no other."""
    here = family.here
    friend = await here.somebody(family.school)
    await care(here, friend.id, family.child)
    assert problem(await decide(friend, family.child, "given")) == (403, "guardian-not-of-age")
    young = f"{YEAR - 16}-06-01"
    await here.admin.http.patch(f"/v1/people/{friend.id}", json={"birth_date": young})
    assert problem(await decide(friend, family.child, "given")) == (403, "guardian-not-of-age")
    assert await family.told() == "missing"


async def test_a_child_parts_with_a_guardian_from_fourteen_on(family: Family) -> None:
    here = family.here
    child = await here.somebody(family.school)
    await care(here, family.mother.id, child.id)
    path = f"/v1/me/guardians/{family.mother.id}"
    assert problem(await child.http.delete(path)) == (403, "guardians-of-the-young")
    assert (await child.http.delete(f"/v1/me/guardians/{uuid4()}")).status_code == 404
    grown = f"{YEAR - 15}-01-01"
    await here.admin.http.patch(f"/v1/people/{child.id}", json={"birth_date": grown})
    assert (await child.http.delete(path)).status_code == 204
    assert (await child.http.get("/v1/me")).json()["guardians"] == []
