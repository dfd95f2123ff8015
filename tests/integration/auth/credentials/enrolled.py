"""People with second factors, and the mail that waits for them."""

import asyncio
import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from services.auth.second_factors import totp
from tests.integration.auth.places import Place, Somebody


@dataclass
class Enrolled:
    """A person with an authenticator app and recovery codes."""

    who: Somebody
    secret: bytes
    codes: list[str]
    #: what the app showed when it was set up
    first: str

    def code(self, *, steps: int = 0) -> str:
        """What the app shows now, or some steps later."""
        return totp.code_at(self.secret, datetime.now(UTC) + timedelta(seconds=30 * steps))


async def enrol(somebody: Somebody) -> Enrolled:
    """Sets up a second factor in the person's present session."""
    begun = await somebody.http.post("/v1/me/second-factor")
    assert begun.status_code == 201, begun.text
    secret = begun.json()["secret"]
    raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    first = totp.code_at(raw, datetime.now(UTC))
    confirmed = await somebody.http.post("/v1/me/second-factor/confirmation", json={"code": first})
    assert confirmed.status_code == 200, confirmed.text
    return Enrolled(somebody, raw, confirmed.json()["recovery_codes"], first)


async def forget_steps(app: FastAPI, person: UUID) -> None:
    """As if half a minute had passed since the last code: that of now may be used."""
    await app.state.database.pool.execute(
        "update second_factor set last_step = last_step - 5 where person_id = $1", person
    )


async def backdate_sign_ins(app: FastAPI, person: UUID, minutes: int) -> None:
    """As if the person had signed in so many minutes ago."""
    await app.state.database.pool.execute(
        "update session set authenticated_at = authenticated_at - make_interval(mins => $2)"
        " where person_id = $1",
        person,
        minutes,
    )


async def with_address(here: Place, organisation: UUID, address: str, role: str = "student") -> Somebody:
    """A person with an account, signed in, and a mail address."""
    somebody = await here.somebody(organisation, role)
    answer = await here.admin.http.patch(f"/v1/people/{somebody.id}", json={"email": address})
    assert answer.status_code in (200, 204), answer.text
    return somebody


async def mails_to(app: FastAPI, address: str) -> list[dict[str, Any]]:
    """What waits to be sent to an address, oldest first."""
    rows = await app.state.database.pool.fetch(
        "select subject, body from mail where recipient = $1 order by id", address
    )
    return [dict(row) for row in rows]


async def links_to(app: FastAPI, address: str) -> list[str]:
    """The secrets of the recovery links that wait to be sent to an address, oldest first."""
    while await app.state.database.pool.fetchval("select exists (select from recovery_wish)"):
        await app.state.recovery_worker.answer_all()  # or the service's own worker has it at hand
        await asyncio.sleep(0.01)
    bodies = " ".join(mail["body"] for mail in await mails_to(app, address))
    return re.findall(r"/recover/choose\?link=([A-Za-z0-9_-]+)", bodies)
