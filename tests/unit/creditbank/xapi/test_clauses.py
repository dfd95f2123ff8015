"""The judge of statements, clause by clause: xAPI 1.0.3 part two, and what IEEE 9274.1.1 changes.

Cases name the place, what stands there, and the path that the finding must name.
"""

from typing import Any

import pytest

from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.validation.findings import Invalid
from services.creditbank.xapi.validation.statements import check_statement
from tests.unit.creditbank.xapi.examples import (
    ACTIVITY,
    AGENT,
    GROUP,
    VERSIONS,
    Path,
    nested,
    whole,
    with_value,
    without,
    written,
)

#: every place where an agent may stand, and whether a group may
ACTORS: dict[Path, bool] = {
    ("actor",): True,
    ("context", "instructor"): True,
    ("object", "actor"): True,
    ("object", "context", "instructor"): True,
    ("context", "team", "member", 0): False,
}
GROUPS: tuple[Path, ...] = (("context", "team"), ("object", "context", "team"))
ACTIVITIES: tuple[Path, ...] = (
    ("object", "object"),
    ("context", "contextActivities", "parent", 0),
    ("object", "context", "contextActivities", "parent", 0),
)
VOIDED = "http://adlnet.gov/expapi/verbs/voided"

WRONG_AGENTS: list[tuple[str, Any, str]] = [
    ("2.4.2.1 no identifier", {"objectType": "Agent", "name": "x"}, ""),
    ("2.4.2.1 two identifiers", {**AGENT, "openid": "https://id.example/1"}, ""),
    ("2.4.2.1 type of another case", {**AGENT, "objectType": "agent"}, ".objectType"),
    ("2.4.2.1 type that is a number", {**AGENT, "objectType": 1}, ".objectType"),
    ("2.4.2.1 name that is a number", {**AGENT, "name": 1}, ".name"),
    ("2.4.2.1 an agent with members", {**AGENT, "member": []}, ".member"),
    ("2.4.2.3 mbox without mailto", {"mbox": "li.hua@example.com"}, ".mbox"),
    ("2.4.2.3 mbox without address", {"mbox": "mailto:example.com"}, ".mbox"),
    ("2.4.2.3 mbox that is an object", {"mbox": {}}, ".mbox"),
    ("2.4.2.3 hash of another length", {"mbox_sha1sum": "ebd3"}, ".mbox_sha1sum"),
    ("2.4.2.3 openid without scheme", {"openid": "id.example/1"}, ".openid"),
    ("2.4.2.4 account without name", {"account": {"homePage": "https://x.example"}}, ".account.name"),
    ("2.4.2.4 account without home", {"account": {"name": "x"}}, ".account.homePage"),
    ("2.4.2.4 home without scheme", {"account": {"homePage": "x", "name": "x"}}, ".account.homePage"),
    (
        "2.4.2.4 name that is a number",
        {"account": {"homePage": "https://x.example", "name": 1}},
        ".account.name",
    ),
    ("2.2 key of another case", {**AGENT, "Name": "x"}, ".Name"),
    ("2.2 no object at all", "mailto:li.hua@example.com", ""),
    ("2.2 null", None, ""),
]
WRONG_GROUPS: list[tuple[str, Any, str]] = [
    ("2.4.2.2 anonymous without members", {"objectType": "Group"}, ".member"),
    ("2.4.2.2 anonymous with no members", {"objectType": "Group", "member": []}, ".member"),
    ("2.4.2.2 a group among members", {"objectType": "Group", "member": [GROUP]}, ".member[0].objectType"),
    ("2.4.2.2 a member without identifier", {"objectType": "Group", "member": [{}]}, ".member[0]"),
    ("2.4.2.2 members that are no list", {**GROUP, "member": AGENT}, ".member"),
    ("2.4.2.2 two identifiers", {**GROUP, "mbox": "mailto:a@b.example"}, ""),
]
WRONG_ACTIVITIES: list[tuple[str, Any, str]] = [
    ("2.4.4.1 no id", {"objectType": "Activity"}, ".id"),
    ("2.4.4.1 id without scheme", {"id": "unit/1"}, ".id"),
    ("2.4.4.1 id with a space", {"id": "https://x.example/a b"}, ".id"),
    ("2.4.4.1 definition that is a text", {**ACTIVITY, "definition": "x"}, ".definition"),
    ("2.2 unknown property", {**ACTIVITY, "title": "x"}, ".title"),
]
WRONG_DEFINITIONS: list[tuple[str, Any, str]] = [
    ("2.4.4.1 name that is a text", {"name": "x"}, ".name"),
    ("4.2 key that is no language", {"name": {"a12345678": "x"}}, ".name"),
    ("4.2 value that is a number", {"description": {"en": 1}}, ".description.en"),
    ("2.4.4.1 type that is no IRI", {"type": "x"}, ".type"),
    ("2.4.4.1 moreInfo that is no IRI", {"moreInfo": "x"}, ".moreInfo"),
    ("4.1 extensions that are a list", {"extensions": []}, ".extensions"),
    ("4.1 key of extensions that is no IRI", {"extensions": {"x": 1}}, ".extensions"),
    ("2.4.4.1 unknown interaction", {"interactionType": "Choice"}, ".interactionType"),
    ("2.4.4.1 pattern without interaction", {"correctResponsesPattern": []}, ".interactionType"),
    ("2.4.4.1 choices without interaction", {"choices": [{"id": "a"}]}, ".interactionType"),
    (
        "2.4.4.1 pattern of numbers",
        {"interactionType": "numeric", "correctResponsesPattern": [1]},
        ".correctResponsesPattern[0]",
    ),
    (
        "2.4.4.1 the same component twice",
        {"interactionType": "choice", "choices": [{"id": "a"}, {"id": "a"}]},
        ".choices[1].id",
    ),
    ("2.4.4.1 component without id", {"interactionType": "likert", "scale": [{}]}, ".scale[0].id"),
    (
        "2.4.4.1 component with more",
        {"interactionType": "matching", "source": [{"id": "a", "x": 1}]},
        ".source[0].x",
    ),
    (
        "4.2 description of a component",
        {"interactionType": "performance", "steps": [{"id": "a", "description": {"x1": "x"}}]},
        ".steps[0].description",
    ),
]
WRONG_ELSEWHERE: list[tuple[str, Path, Any, str]] = [
    ("2.4.1 id that is no UUID", ("id",), "12345678-1234-5678-9234-56781234567", "id"),
    ("2.4.3 verb without id", ("verb",), {"display": {}}, "verb.id"),
    ("2.4.3 id of a verb that is no IRI", ("verb", "id"), "answered", "verb.id"),
    ("2.4.3 display that is a list", ("verb", "display"), [], "verb.display"),
    ("2.4.3 unknown property of a verb", ("verb", "name"), "x", "verb.name"),
    ("2.3.2 voiding without a reference", ("verb", "id"), VOIDED, "object.objectType"),
    ("2.4.4 unknown type of object", ("object", "objectType"), "activity", "object.objectType"),
    ("2.4.4.2 an agent without identifier", ("object",), {"objectType": "Agent"}, "object"),
    ("2.4.4.3 reference without id", ("object",), {"objectType": "StatementRef"}, "object.id"),
    (
        "2.4.4.3 reference to no UUID",
        ("object",),
        {"objectType": "StatementRef", "id": "x"},
        "object.id",
    ),
    ("2.4.5 success that is a text", ("result", "success"), "true", "result.success"),
    ("2.4.5 completion that is a number", ("result", "completion"), 1, "result.completion"),
    ("2.4.5 response that is a number", ("result", "response"), 1, "result.response"),
    ("4.6 duration of weeks and days", ("result", "duration"), "P4W1D", "result.duration"),
    ("2.4.5.1 scaled above 1", ("result", "score", "scaled"), 1.001, "result.score.scaled"),
    ("2.4.5.1 scaled below -1", ("result", "score", "scaled"), -2, "result.score.scaled"),
    ("2.4.5.1 raw below min", ("result", "score", "raw"), -1, "result.score.raw"),
    ("2.4.5.1 raw above max", ("result", "score", "raw"), 11, "result.score.raw"),
    ("2.4.5.1 min not less than max", ("result", "score", "min"), 10, "result.score.min"),
    ("2.4.5.1 a number as text", ("result", "score", "max"), "10", "result.score.max"),
    ("2.4.5.1 a number that is true", ("result", "score", "raw"), True, "result.score.raw"),
    ("2.4.6 registration that is no UUID", ("context", "registration"), "x", "context.registration"),
    ("2.4.6 team that is an agent", ("context", "team"), AGENT, "context.team.objectType"),
    ("2.4.6 language that is none", ("context", "language"), "zh_CN", "context.language"),
    ("2.4.6 statement that is no reference", ("context", "statement"), {}, "context.statement.objectType"),
    (
        "2.4.6.2 unknown relation",
        ("context", "contextActivities", "child"),
        [],
        "context.contextActivities.child",
    ),
    (
        "2.4.6.2 relation to a text",
        ("context", "contextActivities", "parent"),
        "https://x.example",
        "context.contextActivities.parent",
    ),
    ("2.4.7 timestamp that is a number", ("timestamp",), 1, "timestamp"),
    ("4.5 timestamp of no such day", ("timestamp",), "2026-02-30T00:00:00Z", "timestamp"),
    ("2.4.8 stored that is no time", ("stored",), "yesterday", "stored"),
    ("2.4.9 authority that is no agent", ("authority",), {"name": "x"}, "authority"),
    ("2.4.9 identified group", ("authority",), GROUP, "authority"),
    (
        "2.4.9 group of three",
        ("authority",),
        {"objectType": "Group", "member": [AGENT, AGENT, AGENT]},
        "authority",
    ),
    ("2.4.10 version before 1.0", ("version",), "0.9.9", "version"),
    ("2.4.10 version 1.1", ("version",), "1.1.0", "version"),
    ("2.4.11 attachments that are an object", ("attachments",), {}, "attachments"),
    ("2.4.11 length as text", ("attachments", 0, "length"), "27", "attachments[0].length"),
    ("2.4.11 negative length", ("attachments", 0, "length"), -1, "attachments[0].length"),
    ("2.4.11 hash that is none", ("attachments", 0, "sha2"), "x", "attachments[0].sha2"),
    ("2.4.11 type that is none", ("attachments", 0, "contentType"), "text", "attachments[0].contentType"),
    ("2.4.11 place that is no IRI", ("attachments", 0, "fileUrl"), "x", "attachments[0].fileUrl"),
    ("2.4.11 usage that is no IRI", ("attachments", 0, "usageType"), "x", "attachments[0].usageType"),
    ("2.4.11 unknown property", ("attachments", 0, "name"), "x", "attachments[0].name"),
    ("2.2 a type of its own", ("objectType",), "Statement", "objectType"),
]


