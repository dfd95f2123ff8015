"""Birth dates from rosters: by them the other services learn who is under 14."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.integration.auth.places import Place
from tests.integration.auth.rosters.sets import (
    RosterSet,
    as_v1p1,
    delta,
    findings,
    importing,
    places,
    small_set,
)
from tests.integration.auth.rosters.stored import stored_person

YEAR = datetime.now(UTC).year


def born(tag: str, **days: str) -> RosterSet:
    """The small set with birth dates of s1, s2 … and facts that are nobody's business."""
    content = small_set(tag)
    content.files["demographics"] = [
        {"sourcedId": f"{key}-{tag}", "birthDate": day, "sex": "female\x00", "white": "perhaps"}
        for key, day in days.items()
    ]
    return content


async def told(here: Place, key: str) -> tuple[str, int]:
    """The consent as told last, and the version."""
    person = await stored_person(here, key)
    data: Any = await here.app.state.database.pool.fetchval(
        "select data from outbox where subject = $1 order by position desc limit 1", str(person["id"])
    )
    event = json.loads(data)
    return event["consent"], event["version"]


async def test_birth_dates_say_who_needs_consent(here: Place) -> None:
    tag = uuid4().hex[:8]
    content = born(tag, s1=f"{YEAR - 9}-02-28", s2=f"{YEAR - 15}-01-01")
    job = await importing(here, content)
    assert (job["state"], job["findings"]["codes"]) == (
        "applied",
        {"name_part_missing": 1},
    ), "what is unread is not checked"
    assert await told(here, f"s1-{tag}") == ("missing", 1)
    assert await told(here, f"s2-{tag}") == ("not-needed", 1)
    assert await told(here, f"s3-{tag}") == ("missing", 1), "nobody told"
    assert (await importing(here, content))["state"] == "unchanged"

    content.row("demographics", f"s1-{tag}")["birthDate"] = f"{YEAR - 16}-01-01"
    job = await importing(here, content)
    assert job["counts"]["people"]["changed"] == 1
    assert await told(here, f"s1-{tag}") == ("not-needed", 2)

    changes = delta({"demographics": [{"sourcedId": f"s3-{tag}", "birthDate": f"{YEAR - 20}-05-05"}]})
    assert (await importing(here, changes))["state"] == "applied"
    assert await told(here, f"s3-{tag}") == ("not-needed", 2)
    gone = content.without("demographics", f"s1-{tag}")
    assert (await importing(here, gone))["state"] == "unchanged", "a date that is left out is not forgotten"


async def test_a_hand_beats_the_roster_s_birth_date(here: Place) -> None:
    tag = uuid4().hex[:8]
    await importing(here, born(tag, s1=f"{YEAR - 15}-01-01"))
    child = await stored_person(here, f"s1-{tag}")
    corrected = f"{YEAR - 10}-01-01"
    path = f"/v1/people/{child['id']}"
    assert (await here.admin.http.patch(path, json={"birth_date": corrected})).status_code == 200
    job = await importing(here, born(tag, s1=f"{YEAR - 15}-01-01"))
    assert job["state"] == "unchanged"
    assert str((await stored_person(here, f"s1-{tag}"))["birth_date"]) == corrected


async def test_birth_dates_that_are_none(here: Place) -> None:
    tag = uuid4().hex[:8]
    job = await importing(here, born(tag, s1=f"{YEAR + 1}-12-31", s2="1899-12-31"))
    assert job["findings"]["codes"]["birth_date_implausible"] == 2
    assert await told(here, f"s1-{tag}") == ("missing", 1), "the safe side"
    job = await importing(here, born(tag, s1="29.2.2012"))
    assert job["state"] == "refused"
    job = await importing(here, born(tag, nobody="2012-02-29"))
    assert ("reference", "demographics.csv", 2, "sourcedId") in places(await findings(here.admin.http, job))


async def test_oneroster_1_1_has_them_too(here: Place) -> None:
    tag = uuid4().hex[:8]
    job = await importing(here, as_v1p1(born(tag, s1=f"{YEAR - 15}-01-01")))
    assert job["state"] == "applied"
    assert (await told(here, f"s1-{tag}"))[0] == "not-needed"
