"""Codes never stand in sentences: every reason and state has its words in both languages."""

from typing import get_args

import pytest

from libs.common.problems import Problem
from services.creditbank.approvals.problems import DecisionNotDue
from services.creditbank.approvals.words import STATES
from services.creditbank.awards import rules as awards
from services.creditbank.awards.problems import ProgrammeNotMet
from services.creditbank.cases import rules as cases
from services.creditbank.conversions.problems import NotConvertible
from services.creditbank.corrections.schemas import State as CorrectionState
from services.creditbank.deposits.schemas import ItemAnswer
from services.creditbank.deposits.words import REASONS
from services.creditbank.institutions import rules as institutions
from services.creditbank.institutions.problems import StandingForbids
from services.creditbank.recognition import rules as recognition
from services.creditbank.rulebook import rules as rulebook
from services.creditbank.rulebook.problems import RuleFaulty
from services.creditbank.transfers import rules as transfers


def test_each_reason_of_an_item_has_words() -> None:
    told = ItemAnswer.model_fields["reason"].annotation
    reasons = {reason for part in get_args(told) for reason in get_args(part)}
    assert reasons | {"key_conflict"} == set(REASONS)


def test_each_state_that_is_decided_on_has_words() -> None:
    kinds = (awards, cases, recognition, rulebook, transfers)
    states = {state for kind in kinds for state in kind.STATES} | set(get_args(CorrectionState)) | {"lapsed"}
    assert states == set(STATES)
    assert set(institutions.STANDINGS) == set(StandingForbids.words["standing"])


@pytest.mark.parametrize("kind", [one for one in Problem.registry.values() if one.words])
def test_a_problem_says_what_a_code_means(kind: type[Problem]) -> None:
    for name, words in kind.words.items():
        for code in words:
            text = kind(**{name: code}).explanation()
            assert text is not None
            assert code not in text.zh
            assert "_" not in text.en


def test_what_has_no_words_is_told_as_it_is() -> None:
    text = DecisionNotDue(state="elsewhere").explanation()
    assert text is not None
    assert text.in_language("zh-CN") == "当前状态：elsewhere。"


def test_each_fault_of_rules_is_explained() -> None:
    text = RuleFaulty(["target", "step", "target"]).explanation()
    assert text.zh == "target：没有该学分体系，或与规则自身的体系相同。step：须大于 0。"


def test_each_lot_and_each_rule_is_explained() -> None:
    text = NotConvertible({3: "too_old", 4: "grade_too_low"}).explanation()
    assert text.en == "Lot 3: earned too long ago. Lot 4: the grade is too low."
    assert text.zh == "第 3 笔：取得时间过早。第 4 笔：成绩过低。"
    assert ProgrammeNotMet(["single_use"]).explanation() is None