def refused(statement: dict[str, Any], version: Version) -> Invalid:
    with pytest.raises(Invalid) as caught:
        check_statement(statement, version)
    return caught.value


def _named(cases: list[Any]) -> Any:
    return [pytest.param(*case[1:], id=case[0]) for case in cases]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("make", [whole, nested])
def test_a_statement_with_everything_is_accepted(make: Any, version: Version) -> None:
    check_statement(make(version), version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("place", list(ACTORS), ids=written)
@pytest.mark.parametrize(("value", "path"), _named(WRONG_AGENTS))
def test_2_4_2_1_agents_everywhere(place: Path, value: Any, path: str, version: Version) -> None:
    found = refused(with_value(nested(version), place, value), version)
    assert found.path == written(place) + path
    assert found.reason.en != found.reason.zh


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "place", [*GROUPS, *(place for place, groups in ACTORS.items() if groups)], ids=written
)
@pytest.mark.parametrize(("value", "path"), _named(WRONG_GROUPS))
def test_2_4_2_2_groups_everywhere(place: Path, value: Any, path: str, version: Version) -> None:
    assert refused(with_value(nested(version), place, value), version).path == written(place) + path


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("place", ACTIVITIES, ids=written)
@pytest.mark.parametrize(("value", "path"), _named(WRONG_ACTIVITIES))
def test_2_4_4_1_activities_everywhere(place: Path, value: Any, path: str, version: Version) -> None:
    assert refused(with_value(nested(version), place, value), version).path == written(place) + path


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("place", ACTIVITIES, ids=written)
@pytest.mark.parametrize(("value", "path"), _named(WRONG_DEFINITIONS))
def test_2_4_4_1_definitions_everywhere(place: Path, value: Any, path: str, version: Version) -> None:
    found = refused(with_value(nested(version), (*place, "definition"), value), version)
    assert found.path == f"{written(place)}.definition{path}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("place", "value", "path"), _named(WRONG_ELSEWHERE))
