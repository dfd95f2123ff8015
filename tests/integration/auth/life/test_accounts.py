"""Accounts, sessions and tokens of merged and erased people."""

from tests.integration.auth.life.records import Records, merge, preview, problem
from tests.integration.auth.places import PASSWORD, Place, can_sign_in, connection, sign_in
from tests.integration.auth.tokens.grants import application, tokens


async def test_of_two_accounts_the_survivors_stays(here: Place, records: Records) -> None:
    school = await here.organisation()
    survivor, other = await here.somebody(school), await here.somebody(school)
    web = await application(here.app)
    async with connection(here.app) as http:
        granted = await tokens(http, web, other, scopes=("openid", "offline_access"))
        plan = await preview(here.admin.http, survivor.id, other.id)
        assert (plan["account"], plan["username"]) == ("survivor", survivor.username)
        assert plan["released"] == other.username
        assert (await merge(here.admin.http, survivor.id, other.id)).status_code == 204
        # All that the other had is over at once: tokens, sessions, refresh tokens, the user name itself.
        assert (await other.http.get("/v1/me")).status_code == 401
        refreshed = await web.refresh(http, granted["refresh_token"])
        assert (refreshed.status_code, refreshed.json()["error"]) == (400, "invalid_grant")
        assert await web.introspect(http, granted["access_token"]) == {"active": False}
    assert not await can_sign_in(here.app, other.username, PASSWORD)
    assert (await survivor.http.get("/v1/me")).status_code == 200
    assert (await sign_in(here.app, survivor.username, PASSWORD)).id == survivor.id
    # The name is free.
    free = await here.person(school)
    issued = await here.admin.http.post(
        f"/v1/people/{free}/activation-codes", json={"username": other.username}
    )
    assert issued.status_code == 201


async def test_an_account_that_alone_is_in_use_goes_to_the_survivor(here: Place, records: Records) -> None:
    school = await here.organisation()
    other, survivor = await here.somebody(school), await here.person(school)
    invited = await here.admin.http.post(f"/v1/people/{survivor}/activation-codes", json={"username": None})
    code = invited.json()["code"]
    plan = await preview(here.admin.http, survivor, other.id)
    assert (plan["account"], plan["username"]) == ("other", other.username)
    assert (await merge(here.admin.http, survivor, other.id)).status_code == 204
    assert (await other.http.get("/v1/me")).status_code == 401, "tokens name the record that is gone"
    assert (await sign_in(here.app, other.username, PASSWORD)).id == survivor
    async with connection(here.app) as http:
        late = await http.post("/v1/activations", json={"code": code, "password": PASSWORD})
        assert problem(late) == (422, "code-refused")


async def test_whoever_signs_in_with_the_moved_account_is_the_survivor(here: Place, records: Records) -> None:
    school = await here.organisation()
    other, survivor = await here.somebody(school), await here.person(school)
    assert (await merge(here.admin.http, survivor, other.id)).status_code == 204
    alive = "select count(*) from session where person_id = $1 and ended_at is null"
    assert await records.pool.fetchval(alive, other.id) == 0
    again = await sign_in(here.app, other.username, PASSWORD)
    assert (await again.http.get("/v1/me")).json()["id"] == str(survivor)
