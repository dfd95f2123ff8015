"""What users of other ledgers complain about, ten times (design, section 4): it does not happen here."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.accounts import repository as accounts
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import Kind, Operation, Part
from services.creditbank.ledger.service import Ledger
from services.creditbank.log.merkle import check_inclusion, inclusion_proof, leaf_hash
from services.creditbank.log.tiles import subtrees
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.log.conftest import LogBank
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, conversion, programme
from tests.integration.creditbank.sending import HEADER, Files, row
from tests.integration.creditbank.test_lives import tell
from tests.integration.creditbank.world import District

APPROVE = {"decision": "approve"}


async def test_complaint_1_the_same_key_replays_the_answer_and_another_payload_is_refused(
    desk: Desk, publish: Publish, district: District, ects: str
) -> None:
    student, school = district.students[0], district.school
    one = item(student, district.course, credits="4.00")
    (first,) = (await desk.bank.posted(school, one))["items"]
    (again,) = (await desk.bank.posted(school, one))["items"]
    (other,) = (await desk.bank.posted(school, {**one, "credits": "5.00"}))["items"]
    assert (first["outcome"], again["outcome"], other["outcome"]) == ("posted", "replayed", "conflict")
    assert again["entry"] == first["entry"]
    terms = await publish(conversion(target=ects))
    wish = {"rule": terms, "key": "k", "lots": [{"lot": 1, "credits": "2.00"}]}
    converted = await desk.ok(student, "POST", "/v1/conversions", wish)
    assert await desk.ok(student, "POST", "/v1/conversions", wish) == converted
    wish["lots"] = [{"lot": 1, "credits": "1.00"}]
    assert (await desk.refused(student, "POST", "/v1/conversions", wish))[0] == 409
    (account, target) = sorted((await desk.bank.account(student))["accounts"], key=lambda a: a["scheme"])[
        ::-1
    ]
    assert (account["available"], target["available"]) == ("2.00", "3.00")


async def correction_of(desk: Desk, office: Office, district: District, **body: Any) -> tuple[str, str]:
    """Post a deposit and ask for its correction: the path of the correction, and of asking again."""
    posted = await desk.bank.posted(district.school, item(district.students[0], district.course))
    path = f"/v1/deposits/{posted['batch']}/entries/{posted['items'][0]['entry']}/corrections"
    asked = await desk.ok(office.registrar, "POST", path, {"reason": "marked anew", **body})
    return f"/v1/corrections/{asked['id']}", path


async def test_complaint_2_a_reversal_happens_once_and_a_refused_repetition_does_nothing(
    desk: Desk, office: Office, district: District
) -> None:
    correction, path = await correction_of(desk, office, district)
    approved = {"decision": "approved"}
    await desk.ok(office.second, "POST", f"{correction}/decision", approved)
    again = await desk.ok(office.registrar, "POST", path, {"reason": "once more"})
    for address in (correction, f"/v1/corrections/{again['id']}"):
        assert (await desk.refused(office.second, "POST", f"{address}/decision", approved))[0] == 409
    (account,) = (await desk.bank.account(district.students[0]))["accounts"]
    assert (account["available"], account["revoked"], account["entries"]) == ("0.00", "1.00", 2)


async def test_complaint_3_what_is_held_is_not_available_and_a_rejected_hold_is_not_committed(
    desk: Desk, publish: Publish, office: Office, district: District
) -> None:
    rules, student = await publish(programme()), district.students[0]
    await desk.lots(student, (district.school, district.course, "3.00"))
    award = await desk.ok(student, "POST", "/v1/awards", {"programme": rules, "key": "a"})
    (account,) = (await desk.bank.account(student))["accounts"]
    assert (account["available"], account["held"]) == ("0.00", "3.00")
    second = {"programme": rules, "key": "b"}
    assert await desk.refused(student, "POST", "/v1/awards", second) == (409, "programme-not-met")
    path = f"/v1/awards/{award['id']}/decision"
    await desk.ok(office.registrar, "POST", path, {"decision": "reject", "reason": "not enrolled"})
    assert await desk.refused(office.second, "POST", path, APPROVE) == (409, "decision-not-due")
    (account,) = (await desk.bank.account(student))["accounts"]
    assert (account["available"], account["held"], account["redeemed"]) == ("3.00", "0.00", "0.00")


async def test_complaint_4_all_or_nothing_or_one_by_one_as_the_caller_chooses(
    desk: Desk, office: Office, district: District, files: Files
) -> None:
    content = HEADER + row("S-1") + row("S-9") + row("S-2")
    whole = await files.done(content, atomic=True)
    assert (whole["state"], whole["posted"], whole["refusal"]) == ("refused", 0, "items_refused")
    each = await files.done(content)
    assert (each["state"], each["posted"], each["refused"]) == ("posted", 2, 1)
    # A correction is two entries: the reversal alone does not happen when the other cannot be.
    replacement = {"course": {"sourced_id": "C-3"}, "credits": "2.00", "earned_on": "2026-06-30"}
    correction, _ = await correction_of(desk, office, district, replacement=replacement)
    decided = await desk.refused(office.second, "POST", f"{correction}/decision", {"decision": "approved"})
    assert decided == (409, "replacement-refused")
    (account,) = (await desk.bank.account(district.students[0]))["accounts"]
    assert (account["available"], account["revoked"]) == ("1.00", "0.00")


async def test_complaint_5_a_balance_is_read_without_looking_at_its_history(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    """However many entries there are: neither they nor their postings are touched."""
    student = district.students[0]
    await bank.posted(district.school, item(student, district.course, credits="9.00"))
    number = await database.pool.fetchval("select number from learner where id = $1", student)
    until = datetime.now(UTC) + timedelta(hours=1)
    holds = [
        Operation(Kind.HOLD, number, 1, f"h{n}", new_id(), [Part(1, 1)], until=until, purpose="x")
        for n in range(60)
    ]
    placed = await Ledger(keys).post(database.pool, holds)
    ends = [
        Operation(Kind.RELEASE, number, 1, f"r{n}", new_id(), target=one.sequence)
        for n, one in enumerate(placed)
    ]
    await Ledger(keys).post(database.pool, ends)
    (account,) = (await bank.account(student))["accounts"]
    assert (account["entries"], account["available"]) == (121, "9.00")
    plan = await database.pool.fetch(f"explain (verbose) {accounts._BALANCES}", student)
    text = "\n".join(line[0] for line in plan)
    assert "public.account" in text
    assert "public.posting" not in text
    assert "public.entry" not in text


async def found(desk: Desk, district: District, **query: str) -> list[dict[str, Any]]:
    """What the school finds among its own postings."""
    response = await desk.bank.client.get(
        f"/v1/institutions/{district.school}/postings",
        params=query,
        headers=desk.bank.of_client(district.school),
    )
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def test_complaint_6_entries_are_found_by_external_reference_and_time(
    desk: Desk, database: Database, district: District
) -> None:
    first = item("S-0", "C-1", attempt="2025-autumn", grade="A")
    await desk.bank.posted(district.school, first, item("S-1", "C-1", attempt="2026-spring"))
    between = (await database.pool.fetchval("select clock_timestamp()")).isoformat()
    await desk.bank.posted(district.school, item("S-0", "C-2", attempt="2026-spring"))
    (by_key,) = await found(desk, district, key=first["key"])
    (by_attempt,) = await found(desk, district, attempt="2025-autumn")
    assert by_key == by_attempt
    assert (by_key["learner"], by_key["grade"]) == (str(district.students[0]), "A")
    (last,) = await found(desk, district, attempt="2026-spring", learner_sourced_id="S-0")
    assert await found(desk, district, **{"from": between}) == [last]
    assert len(await found(desk, district, until=between)) == 2
    assert await found(desk, district, course_sourced_id="C-2") == [last]


async def test_complaint_7_what_was_reversed_is_found_and_says_by_what(
    desk: Desk, office: Office, district: District
) -> None:
    correction, _ = await correction_of(desk, office, district)
    await desk.bank.posted(district.school, item("S-1", "C-1"))
    await desk.ok(office.second, "POST", f"{correction}/decision", {"decision": "approved"})
    newest, oldest = (await desk.bank.entries(district.students[0]))["items"]
    assert (oldest["kind"], oldest["reversed_by"]) == ("deposit", newest["sequence"])
    assert (newest["kind"], newest["reverses"]) == ("revocation", oldest["sequence"])
    (reversed_one,) = await found(desk, district, reversed="true")
    assert (reversed_one["entry"], reversed_one["reversed_by"]) == (oldest["id"], newest["id"])
    (other,) = await found(desk, district, reversed="false")
    assert other["learner"] == str(district.students[1])


async def test_complaint_8_writers_of_the_same_accounts_neither_deadlock_nor_run_short(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    """As many spend at once as there are credits for, while calls name the learners in all orders."""
    student = district.students[0]
    await bank.posted(district.school, item(student, district.course, credits="0.12"))
    number = await database.pool.fetchval("select number from learner where id = $1", student)
    ledger = Ledger(keys)

    async def spend(n: int) -> None:
        connection = await database.connect()
        await ledger.redeem(connection, number, 1, [Part(1, 1)], key=f"s{n}")
        await connection.close()

    def post(n: int) -> Any:
        who = district.students if n % 2 else district.students[::-1]
        return bank.posted(district.school, *(item(one, district.course) for one in who))

    answers = await asyncio.gather(*(spend(n) for n in range(12)), *(post(n) for n in range(12)))
    assert [one["posted"] for one in answers[12:]] == [3] * 12
    (account,) = (await bank.account(student))["accounts"]
    assert (account["redeemed"], account["available"]) == ("0.12", "12.00")


async def test_complaint_9_balances_are_read_as_of_any_time_also_with_late_entries(
    desk: Desk, database: Database, district: District
) -> None:
    student, balances = district.students[0], "/v1/accounts/me/balances"
    await desk.bank.posted(district.school, item(student, district.course, earned_on="2026-06-30"))
    known = await database.pool.fetchval("select clock_timestamp()")
    await desk.bank.posted(district.school, item(student, district.course, earned_on="2025-01-31"))

    async def available(**when: str) -> str:
        found = await desk.ok(student, "GET", balances, params=when)
        return "".join(one["available"] for one in found["accounts"] if one["scheme"] == "xuebu:credits")

    assert await available() == "2.00"
    assert await available(recorded_at=known.isoformat()) == "1.00"
    assert await available(effective_at=date(2026, 1, 1).isoformat()) == "1.00"
    lines = (await desk.ok(student, "GET", "/v1/accounts/me/statement?by=effective"))["items"]
    assert [line["balance"]["available"] for line in lines] == ["1.00", "2.00"]
    assert [line["effective_on"] for line in lines] == ["2025-01-31", "2026-06-30"]


async def test_complaint_10_erasure_leaves_hashes_in_the_log_and_others_proofs_whole(
    log_bank: LogBank,
) -> None:
    await log_bank.post(6)
    await log_bank.seal()
    gone, *others = log_bank.district.students
    await tell(log_bank.database, log_bank.keys, {"id": gone, "version": 10})
    checkpoint = await log_bank.check()
    written = b"".join(path.read_bytes() for path in log_bank.directory.rglob("*") if path.is_file())
    for personal in (str(gone), gone.hex, "小明", "王"):
        assert personal.encode() not in written
    assert gone.bytes not in written
    subtree = subtrees((await log_bank.files()).read, checkpoint.size)
    rows = await log_bank.database.pool.fetch(
        "select l.leaf, e.commitment from entry e join account a using (learner, scheme),"
        " leaf_of(e.commitment, e.recorded_at) l where a.person = any($1)",
        others,
    )
    assert len(rows) == 4
    for one in rows:
        proof = inclusion_proof(subtree, one["leaf"], checkpoint.size)
        check_inclusion(one["leaf"], checkpoint.size, leaf_hash(one["commitment"]), proof, checkpoint.root)
    assert await log_bank.database.pool.fetchval("select count(*) from account where person = $1", gone) == 0
