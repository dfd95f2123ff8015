"""What the bank tells others of awards, corrections and freezes: how each stands now."""

from typing import Any

import orjson

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, programme
from tests.integration.creditbank.world import District, person, tell_of_people


async def told(database: Database, kind: str, subject: str) -> list[dict[str, Any]]:
    rows = await database.pool.fetch(
        "select data from outbox where type = $1 and subject = $2 order by position", kind, subject
    )
    return [orjson.loads(row["data"]) for row in rows]


async def test_an_award_is_told_at_each_step(
    desk: Desk, publish: Publish, office: Office, district: District, database: Database
) -> None:
    student = district.students[0]
    await desk.lots(student, (district.school, district.course, "3.00"))
    rules = await publish(programme())
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    path = f"/v1/awards/{award['id']}"
    await desk.ok(office.registrar, "POST", f"{path}/decision", {"decision": "approve"})
    await desk.ok(office.registrar, "POST", f"{path}/rescission", {"reason": "private"})
    await desk.ok(office.second, "POST", f"{path}/rescission/decision", {"decision": "approve"})
    steps = await told(database, "creditbank.award.changed.v1", award["id"])
    states = ["requested", "certified", "rescinding", "rescinded"]
    assert [(one["version"], one["state"]) for one in steps] == list(enumerate(states, start=1))
    last = steps[-1]
    assert (last["learner"], last["institution"]) == (str(student), str(district.school))
    assert (last["programme"]["id"], last["scheme"], last["credits"]) == (rules, "xuebu:credits", "3.00")
    assert "private" not in str(steps)
    entries = []
    for kind in ("redeemed", "rescinded"):
        for one in await told(database, f"creditbank.credits.{kind}.v1", str(district.school)):
            entries += [entry for entry in one["entries"] if entry["learner"] == str(student)]
    assert [one["amount"] for one in entries] == ["3.00", "3.00"]
    assert entries[1]["reverses"] == entries[0]["id"]


async def test_a_correction_and_a_freeze_are_told(
    desk: Desk, office: Office, district: District, database: Database, keys: KeyRing
) -> None:
    student, above = district.students[0], new_id()
    await tell_of_people(database, keys, person(above, ("administrator", district.district)))
    await desk.lots(student, (district.school, district.course, "3.00"))
    (entry,) = (await desk.bank.entries(student))["items"]
    path = f"/v1/deposits/{entry['batch']}/entries/{entry['id']}/corrections"
    asked = await desk.ok(office.registrar, "POST", path, {"reason": "private"})
    decision = {"decision": "approved"}
    done = await desk.ok(office.second, "POST", f"/v1/corrections/{asked['id']}/decision", decision)
    first, last = await told(database, "creditbank.correction.changed.v1", asked["id"])
    assert (first["version"], first["state"], first["entry"]) == (1, "requested", entry["id"])
    assert (last["version"], last["state"], last["revocation"]) == (2, "approved", done["revocation"])
    (revoked,) = await told(database, "creditbank.credits.revoked.v1", str(district.school))
    assert revoked["entries"] == [
        {
            "id": done["revocation"], "learner": str(student), "amount": "3.00", "expired": "0.00",
            "reverses": entry["id"],
        }
    ]  # fmt: skip
    address = f"/v1/learners/{student}/freezes"
    (freeze,) = (await desk.ok(office.second, "POST", address, {"reason": "private"}))["items"]
    await desk.ok(above, "POST", address, {"reason": "another"})
    await desk.ok(above, "POST", f"{address}/{freeze['id']}/end")
    steps = await told(database, "creditbank.freeze.changed.v1", str(student))
    assert steps == [{"learner": str(student), "version": n, "frozen": True} for n in (1, 2, 3)]
