"""A country with two regions: whose people reach for what is beside, above and elsewhere."""

from dataclasses import dataclass
from uuid import UUID

from tests.integration.auth.life.records import Records
from tests.integration.auth.places import Place, Somebody

ROLES = ("student", "teacher", "guardian", "staff", "registrar", "assessor", "administrator", "auditor")


@dataclass
class Targets:
    """The ids of one tenant's objects, by the names that paths and bodies have for them."""

    organisation: UUID
    person: UUID
    other: UUID
    guardian: UUID
    child: UUID
    role: UUID
    client: UUID
    secret: UUID
    invitation: UUID
    request: UUID
    import_id: UUID
    session_id: UUID
    grown: UUID

    def values(self) -> dict[str, str]:
        return {name: str(value) for name, value in vars(self).items()} | {"place": str(self.organisation)}


async def targets(place: Place, organisation: UUID) -> Targets:
    """One of everything, at this organisation."""
    pool, records = place.app.state.database.pool, Records(place)
    person = await place.somebody(organisation, "staff")
    other, child = await place.person(organisation), await place.person(organisation)
    guardian = await place.person(organisation, "guardian")
    grown = await place.person(organisation, birth_date="2009-01-01")
    await records.guardian(guardian, child)
    registered = await place.client(organisation, "people.read")
    details = (await place.admin.http.get(f"/v1/clients/{registered['id']}")).json()
    invited = await _invited(place, child)
    request = await _invited(place, grown)
    await pool.execute(
        "update guardian_invitation set state = 'accepted', accepted_by = $2, accepted_at = now()"
        " where id = $1",
        request,
        guardian,
    )
    import_id = await pool.fetchval(
        "insert into roster_import (organisation_id, source_name, requested_by_kind, requested_by, dry_run,"
        " allow_large_closure, file_name, size_bytes, state)"
        " values ($1, 'default', 'person', $2, true, false, 'roster.zip', 0, 'failed') returning id",
        organisation,
        place.admin.id,
    )
    role = await pool.fetchval("select id from role_assignment where person_id = $1", person.id)
    assert person.session is not None
    return Targets(
        organisation=organisation,
        person=person.id,
        other=other,
        guardian=guardian,
        child=child,
        role=role,
        client=UUID(registered["id"]),
        secret=UUID(details["secrets"][0]["id"]),
        invitation=invited,
        request=request,
        import_id=import_id,
        session_id=person.session,
        grown=grown,
    )


async def _invited(place: Place, child: UUID) -> UUID:
    made = await place.admin.http.post(
        f"/v1/people/{child}/guardian-invitations", json={"relation": "mother"}
    )
    assert made.status_code == 201, made.text
    return UUID(made.json()["id"])


@dataclass
class World:
    """Somebody of each role at one school, and what there is at that school and in other places."""

    place: Place
    school: UUID
    people: dict[str, Somebody]
    own: Targets
    foreign: dict[str, Targets]


async def new_world(place: Place, elsewhere: Place) -> World:
    region = await place.organisation(kind="region")
    school, sibling = await place.organisation(region), await place.organisation(region)
    people = {role: await place.somebody(school, role) for role in ROLES}
    foreign = {
        "sibling": await targets(place, sibling),
        "parent": await targets(place, region),
        "root": await targets(place, place.root),
        "elsewhere": await targets(elsewhere, elsewhere.root),
    }
    return World(place, school, people, await targets(place, school), foreign)
