"""Statements that meet a rule become credits once, with the statements as evidence; others do not."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.events import Event
from libs.common.ids import new_id
from services.creditbank.xapi.composition import learning_writer
from services.creditbank.xapi.learning.handlers import handlers
from services.creditbank.xapi.learning.vocabulary import VERBS
from tests.integration.creditbank.conftest import item
from tests.integration.creditbank.xapi.conftest import Issue, Tool
from tests.integration.creditbank.xapi.reactions.conftest import (
    COMPLETED,
    PASSED,
    School,
    account,
    condition,
    mailbox,
    passed,
)
from tests.integration.creditbank.xapi.statements import fresh, statement, stored, voiding
from tests.unit.creditbank.xapi.learning import RETURNED, returned, space, submission


async def test_passed_with_a_score_becomes_credits_once_with_the_statement_as_evidence(
    school: School, learner: UUID, quiz: str
) -> None:
    rule = await school.rule(condition(quiz, score_at_least=0.6), grade="P", attempt="quiz-1")
    before = passed(account(learner), quiz, 0.59)
    first = passed(account(learner), quiz, 0.6, timestamp="2026-03-31T17:30:00Z")
    await school.store(before, first, passed(account(learner), quiz, 0.9))
    await school.work()
    assert await school.credits(learner) == [("2.00", "P", "2026-04-01")], "the day in Shanghai"
    (claim,) = await school.claims()
    entry = (await school.bank.entries(learner))["items"][0]
    assert (claim["state"], claim["entry"], claim["learner"]) == ("posted", entry["id"], str(learner))
    assert (claim["rule"]["id"], claim["rule"]["version"]) == (rule, 1)
    (proof,) = claim["evidence"]
    assert (proof["statement"], proof["condition"], proof["voided"]) == (first["id"], 0, False)
    body = await school.database.pool.fetchval(
        "select body from xapi_statement where organisation = $1 and id = $2", school.id, UUID(first["id"])
    )
    assert proof["digest"] == hashlib.sha256(body).hexdigest()
    deposit = await school.bank.client.get(
        f"/v1/deposits/{claim['deposit']}", headers=school.bank.of_client(school.id)
    )
    assert [one["attempt"] for one in deposit.json()["entries"]] == ["quiz-1"]
    await school.store(
        passed(account(learner), quiz, 1), passed(account(school.district.students[1]), quiz, 1)
    )
    await school.work()
    assert len(await school.credits(learner)) == 1
    assert await school.states() == [("posted", None)] * 2
    shown = await school.reaction(rule)
    assert (shown["claims"]["posted"], shown["unknown"], shown["status"]) == (2, 0, "active")


async def test_what_does_not_meet_the_condition_is_nothing(
    school: School, learner: UUID, quiz: str, elsewhere: Tool, issue: Issue
) -> None:
    await school.rule(condition(quiz, score_at_least=0.6, success=True, completion=True))
    good: dict[str, Any] = {"score": {"scaled": 0.7}, "success": True, "completion": True}
    actor = account(learner)

    def said(**parts: Any) -> dict[str, Any]:
        return statement(
            **{"actor": actor, "verb": {"id": PASSED}, "object": {"id": quiz}, "result": good, **parts}
        )

    voided, group = said(), {"objectType": "Group", "member": [actor]}
    await school.store(
        said(verb={"id": COMPLETED}),
        said(object={"id": fresh("activity")}),
        said(object={"objectType": "SubStatement", **_part(said())}),
        said(context={"contextActivities": {"parent": [{"id": quiz}]}}, object={"id": fresh("activity")}),
        said(actor=group),
        said(actor={"objectType": "Group", **account(learner), **{"objectType": "Group"}}),
        said(timestamp="2019-12-30T00:00:00Z"),
        said(result={**good, "success": False}),
        said(result={"score": {"scaled": 0.7}, "completion": True}),
        said(result={**good, "score": {"raw": 100, "max": 100}}),
        voided,
    )
    await school.store(voiding(voided))
    await stored(elsewhere, said())
    await school.work()
    assert await school.claims() == []
    await school.store(said())
    await school.work()
    assert await school.states() == [("posted", None)]


def _part(whole: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if name != "id"}


async def test_activities_may_be_what_it_is_within_and_verbs_one_of_several(
    school: School, learner: UUID, quiz: str
) -> None:
    course = fresh("activity")
    await school.rule(condition(within=[course], verbs=(COMPLETED, PASSED)))
    parts = {"actor": account(learner), "verb": {"id": COMPLETED}, "object": {"id": quiz}}
    for related in ("category", "other"):
        await school.store(statement(**parts, context={"contextActivities": {related: {"id": course}}}))
    await school.work()
    assert await school.claims() == []
    await school.store(statement(**parts, context={"contextActivities": {"grouping": {"id": course}}}))
    await school.work()
    assert await school.states() == [("posted", None)]


async def test_several_conditions_are_met_by_one_learner_in_any_order_under_any_name(
    school: School, quiz: str
) -> None:
    who, other, project = new_id(), school.district.students[1], fresh("activity")
    address = f"{uuid4().hex}@example.com"
    await school.tell(who, email=address)
    steps = [{"at_least": 0.9, "grade": "A"}, {"at_least": 0.6, "grade": "B"}]
    await school.rule(
        condition(quiz, score_at_least=0.6), condition(project, verbs=(COMPLETED,)), grades=steps
    )
    done = statement(
        actor=mailbox(address),
        verb={"id": COMPLETED},
        object={"id": project},
        timestamp="2026-05-02T02:00:00Z",
    )
    await school.store(done, passed(account(other), quiz, 0.95))
    await school.work()
    assert await school.claims() == []
    test = passed(account(who), quiz, 0.95, timestamp="2026-04-02T02:00:00Z")
    await school.store(test)
    await school.work()
    (claim,) = await school.claims()
    assert [one["statement"] for one in claim["evidence"]] == [test["id"], done["id"]]
    assert await school.credits(who) == [("2.00", "A", "2026-05-02")]
    assert (claim["grade"], claim["credits"]) == ("A", "2.00")


async def test_a_void_statement_leaves_its_place_to_the_next(
    school: School, learner: UUID, quiz: str
) -> None:
    project = fresh("activity")
    await school.rule(condition(quiz), condition(project))
    wrong, right = passed(account(learner), quiz), passed(account(learner), quiz)
    await school.store(wrong, right)
    await school.work()
    await school.store(voiding(wrong))
    await school.store(passed(account(learner), project))
    await school.work()
    (claim,) = await school.claims()
    assert claim["evidence"][0]["statement"] == right["id"]


async def test_voided_after_posting_is_a_note_and_no_withdrawal(
    school: School, learner: UUID, quiz: str
) -> None:
    rule = await school.rule(condition(quiz))
    one = passed(account(learner), quiz)
    await school.store(one)
    await school.work()
    await school.store(voiding(one))
    await school.work()
    (claim,) = await school.claims(voided=True)
    assert (claim["state"], claim["evidence"][0]["voided"]) == ("posted", True)
    assert claim["voided_at"]
    assert await school.claims(voided=False) == []
    assert (await school.reaction(rule))["claims"]["voided"] == 1
    assert len(await school.credits(learner)) == 1, "only a correction by two people takes credits back"
    await school.store(passed(account(learner), quiz))
    await school.work()
    assert len(await school.credits(learner)) == 1


async def test_only_the_word_of_the_organisations_tools_counts_or_of_those_named(
    school: School, learner: UUID, quiz: str, issue: Issue
) -> None:
    """A learner's own application writes in the learner's name: nobody gives credits to themselves."""
    token = school.bank.of_person(learner, "statements/write")
    body = _part(passed(account(learner), quiz))
    version = {"X-Experience-API-Version": "1.0.3"}
    answer = await school.bank.client.post("/xapi/statements", json=body, headers={**token, **version})
    named = await issue("all")
    authority = {"account": {"homePage": "http://creditbank.example/xapi", "name": named.credential["id"]}}
    trusting = await school.rule(condition(quiz))
    strict = await school.rule(condition(quiz), authorities=[authority], attempt="strict")
    await school.work()
    assert answer.status_code == 200, answer.text
    assert await school.claims() == []
    await school.store(passed(account(learner), quiz))
    await school.work()
    assert [one["rule"]["id"] for one in await school.claims()] == [trusting]
    await school.store(passed(account(learner), quiz), tool=named)
    await school.work()
    assert [one["rule"]["id"] for one in await school.claims()] == [strict, trusting]
    client = school.bank.of_client(school.id, "statements/write")
    other = school.district.students[1]
    body = _part(passed(account(other), quiz))
    answer = await school.bank.client.post("/xapi/statements", json=body, headers={**client, **version})
    assert answer.status_code == 200, answer.text
    await school.work()
    assert len(await school.claims(rule=trusting)) == 2, "a client of the organisation is a tool of it"


async def test_homework_returned_with_a_mark_becomes_credits(school: School, learner: UUID) -> None:
    """What spaces tells is the product's own word, and counts as that of the school's tools."""
    work = submission(learner, space(school.id))
    await school.rule(
        condition(f"urn:uuid:{work['post']}", verbs=(VERBS["scored"].iri,), score_at_least=0.85)
    )
    for mark in ("8.40", "8.50"):
        told = json.dumps(returned(work, new_id(), mark=mark)).encode()
        event = Event(new_id(), 1, RETURNED, work["id"], datetime.now(UTC), told)
        connection = await school.database.connect()
        async with connection.transaction():
            await handlers(learning_writer(school.app.state.settings))[RETURNED](connection, [event])
        await connection.close()
        await school.work()
        assert len(await school.credits(learner)) == (mark == "8.50")
    (claim,) = await school.claims()
    assert claim["evidence"][0]["statement"] == str(event.id)


@pytest.mark.parametrize("what", ["attempt", "course", "day", "rule"])
async def test_what_the_books_refuse_is_recorded(
    school: School, learner: UUID, quiz: str, what: str, database: Any
) -> None:
    other, entry = school.district, None
    more: dict[str, Any] = {"attempt": "quiz-1"}
    time: dict[str, Any] = {}
    who = learner
    reason = {
        "attempt": "attempt_already_posted",
        "course": "course_unknown",
        "day": "earned_in_future",
        "rule": "own_rule",
    }[what]
    if what == "attempt":
        posted = await school.bank.posted(school.id, item(learner, other.course, attempt="quiz-1"))
        entry = posted["items"][0]["entry"]
    elif what == "course":
        more["course"] = str(other.other_course)
    elif what == "day":
        time = {"timestamp": "2190-01-01T00:00:00Z"}
    else:
        who = school.office.registrar
    await school.rule(condition(quiz), **more)
    await school.store(passed(account(who), quiz, **time), passed(account(who), quiz, **time))
    await school.work()
    (claim,) = await school.claims()
    assert (claim["state"], claim["reason"], claim["entry"]) == ("refused", reason, entry)
    assert len(claim["evidence"]) == 1
    assert claim["deposit"] is None
    query = "select sum(posted) from deposit_batch where institution = $1"
    assert (await school.database.pool.fetchval(query, school.id) or 0) == (what == "attempt")
