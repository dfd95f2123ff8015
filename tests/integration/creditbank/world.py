"""What auth would have told creditbank: organisations, courses and people, made with fresh ids."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from libs.common.database import Database
from libs.common.events import Event
from libs.common.ids import new_id
from services.creditbank.institutions.handlers import organisation_changed
from services.creditbank.learners.handlers import person_changed
from services.creditbank.learners.keys import KeyRing
from services.creditbank.outcomes.handlers import course_changed


def organisation(identifier: UUID, ancestors: Sequence[UUID], **changes: Any) -> dict[str, Any]:
    """The data of auth.organisation.changed.v1."""
    return {
        "id": identifier,
        "version": 1,
        "status": "active",
        "type": "school",
        "name": "第一中学",
        "parent": ancestors[-1] if ancestors else None,
        "ancestors": [*ancestors, identifier],
        "identifier": None,
        **changes,
    }


def course(identifier: UUID, owner: UUID, **changes: Any) -> dict[str, Any]:
    """The data of auth.course.changed.v1."""
    return {
        "id": identifier,
        "version": 1,
        "status": "active",
        "title": "Algebra I",
        "code": "ALG-1",
        "organisation": owner,
        "sourced_id": None,
        **changes,
    }


def person(identifier: UUID, *roles: tuple[str, UUID], **changes: Any) -> dict[str, Any]:
    """The data of auth.person.changed.v1."""
    return {
        "id": identifier,
        "version": 1,
        "status": "active",
        "given_name": "小明",
        "family_name": "王",
        "preferred_name": None,
        "identifiers": [],
        "roles": [
            {"role": role, "organisation": place, "primary": True, "from": None, "to": None}
            for role, place in roles
        ],
        "guardians": [],
        **changes,
    }


@dataclass
class District:
    """A district with two schools; `course` and the students belong to the first."""

    region: UUID = field(default_factory=new_id)
    district: UUID = field(default_factory=new_id)
    school: UUID = field(default_factory=new_id)
    other_school: UUID = field(default_factory=new_id)
    course: UUID = field(default_factory=new_id)
    district_course: UUID = field(default_factory=new_id)
    other_course: UUID = field(default_factory=new_id)
    students: list[UUID] = field(default_factory=list)


async def tell_of_organisations(database: Database, *documents: dict[str, Any]) -> None:
    connection = await database.connect()
    await organisation_changed(connection, [as_event(one) for one in documents])
    await connection.close()


async def tell_of_courses(database: Database, *documents: dict[str, Any]) -> None:
    connection = await database.connect()
    await course_changed(connection, [as_event(one) for one in documents])
    await connection.close()


async def tell_of_people(database: Database, keys: KeyRing, *documents: dict[str, Any]) -> None:
    connection = await database.connect()
    async with connection.transaction():
        await person_changed(keys)(connection, [as_event(one) for one in documents])
    await connection.close()


def as_event(document: dict[str, Any]) -> Event:
    """One event as the inbox hands it over."""
    data = json.dumps(document, default=str, ensure_ascii=False).encode()
    return Event(
        id=new_id(), sequence=1, type="any", subject=str(document["id"]), time=datetime.now(UTC), data=data
    )


async def make_district(
    database: Database, keys: KeyRing, students: int = 3, made: District | None = None
) -> District:
    """Tell the bank of a fresh district; its students are called S-0, S-1, ... by the district's roster.

    With `made` it is told of one that another bank has heard of.
    """
    if made is None:
        made = District(students=[new_id() for _ in range(students)])
    await tell_of_organisations(
        database,
        organisation(made.region, [], type="region"),
        organisation(made.district, [made.region], type="district", name="District"),
        organisation(made.school, [made.region, made.district]),
        organisation(made.other_school, [made.region, made.district], name="Other"),
    )
    await tell_of_courses(
        database,
        course(made.course, made.school, sourced_id="C-1"),
        course(made.district_course, made.district, sourced_id="C-2", title="数学"),
        course(made.other_course, made.other_school, sourced_id="C-3"),
    )
    await tell_of_people(
        database,
        keys,
        *(
            person(
                student,
                ("student", made.school),
                identifiers=[{"organisation": made.district, "sourced_id": f"S-{n}"}],
            )
            for n, student in enumerate(made.students)
        ),
    )
    return made
