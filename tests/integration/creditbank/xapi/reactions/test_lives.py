"""Learners who become known later, who are merged or erased; rules that are paused, and their versions."""

from typing import Any
from uuid import UUID, uuid4

from tests.integration.creditbank.conftest import item
from tests.integration.creditbank.test_lives import findings
from tests.integration.creditbank.xapi.reactions.conftest import School, account, condition, mailbox, passed
from tests.integration.creditbank.xapi.statements import agent, fresh


async def test_what_nobody_is_known_for_counts_when_auth_tells_of_them(
    school: School, quiz: str, stranger: UUID
) -> None:
    address = f"{uuid4().hex}@example.com"
    rule = await school.rule(condition(quiz))
    await school.store(passed(mailbox(address), quiz), passed(mailbox(address), quiz), passed(agent(), quiz))
    await school.work()
    assert await school.claims() == []
    assert (await school.reaction(rule))["unknown"] == 3
    await school.tell(stranger, email=address)
    await school.work()
    assert await school.states() == [("posted", None)]
    assert (await school.reaction(rule))["unknown"] == 1
    assert len(await school.credits(stranger)) == 1


async def test_an_account_at_auth_waits_for_its_person(school: School, quiz: str, stranger: UUID) -> None:
    await school.rule(condition(quiz))
    await school.store(passed(account(stranger), quiz))
    await school.work()
    await school.tell(stranger)
    await school.work()
    assert await school.states() == [("posted", None)]


async def test_a_linked_account_counts_with_what_was_stored_before(
    school: School, learner: UUID, quiz: str
) -> None:
    elsewhere = agent()
    await school.rule(condition(quiz))
    await school.store(passed(elsewhere, quiz))
    await school.work()
    await school.desk.ok(
        school.office.second, "POST", f"/v1/learners/{learner}/identities", {"agent": elsewhere}
    )
    await school.work()
    assert len(await school.credits(learner)) == 1


async def test_who_is_of_another_line_waits_until_they_come(
    school: School, quiz: str, stranger: UUID
) -> None:
    other = school.district.other_school
    await school.tell(stranger, ("student", other))
    await school.rule(condition(quiz))
    await school.store(passed(account(stranger), quiz))
    await school.work()
    assert await school.states() == [("waiting", "learner_unknown")]
    await school.tell(stranger, ("student", school.id))
    await school.work()
    assert await school.states() == [("posted", None)]
    assert len(await school.credits(stranger)) == 1


async def test_merged_records_meet_conditions_together_and_have_credits_once(
    school: School, quiz: str
) -> None:
    one, survivor, third = school.district.students
    project = fresh("activity")
    await school.rule(condition(quiz), condition(project), attempt="both")
    await school.rule(condition(project), attempt="each")
    await school.store(passed(account(one), quiz), passed(account(survivor), project))
    await school.store(passed(account(third), project))
    await school.work()
    assert [len(await school.credits(who)) for who in (survivor, third)] == [1, 1]
    await school.merge(one, survivor)
    await school.merge(third, survivor)
    await school.work()
    assert len(await school.credits(survivor)) == 3, "each of theirs, and the one of both together"
    await school.store(
        passed(account(one), project), passed(account(third), quiz), passed(account(one), quiz)
    )
    await school.work()
    assert len(await school.credits(survivor)) == 3
    assert await findings(school.database, school.keys) == []


async def test_of_the_erased_nothing_leads_from_credits_to_statements(
    school: School, learner: UUID, quiz: str, stranger: UUID
) -> None:
    address, project = f"{uuid4().hex}@example.com", fresh("activity")
    await school.tell(learner, email=address)
    await school.rule(condition(quiz))
    await school.rule(condition(quiz), condition(project), attempt="both")
    await school.store(passed(account(learner), quiz), passed(account(stranger), quiz))
    await school.work()
    await school.erase(learner)
    await school.erase(stranger)
    for table in ("xapi_claim", "xapi_evidence", "xapi_reaction_match"):
        query = f"select count(*) from {table} where organisation = $1"
        assert await school.database.pool.fetchval(query, school.id) == 0, table
    await school.store(passed(mailbox(address), quiz))
    await school.work()
    assert await school.claims() == []


