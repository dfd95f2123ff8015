"""The three sample sets over HTTP, each twice."""

from collections import Counter
from uuid import UUID

import pytest

from tests.integration.auth.places import Place
from tests.integration.auth.rosters.sets import SHARED, findings, imported, places, zipped_folder

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the sample sets are not beside the checkout")

EDFI = {
    "organisations": 4,
    "sessions": 3,
    "courses": 84,
    "classes": 260,
    "people": 2900,
    "roles": 2900,
    "guardians": 1872,
    "enrolments": 5060,
}
CHINESE = {
    "organisations": 4,
    "sessions": 3,
    "courses": 30,
    "classes": 64,
    "people": 738,
    "roles": 738,
    "guardians": 708,
    "enrolments": 1480,
}
SDS = {
    "organisations": 4,
    "sessions": 2,
    "courses": 3,
    "classes": 2,
    "people": 8,
    "roles": 9,
    "guardians": 3,
    "enrolments": 6,
}


@pytest.mark.parametrize(
    ("name", "dialect", "expected"),
    [
        ("edfi_grandbend_v1p2", "oneroster-1.2", EDFI),
        ("synthetic_zh_v1p1", "oneroster-1.1", CHINESE),
        ("microsoft_sds_v2p1", "sds-2.1", SDS),
    ],
)
async def test_a_sample_set_loads_and_says_nothing_new_the_second_time(
    here: Place, name: str, dialect: str, expected: dict[str, int]
) -> None:
    content = zipped_folder(SHARED / name)
    http, pool = here.admin.http, here.app.state.database.pool
    job = await imported(here.app, http, here.root, content)
    assert (job["state"], job["dialect"], job["findings"]["errors"]) == ("applied", dialect, 0)
    assert {kind: job["counts"][kind]["new"] for kind in expected} == expected
    assert await pool.fetchval("select 1 from roster_upload where import_id = $1", UUID(job["id"])) is None
    told = await _told(here)
    assert told == {
        "auth.organisation.changed.v1": expected["organisations"],
        "auth.course.changed.v1": expected["courses"],
        "auth.person.changed.v1": expected["people"],
        "auth.class.changed.v1": expected["classes"],
    }

    again = await imported(here.app, http, here.root, content)
    assert again["state"] == "unchanged"
    assert {kind: again["counts"][kind]["unchanged"] for kind in expected} == expected
    assert all(
        counts["new"] == counts["changed"] == counts["closed"] == 0 for counts in again["counts"].values()
    )
    assert await _told(here) == told
    assert ("same_set", None, None, None) in places(await findings(http, again))


async def _told(here: Place) -> Counter[str]:
    """How many events there are about what lies below the root."""
    rows = await here.app.state.database.pool.fetch(
        """
        with source as (select id from roster_source where anchor_id = $1)
        select type, count(*) as number from outbox where subject in (
          select id::text from organisation where source_id in (select id from source)
          union all select id::text from course where source_id in (select id from source)
          union all select id::text from class where source_id in (select id from source)
          union all select person_id::text from person_identifier where source_id in (select id from source))
        group by type
        """,
        here.root,
    )
    return Counter({row["type"]: row["number"] for row in rows})
