"""What is stored of an imported roster, for assertions."""

from typing import Any

from tests.integration.auth.places import Place


async def stored_person(here: Place, key: str) -> dict[str, Any]:
    """The person a roster of the root names so, with account and identifier."""
    row = await here.app.state.database.pool.fetchrow(
        """
        select p.*, i.status as identifier_status, a.username, a.state as account
        from person_identifier i join roster_source s on s.id = i.source_id and s.anchor_id = $1
        join person p on p.id = i.person_id left join account a on a.person_id = p.id
        where i.sourced_id = $2
        """,
        here.root,
        key,
    )
    return dict(row)


async def stored_roles(here: Place, key: str) -> set[tuple[str, str, str]]:
    """Role, organisation and status of each role of that person."""
    person = await stored_person(here, key)
    rows = await here.app.state.database.pool.fetch(
        "select r.role, o.name, r.status from role_assignment r"
        " join organisation o on o.id = r.organisation_id where r.person_id = $1",
        person["id"],
    )
    return {(row["role"], row["name"], row["status"]) for row in rows}


async def stored_members(here: Place, key: str) -> set[tuple[str, str]]:
    """Identifier and status of the enrolments in a class."""
    rows = await here.app.state.database.pool.fetch(
        """
        select e.sourced_id, e.status from enrolment e join class c on c.id = e.class_id
        join roster_source s on s.id = c.source_id and s.anchor_id = $1 where c.sourced_id = $2
        """,
        here.root,
        key,
    )
    return {(row["sourced_id"], row["status"]) for row in rows}


async def events_since(here: Place, position: int) -> list[tuple[str, str]]:
    """What was told after a position, as (kind, subject)."""
    rows = await here.app.state.database.pool.fetch(
        "select type, subject from outbox where position > $1 order by position", position
    )
    return [(row["type"].split(".")[1], row["subject"]) for row in rows]


async def last_position(here: Place) -> int:
    """The position of the newest event."""
    position: int = await here.app.state.database.pool.fetchval(
        "select coalesce(max(position), 0) from outbox"
    )
    return position


def changes(job: dict[str, Any]) -> dict[str, dict[str, int]]:
    """What a job did, without what it left alone."""
    told = {
        kind: {name: number for name, number in counts.items() if number and name != "unchanged"}
        for kind, counts in job["counts"].items()
    }
    return {kind: counts for kind, counts in told.items() if counts}
