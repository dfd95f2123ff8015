"""What a suspended or withdrawn institution still does, and what is done with a learner who is no more."""

from typing import Any

import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_erased
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, programme, rule
from tests.integration.creditbank.sending import HEADER, Files, row
from tests.integration.creditbank.world import District, as_event, person, tell_of_people

APPROVE = {"decision": "approve"}


@pytest.mark.parametrize("act", ["suspend", "withdraw"])
async def test_an_institution_out_of_the_bank_grants_nothing(
    desk: Desk,
    bank: Bank,
    publish: Publish,
    office: Office,
    district: District,
    files: Files,
    database: Database,
    keys: KeyRing,
    act: str,
) -> None:
    """All that waits for it when it is let out, and all that is begun after."""
    student = district.students[0]
    await desk.lots(student, (district.school, district.course, "4.00"))
    degree = await publish(programme())
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": degree, "key": "a"})
    claims: dict[str, Any] = {
        "institution": str(district.school),
        "key": "r",
        "claims": [{"title": "a", "evidence": "b"}],
    }
    recognition = f"/v1/recognitions/{(await desk.ok(student, 'POST', '/v1/recognitions', claims))['id']}"
    worth = {"claims": [{"number": 1, "course": str(district.course), "credits": "1.00"}]}
    await desk.ok(office.assessor, "POST", f"{recognition}/assessment", worth)
    await desk.ok(office.registrar, "POST", f"{recognition}/decision", APPROVE)
    (lot,) = await desk.lots(student, (district.other_school, district.other_course, "1.00"))
    body = {"institution": str(district.school), "key": "t", "lots": [{"lot": lot}]}
    transfer = await desk.ok(student, "POST", "/v1/transfers", body)
    draft = await desk.ok(office.registrar, "POST", "/v1/rules", rule(district.school, programme()))
    file = await files.done(HEADER + row(), needs_approval=True)
    by = office.above if act == "suspend" else office.second
    await desk.ok(by, "POST", f"/v1/institutions/{district.school}/standing", {"act": act, "reason": "x"})

    granted = await desk.refused(office.registrar, "POST", f"/v1/awards/{award['id']}/decision", APPROVE)
    assert granted[0] == 409, granted
    assert (await desk.refused(student, "POST", f"{recognition}/acceptance"))[0] == 409
    decision = {"lots": [{"lot": lot, "decision": "accept"}]}
    accepted = await desk.refused(office.second, "POST", f"/v1/transfers/{transfer['id']}/decision", decision)
    assert accepted[0] == 409, accepted
    published = await desk.refused(office.second, "POST", f"/v1/rules/{draft['id']}/decision", APPROVE)
    assert published[0] in (200, 409)
    assert (await desk.refused(student, "POST", "/v1/awards", {"programme": degree, "key": "b"}))[0] == 409
    for body in (claims | {"key": "r2"},):
        assert (await desk.refused(student, "POST", "/v1/recognitions", body))[0] in (404, 409)
    address = f"/v1/deposit-files/{file['id']}/decision"
    await desk.ok(office.second, "POST", address, {"decision": "approved"})
    await files.app.state.file_worker.work_through()
    assert (await files.shown(file["id"]))["refusal"] == "not_registered"
    assert (await bank.post(district.school, item(student, district.course))).status_code == 409
    # What the learner has stays the learner's: it can be had back, and read.
    withdrawn = await desk.ok(student, "POST", f"/v1/awards/{award['id']}/withdrawal")
    assert withdrawn["state"] == "withdrawn"
    assert (await bank.account(student))["accounts"][0]["available"] == "5.00"


@pytest.mark.parametrize("act", ["suspend", "withdraw"])
async def test_an_institution_out_of_the_bank_takes_nothing_back_by_itself(
    desk: Desk, bank: Bank, publish: Publish, office: Office, district: District, act: str
) -> None:
    """It may ask; two of its own people are not enough any more, nor is its client: those above decide."""
    student, school = district.students[0], district.school
    await desk.lots(student, (school, district.course, "4.00"))
    degree = await publish(programme())
    made = await desk.ok(student, "POST", "/v1/awards", {"programme": degree, "key": "a"})
    award = f"/v1/awards/{made['id']}"
    await desk.ok(office.registrar, "POST", f"{award}/decision", APPROVE)
    posted = await bank.posted(school, item(student, district.course, credits="1.00"))
    by = office.above if act == "suspend" else office.second
    await desk.ok(by, "POST", f"/v1/institutions/{school}/standing", {"act": act, "reason": "x"})

    await desk.ok(office.registrar, "POST", f"{award}/rescission", {"reason": "x"})
    refused = await desk.refused(office.second, "POST", f"{award}/rescission/decision", APPROVE)
    assert refused == (403, "above-must-decide")
    entry = f"/v1/deposits/{posted['batch']}/entries/{posted['items'][0]['entry']}"
    asked = await desk.ok(office.registrar, "POST", f"{entry}/corrections", {"reason": "x"})
    correction, approved = f"/v1/corrections/{asked['id']}/decision", {"decision": "approved"}
    assert await desk.refused(office.second, "POST", correction, approved) == (403, "above-must-decide")
    own = await bank.client.post(correction, json=approved, headers=bank.of_client(school))
    assert own.status_code == 403
    assert (await bank.account(student))["accounts"][0]["redeemed"] != "0.00"

    await desk.ok(office.above, "POST", f"{award}/rescission/decision", APPROVE)
    above = await bank.client.post(correction, json=approved, headers=bank.of_client(district.region))
    assert (above.status_code, above.json()["state"]) == (200, "approved")
    assert (await bank.account(student))["accounts"][0]["available"] == "4.00"


