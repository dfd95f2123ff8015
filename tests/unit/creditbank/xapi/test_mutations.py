"""Properties of the judge: every well-made statement is accepted, every way to spoil one is found.

Where the curated schemas of both versions lie beside the checkout, nothing is accepted that they refuse.
"""

import json
from pathlib import Path as File
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.validation.findings import Invalid
from services.creditbank.xapi.validation.statements import check_statement
from tests.unit.creditbank.xapi.examples import (
    ATTACHMENT,
    CONTEXT,
    RELEVANT,
    RESULT,
    VERSIONS,
    Path,
    at,
    nested,
    places,
    whole,
    with_value,
    without,
    written,
)

SCHEMAS = File(__file__).resolve().parents[5] / "shared" / "data" / "standards" / "xapi"
_FILES = {
    "1.0.3": "xapi_v1_0_3_statement.curated.schema.json",
    "2.0.0": "xapi_v2_0_statement.curated.schema.json",
}
texts = st.text(max_size=20)
iris = st.from_regex(r"https?://[a-z0-9]{1,10}\.example/[A-Za-z0-9._~é学-]{0,10}", fullmatch=True)
uuids = st.uuids().map(str)
language_maps = st.dictionaries(
    st.sampled_from(["en", "zh-CN", "zh-Hans", "es-419", "und"]), texts, max_size=3
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | texts, lambda inner: st.lists(inner, max_size=2)
)
extension_maps = st.dictionaries(iris, anything, max_size=2)
identifiers: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(
        dict, mbox=st.emails().map(lambda mail: "mailto:" + mail.split("@")[0].strip('"') + "@x.example")
    ),
    st.builds(dict, mbox_sha1sum=st.from_regex(r"[0-9a-f]{40}", fullmatch=True)),
    st.builds(dict, openid=iris),
    st.builds(dict, account=st.builds(dict, homePage=iris, name=texts)),
)


class Schema:
    """JSON Schema as far as the curated schemas use it; anything else in them is an error."""

    _TYPES: ClassVar[dict[str, tuple[type, ...]]] = {
        "object": (dict,),
        "array": (list,),
        "string": (str,),
        "boolean": (bool,),
        "integer": (int,),
        "number": (int, float),
    }

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def accepts(self, value: Any) -> bool:
        return self._accepts(self._document, value)

    def _accepts(self, rule: dict[str, Any], value: Any) -> bool:
        for name, wanted in rule.items():
            match name:
                case "$ref":
                    good = self._accepts(self._document["$defs"][wanted.removeprefix("#/$defs/")], value)
                case "type":
                    good = isinstance(value, self._TYPES[wanted]) and (wanted == "boolean") == isinstance(
                        value, bool
                    )
                case "required":
                    good = not isinstance(value, dict) or value.keys() >= set(wanted)
                case "properties":
                    members = value if isinstance(value, dict) else {}
                    good = all(
                        self._accepts(one, members[key]) for key, one in wanted.items() if key in members
                    )
                case "items":
                    good = not isinstance(value, list) or all(self._accepts(wanted, one) for one in value)
                case "oneOf":
                    good = sum(self._accepts(one, value) for one in wanted) == 1
                case "const":
                    good = value == wanted
                case "enum":
                    good = value in wanted
                case _:
                    assert name in ("$defs", "$id", "$comment", "$schema", "title"), name
                    good = True
            if not good:
                return False
        return True


def optional(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=parts)


def _is_plain(agent: dict[str, Any]) -> bool:
    """Mail addresses may be odder than what a mailto IRI holds without escapes."""
    return all(character.isalnum() or character in ":.@-_+" for character in agent.get("mbox", ""))


agents = st.builds(
    lambda one, more: {"objectType": "Agent", **one, **more}, identifiers, optional(name=texts)
).filter(_is_plain)
groups = st.builds(
    lambda members, one, more: {"objectType": "Group", "member": members, **one, **more},
    st.lists(agents, min_size=1, max_size=2),
    identifiers.filter(_is_plain) | st.just({}),
    optional(name=texts),
)
activities = st.builds(
    lambda identifier, more: {"objectType": "Activity", "id": identifier, **more},
    iris,
    optional(
        definition=optional(
            name=language_maps, description=language_maps, type=iris, moreInfo=iris, extensions=extension_maps
        )
    ),
)
references = st.builds(lambda identifier: {"objectType": "StatementRef", "id": identifier}, uuids)
verbs = st.builds(lambda identifier, more: {"id": identifier, **more}, iris, optional(display=language_maps))
times = st.datetimes().map(lambda when: when.isoformat() + "Z")


@st.composite
def statements(draw: st.DrawFn, version: Version) -> dict[str, Any]:
    thing = draw(activities | agents | groups | references)
    context = draw(
        optional(
            registration=uuids,
            instructor=agents | groups,
            team=groups,
            contextActivities=optional(
                parent=st.lists(activities, max_size=2), other=st.lists(activities, max_size=1)
            ),
            language=st.sampled_from(["zh-CN", "en"]),
            statement=references,
            extensions=extension_maps,
        )
    )
    if version == "2.0.0":
        context |= draw(
            optional(
                contextAgents=st.lists(
                    st.builds(lambda one: {"objectType": "contextAgent", "agent": one}, agents), max_size=1
                )
            )
        )
    statement = {"actor": draw(agents | groups), "verb": draw(verbs), "object": thing, "context": context}
    statement |= draw(
        optional(id=uuids, timestamp=times, result=optional(response=texts, success=st.booleans()))
    )
    if draw(st.booleans()):
        inner = {name: value for name, value in statement.items() if name != "id"}
        statement["object"] = {"objectType": "SubStatement", **inner}
    return statement


