"""What rosters would have left in the database of two records, and what is told of them."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx

from libs.common.ids import new_id
from tests.integration.auth.places import Place

Told = dict[str, Any]


class Records:
    """Reads and writes the tables behind a place."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.pool = place.app.state.database.pool

    async def roster(self, anchor: UUID) -> UUID:
        """A roster source."""
        source: UUID = await self.pool.fetchval(
            "insert into roster_source (anchor_id, name) values ($1, $2) returning id", anchor, uuid4().hex
        )
        return source

    async def named(self, source: UUID, person: UUID, *, status: str = "active") -> str:
        """Lets a roster name a person; its name for them."""
        name = f"S-{uuid4().hex[:8]}"
        await self.pool.execute(
            "insert into person_identifier (source_id, sourced_id, person_id, username, status)"
            " values ($1, $2, $3, $2, $4)",
            source,
            name,
            person,
            status,
        )
        return name

    async def group(self, school: UUID, *members: UUID) -> UUID:
        """A class with these students."""
        group = new_id()
        await self.pool.execute(
            "insert into class (id, school_id, title) values ($1, $2, 'A class')", group, school
        )
        for member in members:
            await self.pool.execute(
                "insert into enrolment (class_id, person_id, role) values ($1, $2, 'student')", group, member
            )
        return group

    async def guardian(self, guardian: UUID, child: UUID) -> None:
        await self.pool.execute(
            "insert into guardianship (guardian_id, child_id, relation, origin)"
            " values ($1, $2, 'parent', 'hand')",
            guardian,
            child,
        )

    async def decided(self, guardian: UUID, child: UUID, decision: str) -> None:
        await self.pool.execute(
            "insert into guardian_consent (child_id, guardian_id, decision, text_version)"
            " values ($1, $2, $3, '1')",
            child,
            guardian,
            decision,
        )

    async def events(self, *subjects: UUID) -> list[tuple[str, Told]]:
        """What was told of these, oldest first: type and data."""
        rows = await self.pool.fetch(
            "select type, data from outbox where subject = any($1) order by position",
            [str(subject) for subject in subjects],
        )
        return [(row["type"], json.loads(row["data"])) for row in rows]

    async def last(self, subject: UUID) -> tuple[str, Told]:
        return (await self.events(subject))[-1]

    async def count(self, table: str, **columns: Any) -> int:
        where = " and ".join(f"{name} = ${n}" for n, name in enumerate(columns, start=1))
        found: int = await self.pool.fetchval(
            f"select count(*) from {table} where {where}", *columns.values()
        )
        return found


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and type of a refusal."""
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def merge(http: httpx.AsyncClient, survivor: UUID, other: UUID) -> httpx.Response:
    return await http.post(f"/v1/people/{survivor}/mergers", json={"other": str(other)})


async def preview(http: httpx.AsyncClient, survivor: UUID, other: UUID, **headers: str) -> Told:
    answer = await http.get(f"/v1/people/{survivor}/mergers/{other}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: Told = answer.json()
    return found


async def conflicts(http: httpx.AsyncClient, survivor: UUID, other: UUID) -> list[str]:
    """The conflicts in the preview, which are those for which the merge is refused."""
    told = (await preview(http, survivor, other))["conflicts"]
    named = [one["code"] for one in told]
    refused = await merge(http, survivor, other)
    assert problem(refused) == (409, "records-conflict")
    assert refused.json()["conflicts"] == named
    assert refused.json()["detail"] == " ".join(one["explanation"] for one in told)
    return named