async def test_a_suspended_institution_posts_nothing_and_loses_nothing(
    school: School, learner: UUID, quiz: str, stranger: UUID
) -> None:
    await school.tell(stranger, ("registrar", school.district.district))
    await school.rule(condition(quiz))
    path = f"/v1/institutions/{school.id}/standing"
    await school.desk.ok(school.office.above, "POST", path, {"act": "suspend", "reason": "inspection"})
    await school.store(passed(account(learner), quiz))
    await school.work()
    assert await school.claims() == []
    await school.desk.ok(stranger, "POST", path, {"act": "reinstate"})
    await school.work()
    assert await school.states() == [("posted", None)]


async def test_a_paused_rule_waits_and_goes_on_where_it_was(school: School, learner: UUID, quiz: str) -> None:
    rule = await school.rule(condition(quiz), code="quiz")
    path, registrar = f"/v1/xapi-reactions/{rule}", school.office.registrar
    paused = await school.desk.ok(registrar, "PATCH", path, {"status": "paused"})
    await school.desk.ok(registrar, "PATCH", path, {"status": "paused"})
    assert (paused["status"], [one["act"] for one in paused["changes"]]) == ("paused", ["paused"])
    later = await school.rule(condition(quiz), code="quiz")
    assert (await school.reaction(later))["status"] == "paused", "a version does not start what was stopped"
    await school.store(passed(account(learner), quiz))
    await school.work()
    assert await school.claims() == []
    resumed = await school.desk.ok(registrar, "PATCH", path, {"status": "active"})
    assert [one["act"] for one in resumed["changes"]] == ["paused", "resumed"]
    assert resumed["changes"][0]["by"] == str(registrar)
    await school.work()
    assert await school.states() == [("posted", None)]


async def test_versions_count_what_happened_in_their_days_and_give_credits_once(
    school: School, quiz: str, stranger: UUID
) -> None:
    early, both, late = school.district.students
    await school.tell(stranger)

    def at(who: UUID, day: str, score: float) -> dict[str, Any]:
        return passed(account(who), quiz, score, timestamp=f"{day}T04:00:00Z")

    first = await school.rule(condition(quiz, score_at_least=0.8), code="quiz")
    await school.store(at(early, "2024-06-01", 0.6), at(both, "2024-06-01", 0.8), at(late, "2025-06-01", 0.6))
    await school.work()
    assert [one["learner"] for one in await school.claims()] == [str(both)]
    second = await school.rule(
        condition(quiz, score_at_least=0.6), code="quiz", credits="3.00", effective_from="2025-01-01"
    )
    await school.store(at(both, "2025-07-01", 0.9))
    await school.work()
    await school.store(at(stranger, "2025-07-01", 0.9))
    await school.work()
    assert [(one["learner"], one["rule"]["id"]) for one in await school.claims()] == [
        (str(stranger), second),
        (str(late), second),
        (str(both), first),
    ]
    assert [one[0] for one in await school.credits(late)] == ["3.00"]
    assert [one[0] for one in await school.credits(both)] == ["2.00"]
    await school.store(at(early, "2024-12-31", 0.8))
    await school.work()
    assert (await school.claims())[0]["rule"]["id"] == first, "late news of the former's days"


async def test_what_stood_in_the_way_is_gone_and_the_claim_is_tried_again(
    school: School, learner: UUID, quiz: str
) -> None:
    posted = await school.bank.posted(school.id, item(learner, school.district.course, attempt="quiz-1"))
    batch, entry = posted["batch"], posted["items"][0]["entry"]
    await school.rule(condition(quiz), attempt="quiz-1")
    await school.store(passed(account(learner), quiz))
    await school.work()
    (claim,) = await school.claims(state="refused", entry=entry)
    registrar, second = school.office.registrar, school.office.second
    path = f"/v1/deposits/{batch}/entries/{entry}/corrections"
    asked = await school.desk.ok(registrar, "POST", path, {"reason": "posted by hand"})
    await school.desk.ok(second, "POST", f"/v1/corrections/{asked['id']}/decision", {"decision": "approved"})
    retry = f"/v1/claims/{claim['id']}/retry"
    again = await school.desk.ok(registrar, "POST", retry)
    assert (again["state"], again["trying_again"]) == ("refused", True)
    await school.work()
    (claim,) = await school.claims()
    assert (claim["state"], claim["trying_again"]) == ("posted", False)
    assert await school.desk.refused(registrar, "POST", retry) == (409, "claim-posted")
