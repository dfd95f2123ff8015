"""Second factors over HTTP: set up, used up, removed; attacks 48, 52, 55, 76."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi import FastAPI
from redis.exceptions import ConnectionError as RedisAway

from libs.common.problems import TooManyRequests
from libs.common.redis_scripts import Scripts
from services.auth.app import seal_of
from services.auth.recovery.service import Recovery
from services.auth.second_factors.rules import MOST_FAILURES
from services.auth.second_factors.service import SecondFactors, is_enrolled
from services.auth.throttling.service import Throttle
from tests.integration.auth.credentials.enrolled import (
    Enrolled,
    backdate_sign_ins,
    enrol,
    forget_steps,
    mails_to,
    with_address,
)
from tests.integration.auth.places import PASSWORD, Place, new_network, new_place, sign_in

FACTOR = "/v1/me/second-factor"


@pytest.fixture(scope="module")
async def ground(auth_app: FastAPI) -> Place:
    return await new_place(auth_app)


@pytest.fixture
async def pupil(ground: Place) -> Enrolled:
    return await enrol(await ground.somebody(ground.root))


async def check(app: FastAPI, pupil: Enrolled, code: str) -> str | None:
    factors: SecondFactors = app.state.second_factors
    return await factors.check(pupil.who.id, code, datetime.now(UTC), network=new_network())


async def test_set_up_and_told(ground: Place) -> None:
    address = f"{uuid4().hex}@mail.example"
    somebody = await with_address(ground, ground.root, address)
    assert (await somebody.http.get(FACTOR)).json()["enrolled"] is False
    begun = (await somebody.http.post(FACTOR)).json()
    assert begun["uri"].startswith(f"otpauth://totp/Xuebu:{somebody.username}?secret={begun['secret']}&")
    assert not await is_enrolled(ground.app.state.database.pool, somebody.id), "not before it is confirmed"
    elsewhere = await sign_in(ground.app, somebody.username, PASSWORD)
    enrolled = await enrol(somebody)
    state = (await somebody.http.get(FACTOR)).json()
    assert (state["enrolled"], state["recovery_codes_left"]) == (True, 10)
    assert len(set(enrolled.codes)) == 10
    assert await is_enrolled(ground.app.state.database.pool, somebody.id)
    sessions = await ground.app.state.database.pool.fetch(
        "select id from session where person_id = $1 and ended_at is null", somebody.id
    )
    assert [row["id"] for row in sessions] == [somebody.session], f"{elsewhere.session} began without it"
    (mail,) = await mails_to(ground.app, address)
    assert "二次验证已启用" in mail["subject"]
    assert "A second factor was set up" in mail["subject"]


async def test_attack_52_a_code_is_good_once(auth_app: FastAPI, pupil: Enrolled) -> None:
    assert await check(auth_app, pupil, pupil.first) is None
    following = pupil.code(steps=1)
    assert await check(auth_app, pupil, following) == "otp"
    assert await check(auth_app, pupil, following) is None
    assert await check(auth_app, pupil, pupil.code()) is None, "an earlier step than the last one used"


async def test_attack_52_a_code_used_at_the_same_time_has_one_winner(
    auth_app: FastAPI, pupil: Enrolled
) -> None:
    for _ in range(10):  # they meet between reading and using up only now and then
        await forget_steps(auth_app, pupil.who.id)
        await auth_app.state.throttle.forgive(f"second-factor:{pupil.who.id}")
        code = pupil.code(steps=1)
        results = await asyncio.gather(*(check(auth_app, pupil, code) for _ in range(5)))
        assert sorted(result or "" for result in results) == ["", "", "", "", "otp"]


async def test_attack_52_one_step_early_or_late_and_no_more(auth_app: FastAPI, pupil: Enrolled) -> None:
    await forget_steps(auth_app, pupil.who.id)
    assert await check(auth_app, pupil, pupil.code(steps=2)) is None
    assert await check(auth_app, pupil, pupil.code(steps=-2)) is None
    code = pupil.code(steps=-1)
    assert await check(auth_app, pupil, f" {code[:3]} {code[3:]} ") == "otp"


async def test_attack_52_the_code_of_another_person(
    auth_app: FastAPI, ground: Place, pupil: Enrolled
) -> None:
    other = await enrol(await ground.somebody(ground.root))
    await forget_steps(auth_app, other.who.id)
    assert await check(auth_app, pupil, other.code()) is None
    assert await check(auth_app, pupil, other.codes[0]) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "\x00" * 6, "9" * 10_000])
async def test_attack_52_what_is_no_code(auth_app: FastAPI, pupil: Enrolled, code: str) -> None:
    assert await check(auth_app, pupil, code) is None


async def test_attack_52_guesses_must_wait_longer_and_longer(auth_app: FastAPI, pupil: Enrolled) -> None:
    for _ in range(6):
        await check(auth_app, pupil, "000000")
    with pytest.raises(TooManyRequests):
        await check(auth_app, pupil, pupil.codes[0])


async def test_attack_52_after_a_hundred_wrong_codes_only_a_recovery_code_is_right(
    auth_app: FastAPI, pupil: Enrolled
) -> None:
    await forget_steps(auth_app, pupil.who.id)
    await auth_app.state.database.pool.execute(
        "update second_factor set failures = $2 where person_id = $1", pupil.who.id, MOST_FAILURES
    )
    assert await check(auth_app, pupil, pupil.code()) is None
    assert await check(auth_app, pupil, pupil.codes[0]) == "recovery"
    assert await check(auth_app, pupil, pupil.code()) == "otp"


async def test_attack_48_guesses_at_the_same_time_are_all_counted(auth_app: FastAPI, pupil: Enrolled) -> None:
    results = await asyncio.gather(
        *(check(auth_app, pupil, f"{number:06d}") for number in range(30)), return_exceptions=True
    )
    assert sum(result is None for result in results) <= 6
    assert all(result is None or isinstance(result, TooManyRequests) for result in results)


async def test_attack_52_enrolment_needs_a_fresh_sign_in(auth_app: FastAPI, ground: Place) -> None:
    somebody = await ground.somebody(ground.root)
    begun = await somebody.http.post(FACTOR)
    assert begun.status_code == 201
    await backdate_sign_ins(auth_app, somebody.id, 6)
    for path, body in [("", None), ("/confirmation", {"code": "123456"})]:
        answer = await somebody.http.post(FACTOR + path, json=body)
        assert answer.status_code == 401, answer.text
        assert answer.json()["type"].endswith("/fresh-sign-in-needed")
        assert "insufficient_user_authentication" in answer.headers["www-authenticate"]


async def test_attack_52_enrolment_belongs_to_its_session(ground: Place) -> None:
    somebody = await ground.somebody(ground.root)
    await somebody.http.post(FACTOR)
    thief = await sign_in(ground.app, somebody.username, PASSWORD)
    answer = await thief.http.post(f"{FACTOR}/confirmation", json={"code": "123456"})
    assert answer.json()["type"].endswith("/second-factor-absent")


async def test_attack_52_no_second_enrolment_beside_the_first(pupil: Enrolled) -> None:
    answer = await pupil.who.http.post(FACTOR)
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (409, "second-factor-present")


async def test_a_wrong_code_confirms_nothing(ground: Place) -> None:
    somebody = await ground.somebody(ground.root)
    await somebody.http.post(FACTOR)
    answer = await somebody.http.post(f"{FACTOR}/confirmation", json={"code": "ABCD-EFGH-JKLM-NPQR"})
    assert answer.json()["type"].endswith("/second-factor-code-refused")
    assert (await somebody.http.get(FACTOR)).json()["enrolled"] is False


async def test_attack_55_a_recovery_code_is_good_once_and_hashed(auth_app: FastAPI, pupil: Enrolled) -> None:
    code = pupil.codes[3]
    results = await asyncio.gather(*(check(auth_app, pupil, code.lower()) for _ in range(4)))
    assert sorted(result or "" for result in results) == ["", "", "", "recovery"]
    assert (await pupil.who.http.get(FACTOR)).json()["recovery_codes_left"] == 9
    stored = await auth_app.state.database.pool.fetch(
        "select c::text from recovery_code c where person_id = $1", pupil.who.id
    )
    assert len(stored) == 10
    plain = code.replace("-", "")
    assert not any(plain.encode().hex() in row[0] or plain in row[0] for row in stored)


async def test_attack_76_the_secret_is_sealed(auth_app: FastAPI, pupil: Enrolled) -> None:
    sealed = await auth_app.state.database.pool.fetchval(
        "select secret from second_factor where person_id = $1", pupil.who.id
    )
    assert pupil.secret not in sealed
    rows = await auth_app.state.database.pool.fetch("select data::text from audit")
    text = " ".join(row[0] for row in rows)
    assert not any(code in text for code in pupil.codes)


async def test_new_recovery_codes_void_the_old_ones(auth_app: FastAPI, pupil: Enrolled) -> None:
    answer = await pupil.who.http.post(f"{FACTOR}/recovery-codes", json={"code": pupil.codes[0]})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert await check(auth_app, pupil, pupil.codes[1]) is None
    assert await check(auth_app, pupil, answer.json()["recovery_codes"][1]) == "recovery"


async def test_removal_needs_freshness_and_a_code(auth_app: FastAPI, pupil: Enrolled) -> None:
    removal = f"{FACTOR}/removal"
    wrong = await pupil.who.http.post(removal, json={"code": "000000"})
    assert (wrong.status_code, wrong.json()["type"].rsplit("/")[-1]) == (422, "second-factor-code-refused")
    await backdate_sign_ins(auth_app, pupil.who.id, 6)
    old = await pupil.who.http.post(removal, json={"code": pupil.codes[0]})
    assert old.status_code == 401
    await backdate_sign_ins(auth_app, pupil.who.id, -6)
    assert (await pupil.who.http.post(removal, json={"code": pupil.codes[0]})).status_code == 204
    assert (await pupil.who.http.get(FACTOR)).json() == {
        "enrolled": False,
        "since": None,
        "recovery_codes_left": 0,
    }
    again = await pupil.who.http.post(removal, json={"code": pupil.codes[1]})
    assert again.json()["type"].endswith("/second-factor-absent")
    assert await check(auth_app, pupil, pupil.codes[1]) is None


async def test_an_administrator_in_charge_helps_who_lost_everything(
    ground: Place, pupil: Enrolled, auth_app: FastAPI
) -> None:
    path = f"/v1/people/{pupil.who.id}/second-factor"
    stranger = await new_place(auth_app)
    assert (await stranger.admin.http.delete(path)).status_code == 404
    classmate = await ground.somebody(ground.root)
    assert (await classmate.http.delete(path)).status_code == 404
    assert (await ground.admin.http.delete(path)).status_code == 204
    assert not await is_enrolled(auth_app.state.database.pool, pupil.who.id)
    live = "select count(*) from session where person_id = $1 and ended_at is null"
    assert await auth_app.state.database.pool.fetchval(live, pupil.who.id) == 0
    assert (await ground.admin.http.delete(path)).status_code == 409
    rows = await auth_app.state.database.pool.fetch(
        "select action from audit where subject_id = $1", pupil.who.id
    )
    assert {"second_factor.enrolled", "second_factor.reset"} <= {row["action"] for row in rows}


async def test_attack_77_without_redis_no_code_is_looked_at(auth_app: FastAPI, pupil: Enrolled) -> None:
    class Away(Scripts):
        async def run(self, *_arguments: object) -> None:
            raise RedisAway

    state = auth_app.state
    blind = SecondFactors(state.database, seal_of(state.settings), Throttle(Away(state.redis), prefix="x:"))
    with pytest.raises(RedisAway):
        await blind.check(pupil.who.id, pupil.codes[0], datetime.now(UTC), network=new_network())
    assert (await pupil.who.http.get(FACTOR)).json()["recovery_codes_left"] == 10
    recovery = Recovery(state.database, state.passwords, Throttle(Away(state.redis), prefix="x:"))
    with pytest.raises(RedisAway):
        await recovery.want_link(pupil.who.username, "en", network=new_network())