def test_the_rest_of_a_statement(place: Path, value: Any, path: str, version: Version) -> None:
    assert refused(with_value(whole(version), place, value), version).path == path


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("place", "value", "path"),
    [
        case
        for case in _named(WRONG_ELSEWHERE)
        if case.values[0][0] not in ("id", "stored", "authority", "version", "objectType")
    ],
)
def test_2_4_4_3_a_substatement_is_judged_as_a_statement(
    place: Path, value: Any, path: str, version: Version
) -> None:
    statement = with_value(nested(version), ("object", *place), value)
    assert refused(statement, version).path == f"object.{path}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["id", "stored", "authority", "version"])
def test_2_4_4_3_a_substatement_has_nothing_that_is_assigned(name: str, version: Version) -> None:
    statement = with_value(nested(version), ("object", name), whole(version)[name])
    assert refused(statement, version).path == f"object.{name}"


@pytest.mark.parametrize("version", VERSIONS)
def test_2_4_4_3_a_substatement_has_none_of_its_own(version: Version) -> None:
    statement = with_value(nested(version), ("object", "object"), nested(version)["object"])
    assert refused(statement, version).path == "object.object.objectType"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["revision", "platform"])
def test_2_4_6_some_properties_are_of_activities_only(name: str, version: Version) -> None:
    agent = with_value(whole(version), ("object",), AGENT)
    other = "platform" if name == "revision" else "revision"
    assert refused(without(agent, ("context", other)), version).path == f"context.{name}"


