"""Who makes, tries, stops and sees rules that turn statements into credits; bad rules are refused."""

from typing import Any
from uuid import UUID, uuid4

from libs.common.ids import new_id
from tests.integration.creditbank.conftest import item
from tests.integration.creditbank.rules.conftest import rule as proposal
from tests.integration.creditbank.world import person, tell_of_people
from tests.integration.creditbank.xapi.reactions.conftest import PASSED, School, account, condition, passed
from tests.integration.creditbank.xapi.statements import fresh

ACTIVITY = "https://x.example/quiz"


async def test_two_people_make_a_rule_and_nothing_happens_before(
    school: School, learner: UUID, quiz: str
) -> None:
    registrar, second = school.office.registrar, school.office.second
    await school.store(passed(account(learner), quiz))
    body = proposal(school.id, school.document(condition(quiz)), effective_from="2020-01-01")
    made = await school.desk.ok(registrar, "POST", "/v1/rules", body)
    await school.work()
    assert await school.claims() == []
    decision = f"/v1/rules/{made['id']}/decision"
    assert await school.desk.refused(registrar, "POST", decision, {"decision": "approve"}) == (
        403,
        "another-must-decide",
    )
    assert ("rule", made["id"]) in await school.desk.waiting(second)
    pause = f"/v1/xapi-reactions/{made['id']}"
    assert await school.desk.refused(registrar, "PATCH", pause, {"status": "paused"}) == (
        409,
        "reaction-pending",
    )
    await school.desk.ok(second, "POST", decision, {"decision": "approve"})
    await school.work()
    assert await school.states() == [("posted", None)], "it looks at what was stored from its first day on"


async def test_a_trial_tells_what_would_be_posted_and_posts_nothing(
    school: School, learner: UUID, quiz: str, stranger: UUID
) -> None:
    other, third = school.district.students[1:]
    await school.bank.posted(school.id, item(other, school.district.course, attempt="quiz-1"))
    await school.store(*(passed(account(who), quiz) for who in (learner, learner, other, stranger)))
    await school.work()
    document = school.document(condition(quiz), attempt="quiz-1")
    body = proposal(school.id, document, effective_from="2020-01-01")
    draft = await school.desk.ok(school.office.registrar, "POST", "/v1/rules", body)
    path = f"/v1/xapi-reactions/{draft['id']}/trial"
    query = "select count(*) from outbox where subject = $1"
    before = await school.database.pool.fetchval(query, str(school.id))
    told = await school.desk.ok(school.office.second, "POST", path)
    assert told["claims"] == {"posted": 1, "refused": 1, "waiting": 0}
    assert (told["complete"], told["looked_at"], told["unknown"]) == (True, 4, 1)
    assert {(one["learner"], one["state"], one["reason"]) for one in told["items"]} == {
        (str(learner), "posted", None),
        (str(other), "refused", "attempt_already_posted"),
    }
    await school.work()
    assert await school.claims() == []
    assert await school.credits(learner) == []
    assert await school.database.pool.fetchval(query, str(school.id)) == before
    decision = f"/v1/rules/{draft['id']}/decision"
    await school.desk.ok(school.office.second, "POST", decision, {"decision": "approve"})
    await school.work()
    await school.store(passed(account(third), quiz))
    again = await school.desk.ok(school.office.second, "POST", path)
    assert again["claims"]["posted"] <= 1, "what was posted is not told again"
    assert await school.desk.refused(learner, "POST", path) == (404, "not-found")
    assert await school.desk.refused(school.office.elsewhere, "POST", path) == (404, "not-found")
    assert await school.desk.refused(
        school.office.second, "POST", f"/v1/xapi-reactions/{new_id()}/trial"
    ) == (
        404,
        "not-found",
    )


async def test_others_see_and_change_nothing(school: School, learner: UUID, quiz: str) -> None:
    rule = await school.rule(condition(quiz))
    await school.store(passed(account(learner), quiz))
    await school.work()
    (claim,) = await school.claims()
    auditor = new_id()
    await tell_of_people(school.database, school.keys, person(auditor, ("auditor", school.id)))
    reading = (f"/v1/xapi-reactions?institution={school.id}", f"/v1/institutions/{school.id}/claims")
    writing: tuple[tuple[str, str, Any], ...] = (
        ("PATCH", f"/v1/xapi-reactions/{rule}", {"status": "paused"}),
        ("POST", f"/v1/claims/{claim['id']}/retry", None),
    )
    for path in reading:
        for who in (auditor, school.office.second, school.office.above):
            assert len((await school.desk.ok(who, "GET", path))["items"]) == 1
        for who in (learner, school.office.elsewhere, school.office.assessor):
            assert await school.desk.refused(who, "GET", path) == (404, "not-found")
        for place, status in (
            (school.id, 200),
            (school.district.region, 200),
            (school.district.other_school, 404),
        ):
            headers = school.bank.of_client(place)
            assert (await school.bank.client.get(path, headers=headers)).status_code == status
    for method, path, body in writing:
        for who in (learner, school.office.elsewhere, school.office.assessor, auditor):
            assert await school.desk.refused(who, method, path, body) == (404, "not-found")
    assert await school.desk.refused(school.office.second, "POST", f"/v1/claims/{new_id()}/retry") == (
        404,
        "not-found",
    )
    assert await school.states() == [("posted", None)]


