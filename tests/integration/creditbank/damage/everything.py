"""Everything that can happen in a bank, once: what the damage tests alter."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.institutions.handlers import organisation_changed_where_reviewed
from services.creditbank.learners.handlers import people_erased, people_merged
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import Part, Place
from services.creditbank.ledger.service import Ledger
from services.creditbank.ledger.sweeping import Sweeper
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.settings import CreditbankSettings
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.damage.moving import moves
from tests.integration.creditbank.rules.conftest import Desk, conversion, programme, rule
from tests.integration.creditbank.sending import HEADER, Files, row
from tests.integration.creditbank.world import (
    District,
    as_event,
    make_district,
    organisation,
    person,
    tell_of_people,
)
from tests.integration.creditbank.xapi.reactions.worker import rule_of, store_passed

ECTS, EXPIRING = "test:ects", "test:expiring"
APPROVE = {"decision": "approve"}
_SCHEMES = """
insert into scheme (id, code, title_en, title_zh, decimals, valid_months) values
  (900, $1, 'ECTS', '欧洲学分', 2, null), (902, $2, 'Expiring', '会过期的学分', 2, 12)
"""


@dataclass
class Everything:
    """The bank and those who act in it."""

    bank: Bank
    app: FastAPI
    store: ServiceStore
    settings: CreditbankSettings
    keys: KeyRing
    district: District = field(default_factory=District)
    registrar: UUID = field(default_factory=new_id)
    second: UUID = field(default_factory=new_id)
    above: UUID = field(default_factory=new_id)

    @property
    def desk(self) -> Desk:
        return Desk(self.bank)

    @property
    def database(self) -> Database:
        found: Database = self.app.state.database
        return found

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.keys)


async def let_it_happen(at: Everything) -> None:
    """All of it; what is left open stays open."""
    owner = await asyncpg.connect(at.store.migrations_database)
    await owner.execute(_SCHEMES, ECTS, EXPIRING)
    await owner.close()
    at.district = await make_district(at.database, at.keys, students=11)
    await tell_of_people(
        at.database,
        at.keys,
        person(at.registrar, ("registrar", at.district.school)),
        person(at.second, ("administrator", at.district.school)),
        person(at.above, ("administrator", at.district.region)),
    )
    await awards_and_conversions(at)
    await transfer_and_recognition(at)
    await correction_and_freezes(at)
    await what_time_does(at)
    await files_and_standings(at)
    await case(at)
    await reaction(at)
    await lives(at)
    await moves(at.database, at.keys, *at.district.students[8:])
    await log(at)


async def _published(at: Everything, document: dict[str, Any]) -> str:
    made = await at.desk.ok(at.registrar, "POST", "/v1/rules", rule(at.district.school, document))
    await at.desk.ok(at.second, "POST", f"/v1/rules/{made['id']}/decision", APPROVE)
    identifier: str = made["id"]
    return identifier


async def awards_and_conversions(at: Everything) -> None:
    """One award stands, one was rescinded, one waits; credits were converted with a remainder."""
    desk, student, school = at.desk, at.district.students[0], at.district.school
    rules = await _published(at, programme())
    for n in range(3):
        lots = await desk.lots(student, (school, at.district.course, "3.00"), attempt=f"a{n}")
        body = {"programme": rules, "key": f"k{n}", "lots": lots}
        award = await desk.ok(student, "POST", "/v1/awards", body)
        path = f"/v1/awards/{award['id']}"
        if n < 2:
            await desk.ok(at.registrar, "POST", f"{path}/decision", APPROVE)
        if n == 1:
            await desk.ok(at.registrar, "POST", f"{path}/rescission", {"reason": "forged"})
            await desk.ok(at.second, "POST", f"{path}/rescission/decision", APPROVE)
    terms = await _published(at, conversion(target=ECTS, numerator=2, denominator=3, step="0.50"))
    lots = await desk.lots(student, (school, at.district.course, "4.00"))
    body = {"rule": terms, "key": "c", "lots": [{"lot": lots[0], "credits": "4.00"}]}
    await desk.ok(student, "POST", "/v1/conversions", body)
    lots = await desk.lots(student, (school, at.district.course, "4.00"))
    body = {"rule": terms, "key": "d", "lots": [{"lot": lots[0], "credits": "4.00"}]}
    made = await desk.ok(student, "POST", "/v1/conversions", body)
    path = f"/v1/learners/{student}/conversions/{made['id']}/corrections"
    asked = await desk.ok(at.registrar, "POST", path, {"reason": "by mistake"})
    decision = f"/v1/corrections/{asked['id']}/decision"
    await desk.ok(at.second, "POST", decision, {"decision": "approved"})


async def transfer_and_recognition(at: Everything) -> None:
    desk, student, district = at.desk, at.district.students[1], at.district
    lots = await desk.lots(student, *[(district.other_school, district.other_course, "3.00")] * 2)
    asked = {"institution": str(district.school), "key": "t", "lots": [{"lot": lot} for lot in lots]}
    transfer = await desk.ok(student, "POST", "/v1/transfers", asked)
    answers = [
        {"lot": lots[0], "decision": "accept"},
        {"lot": lots[1], "decision": "refuse", "reason": "outside the subject"},
    ]
    await desk.ok(at.registrar, "POST", f"/v1/transfers/{transfer['id']}/decision", {"lots": answers})
    await desk.ok(student, "POST", "/v1/transfers", {**asked, "key": "u"})
    claims = [{"title": "Ten years a carpenter", "evidence": "Letters"}]
    asked = {"institution": str(district.school), "key": "r", "claims": claims}
    path = f"/v1/recognitions/{(await desk.ok(student, 'POST', '/v1/recognitions', asked))['id']}"
    offers = [{"number": 1, "course": str(district.course), "credits": "3.00"}]
    await desk.ok(at.registrar, "POST", f"{path}/assessment", {"claims": offers})
    await desk.ok(at.second, "POST", f"{path}/decision", APPROVE)
    await desk.ok(student, "POST", f"{path}/acceptance")
    await desk.ok(student, "POST", "/v1/recognitions", {**asked, "key": "s"})


async def correction_and_freezes(at: Everything) -> None:
    """A deposit was replaced; an account was frozen and let go, and has been used since."""
    student, district, client = at.district.students[2], at.district, at.bank.client
    posted = await at.bank.posted(district.school, item(student, district.course, attempt="2026"))
    replacement = {
        "course": {"id": str(district.course)}, "attempt": "2026", "credits": "2.00",
        "earned_on": "2026-06-30",
    }  # fmt: skip
    path = f"/v1/deposits/{posted['batch']}/entries/{posted['items'][0]['entry']}/corrections"
    body = {"reason": "marked anew", "replacement": replacement}
    asked = await client.post(path, json=body, headers=at.bank.of_client(district.school))
    decided = {"decision": "approved"}
    await at.desk.ok(at.registrar, "POST", f"/v1/corrections/{asked.json()['id']}/decision", decided)
    frozen = await at.desk.ok(at.second, "POST", f"/v1/learners/{student}/freezes", {"reason": "a case"})
    freeze = frozen["items"][0]["id"]
    await at.desk.ok(at.above, "POST", f"/v1/learners/{student}/freezes/{freeze}/end")
    number = await at.database.pool.fetchval("select number from learner where id = $1", student)
    connection = await at.database.connect()
    await at.ledger.redeem(connection, number, 1, [Part(3, 50)], key="after it")
    await connection.close()


async def what_time_does(at: Everything) -> None:
    """Holds were released, lapsed, captured in part; lots expired; a redemption was taken back."""
    student = at.district.students[3]
    await at.desk.lots(student, *[(at.district.school, at.district.course, "5.00")] * 2)
    await at.bank.posted(
        at.district.school, item(student, at.district.course, earned_on="2020-01-31"), scheme=EXPIRING
    )
    number = await at.database.pool.fetchval("select number from learner where id = $1", student)
    connection = await at.database.connect()

    async def hold(key: str, seconds: float) -> Any:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        return await at.ledger.hold(
            connection, number, 1, [Part(1, 20)], key=key, until=until, purpose="test"
        )

    await hold("lapses", 1)
    await at.ledger.release(connection, await hold("released", 600))
    captured = await hold("captured", 600)
    await at.ledger.capture(connection, captured, key="c", parts=[Part(1, 15)])
    spent = await at.ledger.redeem(connection, number, 1, [Part(2, 30)], key="r")
    await at.ledger.rescind(connection, Place(number, 1, spent.place.sequence), key="b")
    waiting = "select exists (select from hold where until <= now() and resolved is null)"
    while not await connection.fetchval(waiting):
        pass
    await connection.close()
    sweeper = Sweeper(at.database, at.ledger)
    assert await sweeper.lapse() == 1
    assert await sweeper.expire() == 1


async def files_and_standings(at: Everything) -> None:
    """A file was approved by another; a suspended item was claimed; a school was let in by two."""
    files = Files(at.bank, at.app, at.district.school)
    content = HEADER + row("S-4") + row("S-99") + row("S-5")
    waiting = await files.done(content, needs_approval=True, suspend_unknown=True)
    await at.desk.ok(
        at.registrar, "POST", f"/v1/deposit-files/{waiting['id']}/decision", {"decision": "approved"}
    )
    await at.app.state.file_worker.work_through()
    identifiers = [{"organisation": at.district.district, "sourced_id": "S-99"}]
    late = person(new_id(), ("student", at.district.school), identifiers=identifiers)
    await tell_of_people(at.database, at.keys, late)
    suspended = await at.bank.client.get(
        f"/v1/institutions/{at.district.school}/suspense", headers=files.headers
    )
    claim = f"/v1/suspense/{suspended.json()['items'][0]['id']}/claim"
    claimed = await at.bank.client.post(
        claim, json={"learner": {"sourced_id": "S-99"}}, headers=files.headers
    )
    assert claimed.json()["state"] == "posted", claimed.text
    school = new_id()
    told = organisation(school, [at.district.region, at.district.district])
    connection = await at.database.connect()
    await organisation_changed_where_reviewed(connection, [as_event(told)])
    await connection.close()
    head, other = new_id(), new_id()
    await tell_of_people(
        at.database,
        at.keys,
        person(head, ("administrator", school)),
        person(other, ("administrator", at.district.district)),
    )
    for who, act in ((head, "apply"), (other, "review"), (at.above, "register")):
        await at.desk.ok(who, "POST", f"/v1/institutions/{school}/standing", {"act": act})


async def case(at: Everything) -> None:
    """A deposit was disputed and taken back, and the learner appealed all the same."""
    student, desk = at.district.students[4], at.desk
    await desk.lots(student, (at.district.school, at.district.course, "1.00"))
    entry = (await at.bank.entries(student))["items"][0]["id"]
    asked = {"about": {"kind": "entry", "id": entry}, "claim": "Not mine.", "key": "c"}
    path = f"/v1/cases/{(await desk.ok(student, 'POST', '/v1/cases', asked))['id']}"
    await desk.ok(student, "POST", f"{path}/evidence", {"text": "I was ill that day."})
    upheld = {"outcome": "upheld", "reasons": "So it is.", "remedy": {"kind": "revocation"}}
    decided = await desk.ok(at.registrar, "POST", f"{path}/decision", upheld)
    correction = f"/v1/corrections/{decided['remedies'][0]['id']}/decision"
    await desk.ok(at.second, "POST", correction, {"decision": "approved"})
    await desk.ok(student, "POST", f"{path}/appeal", {"reasons": "And an apology."})
    await desk.ok(at.above, "POST", f"{path}/decision", {"outcome": "dismissed", "reasons": "No."})


async def reaction(at: Everything) -> None:
    """A statement became credits."""
    school, document = at.district.school, rule_of(at.district)
    await _published(at, document)
    await store_passed(at.database, school, at.district.students[4:5])
    while not await at.database.pool.fetchval("select count(*) from xapi_claim"):
        await at.app.state.reactor.work(school)


async def lives(at: Everything) -> None:
    """Two records became one; somebody was erased."""
    kept, gone, erased = at.district.students[5], at.district.students[6], at.district.students[7]
    for student in (kept, gone, erased, *at.district.students[8:10]):
        await at.desk.lots(student, (at.district.school, at.district.course, "1.00"))
    connection = await at.database.connect()
    async with connection.transaction():
        await people_merged(connection, [as_event({"id": gone, "into": kept, "version": 3})])
        await people_erased(connection, [as_event({"id": erased, "version": 9})])
    await connection.close()


async def log(at: Everything) -> None:
    """Two checkpoints, and entries that wait for the next."""
    connection = await at.database.connect()
    sequencer = Sequencing(at.database, at.settings).sequencer(connection)
    await sequencer.open()
    for _ in range(2):
        await sequencer.step()
        await at.desk.lots(at.district.students[4], (at.district.school, at.district.course, "1.00"))
    await connection.close()
