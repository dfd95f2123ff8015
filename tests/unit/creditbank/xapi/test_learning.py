"""The product's own statements: valid whatever people write, and each of one template of the profile."""

import itertools
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.ids import new_id
from services.creditbank.xapi.learning.profile import profile
from services.creditbank.xapi.learning.service import MAKERS
from services.creditbank.xapi.learning.statements import Names, of_place
from services.creditbank.xapi.learning.vocabulary import VERSION, subject
from services.creditbank.xapi.validation.formats import is_iri
from services.creditbank.xapi.validation.statements import check_statement
from tests.unit.creditbank.xapi.fitting import broken, determined, values_at
from tests.unit.creditbank.xapi.learning import (
    READ,
    RETURNED,
    SUBMITTED,
    reading,
    returned,
    space,
    submission,
)

PROFILE = profile("https://bank.example/v1/xapi-profile")
TEMPLATES = PROFILE["templates"]
WHO, TEACHER, SCHOOL = (UUID(int=number) for number in (1, 2, 3))
#: what PostgreSQL can keep
WRITTEN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def made(kind: str, told: dict[str, Any], titles: dict[UUID, str] | None = None) -> dict[str, Any]:
    names = Names("https://auth.example", {one: one for one in (WHO, TEACHER)}, titles or {})
    statement = MAKERS[kind](new_id(), told, names)
    for version in ("1.0.3", "2.0.0"):
        check_statement(json.loads(json.dumps(statement)), version)
    return statement


def template_of(statement: dict[str, Any]) -> str:
    """The one template that the statement is of, and fits."""
    (template,) = [one for one in TEMPLATES if determined(statement, one)]
    assert broken(statement, template) == []
    name: str = template["id"].rpartition(":")[2]
    return name


def test_each_event_gives_a_statement_of_one_template() -> None:
    where = space(SCHOOL, course=str(new_id()))
    work = submission(WHO, where, late=True, attempt=3)
    for kind, told, expected in (
        (READ, reading(WHO, where), "announcement-read"),
        (READ, reading(WHO, where, kind="homework"), "homework-read"),
        (READ, reading(WHO, space(SCHOOL, kind="school", subjects=[])), "announcement-read"),
        (SUBMITTED, work, "work-handed-in"),
        (RETURNED, returned(work, TEACHER), "work-marked"),
        (RETURNED, returned(work, TEACHER, mark="0.00"), "work-marked"),
        (RETURNED, returned(work, TEACHER, mark=None, points=None), "work-returned"),
    ):
        assert template_of(made(kind, told)) == expected


def test_joining_and_leaving_a_school_are_statements_of_a_template_each() -> None:
    names = Names("https://auth.example", {WHO: WHO}, {SCHOOL: "第一中学"})
    for verb, expected in (("joined", "school-joined"), ("left", "school-left")):
        made_of = of_place(new_id(), WHO, SCHOOL, verb, "2026-09-01T00:00:00Z", names)  # type: ignore[arg-type]
        check_statement(json.loads(json.dumps(made_of)), "1.0.3")
        assert template_of(made_of) == expected


def test_a_mark_is_a_score_of_the_best_one_and_of_nobody_else() -> None:
    work = submission(WHO, space(SCHOOL))
    statement = made(RETURNED, returned(work, TEACHER, mark="6.66", points="9.99"))
    assert statement["result"]["score"] == {"scaled": 0.6667, "raw": 6.66, "min": 0, "max": 9.99}
    assert statement["actor"]["account"] == {"homePage": "https://auth.example", "name": str(WHO)}
    assert statement["context"]["instructor"]["account"]["name"] == str(TEACHER)
    assert statement["context"]["registration"] == work["submission"]
    unknown = returned(work, new_id())
    assert "instructor" not in made(RETURNED, unknown)["context"]


