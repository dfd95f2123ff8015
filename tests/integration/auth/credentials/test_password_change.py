"""Changing one's password: with the present one, ending everything else; attacks 33, 48, 56."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from tests.integration.auth.credentials.enrolled import (
    backdate_sign_ins,
    enrol,
    forget_steps,
    mails_to,
    with_address,
)
from tests.integration.auth.places import PASSWORD, Place, Somebody, new_place, sign_in

CHANGE = "/v1/me/password"
NEW = "ten silver bicycles"


@pytest.fixture(scope="module")
async def ground(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture
async def pupil(ground: Place) -> Somebody:
    return await ground.somebody(ground.root)


def kind(answer: httpx.Response) -> str:
    return str(answer.json()["type"].rsplit("/")[-1])


async def change(pupil: Somebody, current: str, new: str) -> httpx.Response:
    return await pupil.http.post(CHANGE, json={"current": current, "new": new})


async def test_other_sessions_end_and_this_one_goes_on(auth_app: FastAPI, ground: Place) -> None:
    address = f"{uuid4().hex}@mail.example"
    pupil = await with_address(ground, ground.root, address)
    elsewhere = await sign_in(auth_app, pupil.username, PASSWORD)
    assert (await change(pupil, PASSWORD, NEW)).status_code == 204
    assert (await pupil.http.get("/v1/me")).status_code == 200
    assert (await elsewhere.http.get("/v1/me")).status_code == 401
    await sign_in(auth_app, pupil.username, NEW)
    (mail,) = await mails_to(auth_app, address)
    assert mail["subject"] == "Your password was changed"
    mine = (await pupil.http.get("/v1/audit")).json()["items"]
    assert "account.password_changed" in {one["action"] for one in mine}


async def test_attack_33_what_applications_hold_ends(
    auth_app: FastAPI, ground: Place, pupil: Somebody
) -> None:
    elsewhere = await sign_in(auth_app, pupil.username, PASSWORD)
    client = await ground.client(ground.root, "people.read")
    pool = auth_app.state.database.pool
    held = {}
    for session in (pupil.session, elsewhere.session):
        held[session] = await pool.fetchval(
            "insert into token_family (client_id, person_id, session_id, scopes, audiences, authenticated_at,"
            " methods, expires_at) select id, $2, $3, '{openid,offline_access}', '{}', now(), '{pwd}',"
            " now() + interval '1 day' from client where client_id = $1 returning id",
            client["client_id"],
            pupil.id,
            session,
        )
    assert (await change(pupil, PASSWORD, NEW)).status_code == 204
    ended = await pool.fetch(
        "select id from token_family where person_id = $1 and ended_at is not null", pupil.id
    )
    families = {row["id"] for row in ended}
    assert held[elsewhere.session] in families
    assert held[pupil.session] not in families


async def test_what_is_refused(pupil: Somebody) -> None:
    refusals = {
        ("wrong password here", NEW): "current-password-wrong",
        (PASSWORD, PASSWORD): "password-unchanged",
        (PASSWORD, "tulipX9w"): "password-refused",
        (PASSWORD, "x" * 129): "password-refused",
        (PASSWORD, f"{pupil.username} Li Chen"): "password-refused",
        (PASSWORD, "nul\0nul\0nul\0nul\0"): "password-refused",
    }
    for (current, new), slug in refusals.items():
        answer = await change(pupil, current, new)
        assert (answer.status_code, kind(answer)) == (422, slug)
    too_long = await change(pupil, PASSWORD, "x" * 100_000)
    assert too_long.status_code == 422
    assert (await change(pupil, PASSWORD, NEW)).status_code == 204


async def test_attack_48_guesses_of_the_present_password_must_wait(pupil: Somebody) -> None:
    answers = await asyncio.gather(*(change(pupil, f"guess number {n}", NEW) for n in range(12)))
    statuses = sorted(one.status_code for one in answers)
    assert statuses.count(422) <= 6
    assert statuses[-1] == 429
    assert (await change(pupil, PASSWORD, NEW)).status_code == 429, "also the right one"


async def test_two_changes_at_the_same_time_have_one_winner(auth_app: FastAPI, pupil: Somebody) -> None:
    answers = await asyncio.gather(*(change(pupil, PASSWORD, f"{NEW} {n}") for n in range(3)))
    won = [n for n, one in enumerate(answers) if one.status_code == 204]
    assert len(won) == 1, [one.text for one in answers]
    await sign_in(auth_app, pupil.username, f"{NEW} {won[0]}")


async def test_a_short_password_needs_its_second_factor(auth_app: FastAPI, pupil: Somebody) -> None:
    enrolled = await enrol(pupil)
    assert (await change(pupil, PASSWORD, "tulip9")).status_code == 422
    assert (await change(pupil, PASSWORD, "tulipX9w")).status_code == 204
    removal = "/v1/me/second-factor/removal"
    await forget_steps(auth_app, pupil.id)
    kept = await pupil.http.post(removal, json={"code": enrolled.code()})
    assert (kept.status_code, kind(kept)) == (409, "password-too-short-alone")
    assert (await change(pupil, "tulipX9w", NEW)).status_code == 204
    assert (await pupil.http.post(removal, json={"code": enrolled.code()})).status_code == 204


async def test_a_reset_second_factor_takes_a_short_password_with_it(
    auth_app: FastAPI, ground: Place, pupil: Somebody
) -> None:
    await enrol(pupil)
    assert (await change(pupil, PASSWORD, "tulipX9w")).status_code == 204
    answer = await ground.admin.http.delete(f"/v1/people/{pupil.id}/second-factor")
    assert answer.status_code == 204
    row = await auth_app.state.database.pool.fetchrow(
        "select state, password_hash from account where person_id = $1", pupil.id
    )
    assert tuple(row) == ("invited", None)


async def test_an_old_sign_in_may_change_the_password_too(auth_app: FastAPI, pupil: Somebody) -> None:
    await backdate_sign_ins(auth_app, pupil.id, 60)
    assert (await change(pupil, PASSWORD, NEW)).status_code == 204, "the present password is proof enough"