async def test_of_an_erased_learner_nothing_is_granted_asked_or_read(
    desk: Desk,
    bank: Bank,
    publish: Publish,
    office: Office,
    district: District,
    database: Database,
    keys: KeyRing,
) -> None:
    student = district.students[0]
    await desk.lots(student, (district.school, district.course, "4.00"))
    degree = await publish(programme())
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": degree, "key": "a"})
    posted = await bank.posted(district.school, item(student, district.course))
    entry = f"/v1/deposits/{posted['batch']}/entries/{posted['items'][0]['entry']}"
    correction = await desk.ok(
        office.registrar,
        "POST",
        f"{entry}/corrections",
        {
            "reason": "x",
            "replacement": {"course": {"sourced_id": "C-1"}, "credits": "2.00", "earned_on": "2026-06-30"},
        },
    )
    connection = await database.connect()
    async with connection.transaction():
        await people_erased(connection, [as_event({"id": student, "version": 60})])
    await connection.close()
    granted = await desk.refused(office.registrar, "POST", f"/v1/awards/{award['id']}/decision", APPROVE)
    assert granted[0] in (404, 409), granted
    decided = await desk.refused(
        office.second, "POST", f"/v1/corrections/{correction['id']}/decision", {"decision": "approved"}
    )
    assert decided[0] in (200, 409), decided
    for path, body in (
        ("/v1/awards", {"programme": degree, "key": "z"}),
        ("/v1/transfers", {"institution": str(district.school), "key": "z", "lots": [{"lot": 1}]}),
        (
            "/v1/recognitions",
            {"institution": str(district.school), "key": "z", "claims": [{"title": "a", "evidence": "b"}]},
        ),
        (f"/v1/programmes/{degree}/audit", {}),
    ):
        assert (await desk.refused(student, "POST", path, body))[0] in (404, 409), path
    assert (await bank.account(student))["accounts"] == []
    assert (await bank.entries(student))["items"] == []
    assert (await desk.refused(office.second, "POST", f"/v1/learners/{student}/freezes", {"reason": "x"}))[
        0
    ] == 404
    refused = await bank.posted(district.school, item(student, district.course))
    assert refused["items"][0]["reason"] == "learner_unknown"


async def test_a_frozen_learner_asks_for_nothing_that_spends(
    desk: Desk, bank: Bank, publish: Publish, office: Office, district: District, ects: str
) -> None:
    from tests.integration.creditbank.rules.conftest import conversion

    student = district.students[0]
    (lot,) = await desk.lots(student, (district.school, district.course, "4.00"))
    degree, terms = await publish(programme()), await publish(conversion())
    await desk.ok(office.second, "POST", f"/v1/learners/{student}/freezes", {"reason": "x"})
    spent = {"rule": terms, "key": "c", "lots": [{"lot": lot, "credits": "2.00"}]}
    assert await desk.refused(student, "POST", "/v1/conversions", spent) == (409, "account-frozen")
    asked = {"programme": degree, "key": "a"}
    assert await desk.refused(student, "POST", "/v1/awards", asked) == (409, "account-frozen")


async def test_tokens_for_others_and_of_nobody_decide_nothing(
    bank: Bank, district: District, database: Database, keys: KeyRing
) -> None:
    """Every route that changes something, with tokens that are not for it."""
    from services.creditbank.settings import AUDIENCE
    from tests.issuer import Issuer, bearer

    who = new_id()
    await tell_of_people(database, keys, person(who, ("administrator", district.region)))
    scope = "credits.read credits.write credits.post"
    stranger = Issuer(bank.issuer.address, kid=bank.issuer.kid)
    tokens = [
        bank.issuer.person(who, "urn:xuebu:auth", scope),
        bank.issuer.person(who, AUDIENCE + "/", scope),
        stranger.person(who, AUDIENCE, scope),
        bank.issuer.sign(sub=str(who), aud=[AUDIENCE], scope=scope, sid="x", exp=1),
        bank.issuer.sign({"alg": "none"}, sub=str(who), aud=[AUDIENCE], scope=scope),
        bank.issuer.sign({"typ": "JWT"}, sub=str(who), aud=[AUDIENCE], scope=scope),
        "x",
    ]
    document = (await bank.client.get("/openapi.json")).json()
    paths = [
        (method, path)
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith("/v1/") and method in ("post", "put", "delete")
    ]
    assert len(paths) > 25
    for method, path in paths:
        address = path
        for name in document["paths"][path][method].get("parameters", ()):
            address = address.replace("{" + name["name"] + "}", str(new_id()))
        for token in tokens:
            response = await bank.client.request(method, address, json={}, headers=bearer(token))
            assert response.status_code == 401, (method, path)
        reading = bearer(bank.issuer.person(who, AUDIENCE, "credits.read"))
        response = await bank.client.request(method, address, json={}, headers=reading)
        assert response.status_code in (403, 404, 422), (method, path, response.status_code)
