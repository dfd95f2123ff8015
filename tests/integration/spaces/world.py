"""A small world to test in: what auth and creditbank would tell of it, and who asks."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from libs.common.events import Event
from libs.common.ids import new_id
from services.spaces.app import AUTH_EVENTS, CREDITBANK_EVENTS
from services.spaces.settings import AUDIENCE
from tests.issuer import Issuer, bearer

Snapshot = dict[str, Any]
ERASED, MERGED, ORGANISATION, PERSON, CLASS = AUTH_EVENTS
CREDITS = "creditbank.credits.posted.v1"


def organisation(
    name: str,
    kind: str,
    above: Sequence[UUID] = (),
    *,
    ident: UUID | None = None,
    version: int = 1,
    **more: Any,
) -> Snapshot:
    ident = ident or new_id()
    line = [str(one) for one in [*above, ident]]
    return {
        "id": str(ident),
        "version": version,
        "status": "active",
        "type": kind,
        "name": name,
        "parent": line[-2] if above else None,
        "ancestors": line,
        "identifier": None,
        **more,
    }


def person(
    name: str = "Ann Lee",
    roles: Sequence[tuple[str, UUID]] = (),
    guardians: Sequence[UUID] = (),
    *,
    ident: UUID | None = None,
    version: int = 1,
    **more: Any,
) -> Snapshot:
    given, _, family = name.partition(" ")
    return {
        "id": str(ident or new_id()),
        "version": version,
        "status": "active",
        "given_name": given,
        "family_name": family,
        "preferred_name": None,
        "identifiers": [],
        "roles": [
            {"role": role, "organisation": str(place), "primary": True, "from": "2026-09-01", "to": None}
            for role, place in roles
        ],
        "guardians": [{"person": str(one), "relation": "parent"} for one in guardians],
        **more,
    }


def school_class(
    title: str,
    school: UUID,
    members: Sequence[tuple[str, UUID]] = (),
    *,
    ident: UUID | None = None,
    version: int = 1,
    **more: Any,
) -> Snapshot:
    return {
        "id": str(ident or new_id()),
        "version": version,
        "status": "active",
        "title": title,
        "school": str(school),
        "course": None,
        "sourced_id": "C1",
        "terms": [{"id": str(new_id()), "title": "2026", "starts_on": "2026-09-01", "ends_on": "2027-01-31"}],
        "grades": ["07"],
        "subjects": ["mathematics"],
        "members": [
            {"person": str(who), "role": role, "primary": role == "teacher", "from": None, "to": None}
            for role, who in members
        ],
        **more,
    }


def credits_posted(
    institution: UUID, entries: Sequence[tuple[UUID, str]], scheme: str = "school"
) -> Snapshot:
    return {
        "institution": str(institution),
        "scheme": scheme,
        "entries": [
            {"id": str(new_id()), "learner": str(who), "amount": amount, "earned_on": "2026-10-01"}
            for who, amount in entries
        ],
    }


def credits_moved(
    what: str, institution: UUID, who: UUID, amount: str, *, scheme: str = "school", **more: Any
) -> Event:
    """What creditbank tells of credits later; `target` is the event's, the rest its entry's."""
    told: Snapshot = {"institution": str(institution), "scheme": scheme}
    if "target" in more:
        told["target"] = more.pop("target")
    entry = {"id": str(new_id()), "learner": str(who), "amount": amount, **more}
    return event(f"creditbank.credits.{what}.v1", {**told, "entries": [entry]})


def event(kind: str, data: Snapshot, sequence: int = 0) -> Event:
    """One event as the inbox hands it over."""
    subject = data.get("id") or data["institution"]
    return Event(new_id(), sequence, kind, subject, datetime.now(UTC), json.dumps(data).encode())


def identity(snapshot: Snapshot) -> UUID:
    return UUID(snapshot["id"])


class World:
    """Tells events, and asks as somebody."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient, issuer: Issuer) -> None:
        self.app = app
        self.http = http
        self.issuer = issuer
        self.pool = app.state.database.pool
        self.country, self.district, self.school, self.other_school = (new_id() for _ in range(4))
        self.line = [self.country, self.district]

    async def found(self) -> None:
        await self.tell(
            ORGANISATION,
            organisation("Country", "country", ident=self.country),
            organisation("滨海区", "district", [self.country], ident=self.district),
            organisation("第一中学", "school", self.line, ident=self.school),
            organisation("Other School", "school", self.line, ident=self.other_school),
        )

    async def tell(self, kind: str, *snapshots: Snapshot) -> None:
        """What the neighbour recorded, applied as one batch."""
        await self.apply([event(kind, snapshot) for snapshot in snapshots])

    async def apply(self, events: Sequence[Event]) -> None:
        """A batch of events, applied as the inbox does: by type, in one transaction."""
        async with self.pool.acquire() as connection, connection.transaction():
            for kind, handle in {**AUTH_EVENTS, **CREDITBANK_EVENTS}.items():
                batch = [one for one in events if one.type == kind]
                if batch:
                    await handle(connection, batch)

    async def someone(self, *roles: tuple[str, UUID], name: str = "Ann Lee", **more: Any) -> UUID:
        """A person who is known here."""
        snapshot = person(name, roles, **more)
        await self.tell(PERSON, snapshot)
        return identity(snapshot)

    async def a_class(self, *members: tuple[str, UUID], school: UUID | None = None, **more: Any) -> UUID:
        """A class that is known here."""
        snapshot = school_class("7A 数学", school or self.school, members, **more)
        await self.tell(CLASS, snapshot)
        return identity(snapshot)

    def token(self, who: UUID, scope: str = "spaces.read spaces.write") -> dict[str, str]:
        return bearer(self.issuer.person(who, AUDIENCE, scope))

    async def get(self, who: UUID, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers={**self.token(who), **headers})

    async def post(
        self, who: UUID, space: UUID, *, key: str | None = None, query: str = "", **content: Any
    ) -> httpx.Response:
        body = {"kind": "announcement", "title": "家长会", "text": "周五下午三点。", "links": [], **content}
        return await self.http.post(
            f"/v1/spaces/{space}/posts{query}",
            json=body,
            headers={**self.token(who), "Idempotency-Key": key or str(uuid4())},
        )

    async def posted(self, who: UUID, space: UUID, **content: Any) -> dict[str, Any]:
        """A post that went through."""
        answer = await self.post(who, space, **content)
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def items(self, who: UUID, path: str) -> list[dict[str, Any]]:
        """The items of a list that the caller may read."""
        answer = await self.get(who, path)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items