async def test_the_learner_and_a_guardian_by_consent_read_the_statements(
    school: School, learner: UUID, quiz: str
) -> None:
    guardian, other = new_id(), school.district.students[1]
    await school.rule(condition(quiz))
    one = passed(account(learner), quiz, 0.8)
    await school.store(one)
    by_hand = await school.bank.posted(school.id, item(learner, school.district.course))
    await school.work()
    (claim,) = await school.claims()
    path = f"/v1/learners/{learner}/entries/{claim['entry']}/evidence"
    told = await school.desk.ok(learner, "GET", path)
    assert told["id"] == claim["id"]
    (proof,) = told["evidence"]
    assert (proof["content"]["id"], proof["content"]["result"]) == (one["id"], one["result"])
    for who in (other, guardian, school.office.second):
        assert await school.desk.refused(who, "GET", path) == (404, "not-found")
    elsewhere = f"/v1/learners/{learner}/entries/{by_hand['items'][0]['entry']}/evidence"
    assert await school.desk.refused(learner, "GET", elsewhere) == (404, "not-found")
    others = f"/v1/learners/{other}/entries/{claim['entry']}/evidence"
    assert await school.desk.refused(other, "GET", others) == (404, "not-found")
    relation = [{"person": guardian, "relation": "parent"}]
    await school.tell(learner, guardians=relation, consent="missing")
    assert (await school.desk.refused(guardian, "GET", path))[0] == 403
    await school.tell(learner, guardians=relation, consent="given")
    assert (await school.desk.ok(guardian, "GET", path))["id"] == claim["id"]


async def test_who_made_the_rule_does_not_decide_a_case_about_what_it_gave(
    school: School, learner: UUID, quiz: str
) -> None:
    await school.rule(condition(quiz))
    await school.store(passed(account(learner), quiz))
    await school.work()
    (claim,) = await school.claims()
    asked = {"about": {"kind": "entry", "id": claim["entry"]}, "claim": "It was harder.", "key": "c"}
    case = await school.desk.ok(learner, "POST", "/v1/cases", asked)
    path, decision = f"/v1/cases/{case['id']}/decision", {"outcome": "dismissed", "reasons": "No."}
    for maker in (school.office.registrar, school.office.second):
        assert await school.desk.refused(maker, "POST", path, decision) == (403, "another-must-decide")
    await school.desk.ok(school.office.above, "POST", path, decision)


async def test_a_child_without_consent_has_what_the_institution_posts(
    school: School, learner: UUID, quiz: str
) -> None:
    """As with any other posting: the duty is the institution's."""
    await school.tell(learner, consent="missing")
    await school.rule(condition(quiz))
    await school.store(passed(account(learner), quiz))
    await school.work()
    assert await school.states() == [("posted", None)]


FAULTY: tuple[dict[str, Any], ...] = (
    {"conditions": []},
    {"conditions": [{"verbs": [PASSED]}]},
    {"conditions": [{"verbs": [], "activities": [ACTIVITY]}]},
    {"conditions": [{"verbs": ["passed"], "activities": [ACTIVITY]}]},
    {"conditions": [condition(ACTIVITY, score_at_least=1.1)]},
    {"conditions": [condition(ACTIVITY, score_at_least="0.6")]},
    {"conditions": [condition(ACTIVITY, raw=3)]},
    {"credits": "0.00"},
    {"credits": "-1.00"},
    {"course": "maths"},
    {"time_zone": "Nowhere/At all"},
    {"time_zone": "../../etc/passwd"},
    {"authorities": []},
    {"authorities": [{"name": "anybody"}]},
    {"grades": [{"at_least": 0.5, "grade": "A"}, {"at_least": 0.5, "grade": "B"}]},
    {"grade": "\u202eA"},
)


async def test_a_rule_that_cannot_be_applied_is_not_taken(school: School) -> None:
    for changes in FAULTY:
        document = {**school.document(condition(ACTIVITY)), **changes}
        assert await school.desk.refused(
            school.office.registrar, "POST", "/v1/rules", proposal(school.id, document)
        ) == (422, "invalid-request"), changes


async def test_a_rule_about_an_unknown_course_is_faulty(school: School) -> None:
    document = school.document(condition(fresh("activity")), course=str(uuid4()))
    assert await school.desk.refused(
        school.office.registrar, "POST", "/v1/rules", proposal(school.id, document)
    ) == (422, "rule-faulty")