@pytest.mark.parametrize("version", VERSIONS)
def test_2_4_6_2_one_activity_stands_for_a_list(version: Version) -> None:
    check_statement(with_value(whole(version), ("context", "contextActivities", "parent"), ACTIVITY), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_2_3_2_a_reference_can_be_voided_and_extensions_hold_anything(version: Version) -> None:
    statement = whole(version)
    for name in ("result", "context"):
        del statement[name]
    reference = {"objectType": "StatementRef", "id": "12345678-1234-5678-9234-567812345678"}
    check_statement({**statement, "verb": {"id": VOIDED}, "object": reference}, version)


def test_4_2_2_5_version_2_adds_agents_and_groups_to_the_context() -> None:
    statement = whole("2.0.0")
    assert refused({**statement, "version": "1.0.0"}, "1.0.3").path == "context.contextAgents"
    for place, value, path in (
        (("context", "contextAgents", 0, "objectType"), "Agent", ".contextAgents[0].objectType"),
        (("context", "contextAgents", 0, "agent"), {}, ".contextAgents[0].agent"),
        (("context", "contextAgents", 0, "agent"), GROUP, ".contextAgents[0].agent.objectType"),
        (("context", "contextAgents", 0, "relevantTypes"), [], ".contextAgents[0].relevantTypes"),
        (("context", "contextAgents", 0, "relevantTypes"), ["x"], ".contextAgents[0].relevantTypes[0]"),
        (("context", "contextAgents", 0, "group"), GROUP, ".contextAgents[0].group"),
        (("context", "contextGroups", 0, "group"), AGENT, ".contextGroups[0].group.objectType"),
        (("context", "contextGroups"), {}, ".contextGroups"),
    ):
        assert refused(with_value(statement, place, value), "2.0.0").path == f"context{path}"


@pytest.mark.parametrize(
    ("told", "first", "second"),
    [
        ("1.0", True, True),
        ("1.0.9", True, True),
        ("2.0.0", False, True),
        ("2.0", False, True),
        ("2.1.0", False, False),
    ],
)
def test_2_4_10_versions_of_statements(told: str, first: bool, second: bool) -> None:
    for version, accepted in zip(VERSIONS, (first, second), strict=True):
        statement = {**whole(version), "version": told}
        if accepted:
            check_statement(statement, version)
        else:
            assert refused(statement, version).path == "version"


def test_findings_name_the_clause_of_the_version() -> None:
    found = refused(with_value(whole(), ("actor", "mbox"), "x"), "1.0.3")
    assert found.clause.of("1.0.3") == "xAPI 1.0.3 Data 2.4.2.3"
    assert found.clause.of("2.0.0") == "IEEE 9274.1.1 4.2.2.1"
    assert found.within("statements[3]").path == "statements[3].actor.mbox"