def test_where_it_happened_groups_it_by_subject_course_and_school() -> None:
    course = new_id()
    where = space(SCHOOL, course=str(course), subjects=["Mathematics", " 数学 ", " "])
    related = made(READ, reading(WHO, where), {course: "代数", SCHOOL: "第一中学"})["context"][
        "contextActivities"
    ]
    assert [one["id"] for one in related["parent"]] == [f"urn:uuid:{where['id']}"]
    assert [(one["id"], one["definition"]["name"]["und"]) for one in related["grouping"]] == [
        ("urn:xuebu:xapi:subjects:mathematics", "Mathematics"),
        ("urn:xuebu:xapi:subjects:%E6%95%B0%E5%AD%A6", "数学"),
        (f"urn:uuid:{course}", "代数"),
        (f"urn:uuid:{SCHOOL}", "第一中学"),
    ]


@given(title=WRITTEN, subjects=st.lists(WRITTEN, max_size=3), cents=st.integers(0, 1_000_000))
def test_whatever_people_write_the_statement_is_valid(title: str, subjects: list[str], cents: int) -> None:
    where = space(SCHOOL, title=title, subjects=subjects)
    work = submission(WHO, where, title=title)
    mark = f"{cents // 100}.{cents % 100:02}"
    points = f"{max(cents, 1) // 100}.{max(cents, 1) % 100:02}"
    for kind, told in (
        (READ, reading(WHO, where, title=title)),
        (SUBMITTED, work),
        (RETURNED, returned(work, TEACHER, mark=mark, points=points)),
    ):
        template_of(made(kind, told))
    assert all(is_iri(subject(one)) for one in subjects if one.strip())


def parts() -> list[dict[str, Any]]:
    return [*PROFILE["concepts"], *TEMPLATES, *PROFILE["patterns"]]


def test_the_profile_is_one_of_the_specification() -> None:
    assert (PROFILE["type"], PROFILE["conformsTo"]) == ("Profile", "https://w3id.org/xapi/profiles#1.0")
    assert [one["id"] for one in PROFILE["versions"]] == [VERSION]
    names = [one["id"] for one in parts()]
    assert len(set(names)) == len(names)
    assert all(is_iri(name) for name in names)
    for one in parts():
        assert one["inScheme"] == VERSION
        for text in ("prefLabel", "definition"):
            if one["type"] == "Pattern" and not one.get("primary"):
                continue
            assert set(one[text]) == {"en", "zh-CN"}, one["id"]
            assert all(one[text].values())
    for template in TEMPLATES:
        assert {"presence", "any", "all", "none"} & set().union(*map(set, template["rules"]))
        for rule in template["rules"]:
            values_at({}, rule["location"])
    for one, other in itertools.combinations(TEMPLATES, 2):
        assert (one["verb"], one["objectActivityType"]) != (other["verb"], other["objectActivityType"])


def test_patterns_lead_to_templates_and_never_to_themselves() -> None:
    patterns = {one["id"]: one for one in PROFILE["patterns"]}
    templates = {one["id"] for one in TEMPLATES}

    def follow(name: str, above: frozenset[str]) -> set[str]:
        if name in templates:
            return {name}
        assert name not in above, name
        (kind,) = {"alternates", "optional", "oneOrMore", "sequence", "zeroOrMore"} & set(patterns[name])
        members = patterns[name][kind]
        listed = members if isinstance(members, list) else [members]
        return set().union(*(follow(one, above | {name}) for one in listed))

    (primary,) = [one["id"] for one in PROFILE["patterns"] if one.get("primary")]
    solo = {one["id"] for one in TEMPLATES if one.get("allowedSolo")}
    assert follow(primary, frozenset()) | solo == templates


@pytest.mark.parametrize("missing", ["timestamp", "context", "result"])
def test_a_statement_that_lacks_something_does_not_fit(missing: str) -> None:
    statement = made(SUBMITTED, submission(WHO, space(SCHOOL)))
    (template,) = [one for one in TEMPLATES if determined(statement, one)]
    del statement[missing]
    assert broken(statement, template)
