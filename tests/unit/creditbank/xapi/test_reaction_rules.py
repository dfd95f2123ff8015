"""What meets a condition, and what follows from it."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.xapi.reactions.rules import (
    Condition,
    Terms,
    acts_alone,
    attempt_of,
    claim_key,
    grade,
    is_met,
    vouched_for,
)

VERB, QUIZ, COURSE = "https://x/passed", "https://x/quiz", "https://x/course"
ISSUER = "https://auth.example"
SCORES = st.floats(-1, 1, allow_nan=False)
MAYBE = st.none() | st.booleans()


def condition(**more: Any) -> Condition:
    return Condition(
        frozenset(more.pop("verbs", [VERB])),
        frozenset(more.pop("activities", [QUIZ])),
        frozenset(more.pop("within", [])),
        **more,
    )


def statement(**parts: Any) -> dict[str, Any]:
    return {"actor": {"mbox": "mailto:a@b.example"}, "verb": {"id": VERB}, "object": {"id": QUIZ}, **parts}


def terms(**more: Any) -> Terms:
    values: dict[str, Any] = {
        "course": UUID(int=1),
        "amount": 100,
        "attempt": None,
        "grade": None,
        "grades": (),
    }
    return Terms(**{**values, "conditions": (condition(),), "authorities": None, "zone": "UTC", **more})


@given(SCORES, SCORES, MAYBE, MAYBE, MAYBE, MAYBE)
def test_everything_asked_for_must_be_said(
    least: float,
    score: float,
    success: bool | None,
    completion: bool | None,
    said: bool | None,
    done: bool | None,
) -> None:
    wanted = condition(score_at_least=least, success=success, completion=completion)
    result: dict[str, Any] = {"score": {"scaled": score}}
    result |= {"success": said} if said is not None else {}
    result |= {"completion": done} if done is not None else {}
    expected = score >= least and success in (None, said) and completion in (None, done)
    assert is_met(wanted, statement(result=result)) is expected
    assert not is_met(wanted, statement(result={**result, "score": {"raw": 100}}))
    assert not is_met(wanted, statement())


def test_what_it_is_about() -> None:
    within = statement(
        object={"id": "https://x/else"}, context={"contextActivities": {"parent": [{"id": COURSE}]}}
    )
    assert is_met(condition(), statement())
    assert is_met(condition(within=[COURSE]), within)
    assert not is_met(condition(), within)
    assert not is_met(
        condition(within=[COURSE]), {**within, "object": {"objectType": "Agent", "mbox": "mailto:a@b.c"}}
    )
    assert not is_met(condition(activities=[COURSE]), within)
    assert not is_met(condition(verbs=["https://x/failed"]), statement())


def test_who_acts() -> None:
    assert acts_alone(statement())
    assert not acts_alone(statement(actor={"objectType": "Group", "mbox": "mailto:a@b.example"}))


@given(st.lists(st.tuples(SCORES, st.text(min_size=1, max_size=3)), unique_by=lambda step: step[0]), SCORES)
def test_a_grade_is_of_the_highest_step_reached(steps: list[tuple[float, str]], score: float) -> None:
    found = grade(terms(grade="P", grades=tuple(steps)), score)
    reached = [step for step in steps if step[0] <= score]
    assert found == (max(reached)[1] if reached else "P")
    assert grade(terms(grade="P", grades=tuple(steps)), None) == "P"


def test_whose_word_counts() -> None:
    credential = str(uuid4())

    def counts(authority: dict[str, Any], key: str | None = "key", of: Terms | None = None) -> bool:
        return vouched_for(
            authority, key, of or terms(), issuer=ISSUER, platform="us", credentials={credential}
        )

    client = {"account": {"homePage": ISSUER, "name": "client"}}
    tool = {"account": {"homePage": "https://bank.example/xapi", "name": credential}}
    other = {"account": {"homePage": "https://bank.example/xapi", "name": str(uuid4())}}
    pair = {"objectType": "Group", "member": [client, {"account": {"homePage": ISSUER, "name": "person"}}]}
    assert counts(client)
    assert counts(tool)
    assert counts(other, "us")
    assert not counts(other)
    assert not counts(pair, None)
    assert not counts({**client, "objectType": "Group"})
    named = terms(authorities=frozenset({"key"}))
    assert counts(other, "key", named)
    assert not counts(tool, "another", named)
    assert not counts(pair, None, named)


@pytest.mark.parametrize("code", ["quiz", "学" * 200])
def test_keys_and_attempts_are_as_deposits_take_them(code: str) -> None:
    one, other = UUID(int=1), UUID(int=2)
    assert claim_key(code, one) == claim_key(code, one) != claim_key(code, other)
    assert len(claim_key(code, one)) <= 200
    assert len(attempt_of(code, terms())) <= 200
    assert attempt_of(code, terms(attempt="spring")) == "spring"
