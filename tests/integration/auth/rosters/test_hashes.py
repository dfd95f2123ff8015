"""Password hashes that come with a roster: people go on with the password they had; attacks 57, 68, 76."""

from uuid import uuid4

import orjson
import pytest

from services.auth.accounts.repository import kinds_of_hashes
from tests.integration.auth.places import Place, connection, sign_in
from tests.integration.auth.rosters import sets
from tests.integration.auth.rosters.sets import RosterSet, findings, importing, places, small_set
from tests.integration.auth.rosters.stored import changes, stored_person

# Hashes of the first password by other systems, with the lowest work factors those schemes know.
HAD = "seven green umbrellas"
BCRYPT = "$2b$04$xhKUVBOl9BoyyPrzu3FIeO5k82s61R23hH66BhXqZ04W1zF9X3xBm"
DJANGO = "pbkdf2_sha256$1000$PpNKalWIsRv2$LClyFjzFU5Dq8mqDnPhiLIvkO70/q8XpBDOBecFy4l8="
OTHER = "$pbkdf2-sha256$1000$jNGaE6J0rnWOkfJ.LyXEmA$" + "A" * 43
COLUMN = "metadata.passwordHash"


@pytest.fixture(autouse=True)
def _column(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extension column stands in the files of these tests."""
    for headers in (sets.HEADERS, sets.HEADERS_V1P1):
        monkeypatch.setitem(headers, "users", f"{headers['users']},{COLUMN}")


def hashed_set(tag: str, **hashes: str) -> RosterSet:
    """The small set with hashes for some of its users, by the beginning of their identifiers."""
    content = small_set(tag)
    for key, value in hashes.items():
        content.row("users", f"{key}-{tag}")[COLUMN] = value
    return content


async def account_of(here: Place, key: str) -> dict[str, object]:
    person = await stored_person(here, key)
    row = await here.app.state.database.pool.fetchrow(
        "select state, password_hash, password_from from account where person_id = $1", person["id"]
    )
    return dict(row)


async def test_people_go_on_with_the_password_they_had(here: Place) -> None:
    tag = uuid4().hex[:8]
    job = await importing(here, hashed_set(tag, s1=BCRYPT, s2=DJANGO))
    assert job["state"] == "applied", await findings(here.admin.http, job)
    assert (await account_of(here, f"s1-{tag}"))["state"] == "active"
    assert (await account_of(here, f"s3-{tag}"))["state"] == "invited"
    for key in ("s1", "s2"):
        somebody = await sign_in(here.app, f"{key}-{tag}", HAD)
        assert (await somebody.http.get("/v1/me")).status_code == 200
        upgraded = str((await account_of(here, f"{key}-{tag}"))["password_hash"])
        assert upgraded.startswith("$argon2id$v=19$m=19456,t=2,p=1$"), "upgraded at the first sign-in"
        await sign_in(here.app, f"{key}-{tag}", HAD)


async def test_the_same_set_again_changes_nothing(here: Place) -> None:
    tag = uuid4().hex[:8]
    content = hashed_set(tag, s1=BCRYPT, s2=DJANGO)
    await importing(here, content)
    assert (await importing(here, content))["state"] == "unchanged"
    await sign_in(here.app, f"s1-{tag}", HAD)
    assert (await importing(here, content))["state"] == "unchanged"
    await sign_in(here.app, f"s1-{tag}", HAD)


async def test_until_the_first_sign_in_the_other_system_may_change_it(here: Place) -> None:
    tag = uuid4().hex[:8]
    await importing(here, hashed_set(tag, s1=OTHER, s2=BCRYPT))
    await sign_in(here.app, f"s2-{tag}", HAD)
    job = await importing(here, hashed_set(tag, s1=BCRYPT, s2=OTHER))
    assert changes(job) == {"accounts": {"changed": 1}}
    await sign_in(here.app, f"s1-{tag}", HAD)
    await sign_in(here.app, f"s2-{tag}", HAD)


async def test_a_hash_never_overwrites_a_password_a_person_chose(here: Place) -> None:
    tag = uuid4().hex[:8]
    await importing(here, small_set(tag))
    person = await stored_person(here, f"s1-{tag}")
    issued = await here.admin.http.post(f"/v1/people/{person['id']}/activation-codes", json={})
    chosen = "eleven quiet lanterns"
    async with connection(here.app) as http:
        body = {"code": issued.json()["code"], "password": chosen}
        assert (await http.post("/v1/activations", json=body)).status_code == 200
    job = await importing(here, hashed_set(tag, s1=BCRYPT, s2=BCRYPT))
    assert changes(job) == {"accounts": {"changed": 1}}, "the invited one alone"
    await sign_in(here.app, f"s1-{tag}", chosen)
    await sign_in(here.app, f"s2-{tag}", HAD)


async def test_a_suspended_account_stays_so(here: Place) -> None:
    tag = uuid4().hex[:8]
    content = hashed_set(tag, s1=BCRYPT)
    content.row("users", f"s1-{tag}")["enabledUser"] = "false"
    await importing(here, content)
    assert (await account_of(here, f"s1-{tag}"))["state"] == "disabled"
    content.row("users", f"s1-{tag}")["enabledUser"] = "true"
    await importing(here, content)
    await sign_in(here.app, f"s1-{tag}", HAD)


@pytest.mark.parametrize(
    "crafted",
    [
        "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$2b$31$" + "A" * 53,
        "pbkdf2_sha256$4000000000$PpNKalWIsRv2$LClyFjzFU5Dq8mqDnPhiLIvkO70/q8XpBDOBecFy4l8=",
        "$md5$" + "a" * 32,
        "plain-text-password",
        "=cmd|' /C calc'!A0",
    ],
)
async def test_attack_57_a_crafted_hash_refuses_its_row(here: Place, crafted: str) -> None:
    tag = uuid4().hex[:8]
    job = await importing(here, hashed_set(tag, s1=crafted))
    assert job["state"] == "refused"
    found = await findings(here.admin.http, job)
    row = next(one for one in found if one["code"] == "password_hash_refused")
    assert (row["severity"], row["file"], row["row"], row["field"]) == ("error", "users.csv", 2, COLUMN)
    assert crafted.encode() not in orjson.dumps(found), "attack 76: never with its value"
    stored = await here.app.state.database.pool.fetch("select f::text from roster_finding f")
    assert not any(crafted in row[0] for row in stored)


async def test_what_means_no_password_is_none(here: Place) -> None:
    tag = uuid4().hex[:8]
    job = await importing(here, hashed_set(tag, s1="!" + "x" * 40))
    assert ("password_hash_none", "users.csv", 2, COLUMN) in places(await findings(here.admin.http, job))
    assert (await account_of(here, f"s1-{tag}"))["state"] == "invited"


async def test_a_roster_opens_no_account_that_reaches_further(here: Place) -> None:
    tag = uuid4().hex[:8]
    district = await here.organisation(kind="district")
    body = {"source": "below"}
    first = await sets.imported(here.app, here.admin.http, district, small_set(tag).zipped(), **body)
    assert first["state"] == "applied", first
    pool = here.app.state.database.pool
    teacher = await pool.fetchval("select person_id from account where canonical = $1", f"t1-{tag}")
    await here.role(teacher, here.root, "administrator")
    job = await sets.imported(
        here.app, here.admin.http, district, hashed_set(tag, t1=BCRYPT, s1=BCRYPT).zipped(), **body
    )
    assert changes(job) == {"accounts": {"changed": 1}}
    codes = {one["code"] for one in await findings(here.admin.http, job)}
    assert "password_hash_outside" in codes
    assert await pool.fetchval("select state from account where person_id = $1", teacher) == "invited"


async def test_attack_44_the_service_learns_which_hashes_its_accounts_have(here: Place) -> None:
    tag = uuid4().hex[:8]
    await importing(here, hashed_set(tag, s1=BCRYPT, s2=DJANGO))
    kinds = await kinds_of_hashes(here.app.state.database.pool)
    assert kinds["$2b$04$"] >= 1
    assert kinds["$pbkdf2-sha256$1000$"] >= 1
    assert kinds["$argon2id$v=19$m=19456,t=2,p=1$"] >= 1
    await here.app.state.hash_watch.look()
    slow = await sign_in(here.app, f"s1-{tag}", HAD)
    assert slow.session