@pytest.fixture(scope="module", params=VERSIONS)
def schema(request: pytest.FixtureRequest) -> tuple[Version, Schema]:
    path = SCHEMAS / _FILES[request.param]
    if not path.exists():
        pytest.skip("the curated schemas are not beside this checkout")
    return request.param, Schema(json.loads(path.read_text()))


@pytest.mark.parametrize("version", VERSIONS)
@given(data=st.data())
def test_whatever_is_well_made_is_accepted(version: Version, data: st.DataObject) -> None:
    check_statement(data.draw(statements(version)), version)


@given(data=st.data())
def test_the_schema_accepts_what_is_well_made(schema: tuple[Version, Schema], data: st.DataObject) -> None:
    version, validator = schema
    assert validator.accepts(data.draw(statements(version)))


def spoiled(data: st.DataObject, version: Version) -> tuple[dict[str, Any], Path]:
    """A statement with everything, whole or nested, and a place in it to spoil."""
    statement = data.draw(st.sampled_from([whole(version), nested(version)]))
    return statement, data.draw(st.sampled_from(list(places(statement))))


def refusal(statement: dict[str, Any], version: Version) -> str:
    with pytest.raises(Invalid) as caught:
        check_statement(statement, version)
    return caught.value.path


@pytest.mark.parametrize("version", VERSIONS)
@given(data=st.data())
def test_2_2_null_is_refused_wherever_it_stands(version: Version, data: st.DataObject) -> None:
    statement, place = spoiled(data, version)
    assert refusal(with_value(statement, place, None), version).startswith(written(place))


@pytest.mark.parametrize("version", VERSIONS)
@given(data=st.data(), name=st.text(min_size=1, max_size=30))
def test_2_2_no_object_takes_a_property_of_any_name(version: Version, data: st.DataObject, name: str) -> None:
    """Language maps and extensions do, but not of a name like this."""
    statement, place = spoiled(data, version)
    while not isinstance(at(statement, place), dict):
        place = place[:-1]
        if not place:
            break
    target = at(statement, place)
    name = f"{name} not a property"
    found = refusal(with_value(statement, (*place, name), "x"), version)
    assert found.startswith(written(place)), target


@pytest.mark.parametrize("version", VERSIONS)
@given(
    data=st.data(), value=st.integers() | st.booleans() | st.lists(st.integers(), max_size=1) | st.just({})
)
def test_2_2_another_type_is_refused(version: Version, data: st.DataObject, value: Any) -> None:
    statement, place = spoiled(data, version)
    present = at(statement, place)
    name = str(place[-1])
    may_be = {"length", "raw", "min", "max", "scaled"}
    numbers = isinstance(value, int) and not isinstance(value, bool) and name in may_be
    flags = isinstance(value, bool) and name in ("success", "completion")
    empty = value in ([], {}) and type(value) is type(present)
    empty |= value == {} and name in ("context", "result", "definition", "display", "name", "description")
    empty |= value == {} and name in ("score", "extensions", "contextActivities")
    if numbers or flags or empty:
        return
    assert refusal(with_value(statement, place, value), version)


@pytest.mark.parametrize("version", VERSIONS)
@given(data=st.data())
def test_2_2_the_case_of_keys_counts(version: Version, data: st.DataObject) -> None:
    statement, place = spoiled(data, version)
    if not isinstance(place[-1], str) or place[-1].upper() == place[-1]:
        return
    inside_map = (
        isinstance(at(statement, place), str)
        and place[-2:-1]
        and place[-2] in ("name", "display", "description")
    )
    if inside_map or (len(place) > 1 and place[-2] == "extensions"):
        return
    changed = with_value(without(statement, place), (*place[:-1], place[-1].upper()), at(statement, place))
    assert refusal(changed, version)


@given(data=st.data())
def test_nothing_is_accepted_that_the_schema_refuses(
    schema: tuple[Version, Schema], data: st.DataObject
) -> None:
    version, validator = schema
    statement, place = spoiled(data, version)
    _type_everyone(statement)
    changed = data.draw(
        st.sampled_from(
            [
                without(statement, place),
                with_value(statement, place, data.draw(anything)),
                with_value(
                    statement,
                    place,
                    data.draw(st.sampled_from([RESULT, CONTEXT, ATTACHMENT, RELEVANT, {}, [], "", 1])),
                ),
            ]
        )
    )
    try:
        check_statement(changed, version)
    except Invalid:
        return
    _type_everyone(changed)
    assert validator.accepts(changed)


def _type_everyone(value: Any) -> None:
    """Say of every agent and activity what it is: the schema refuses what it takes for two things."""
    if isinstance(value, list):
        for one in value:
            _type_everyone(one)
    elif isinstance(value, dict):
        if value.keys() & {"mbox", "mbox_sha1sum", "openid", "account"} and "objectType" not in value:
            value["objectType"] = "Agent"
        for name, inner in value.items():
            if name == "contextActivities" and isinstance(inner, dict):
                for relation, related in inner.items():
                    inner[relation] = related if isinstance(related, list) else [related]
            if name == "object" and isinstance(inner, dict):
                inner.setdefault("objectType", "Activity")
            if name != "extensions":
                _type_everyone(inner)
