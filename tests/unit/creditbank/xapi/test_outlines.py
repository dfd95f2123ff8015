"""Outlines: of a statement that is not taken apart the same is stored as of one that is judged as a whole."""

import json
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.creditbank.xapi.protocol.rules import Version
from services.creditbank.xapi.statements.outlines import Reader, Unusual, outline, outlines
from services.creditbank.xapi.statements.preparing import Prepared, Voucher, prepare
from services.creditbank.xapi.validation.findings import Invalid
from services.creditbank.xapi.validation.reading import NotJson, read_json
from services.creditbank.xapi.validation.statements import check_statement
from tests.unit.creditbank.xapi.examples import VERSIONS, nested, places, whole, with_value, without
from tests.unit.creditbank.xapi.test_mutations import anything, statements

#: a busy machine is no failure
LAX = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
VOUCHER = Voucher.of(
    UUID(int=5),
    b'{"objectType":"Group","member":[{"mbox":"mailto:a@x.example"},{"mbox":"mailto:b@x.example"}]}',
    "pair",
)
USUAL = {
    "id": "FD41C918-B88B-4B20-A0A5-A4C32391AAA0",
    "actor": {"mbox": "mailto:a@school.example", "name": "A"},
    "verb": {"id": "https://verbs.example/done", "display": {"zh-CN": "完成"}},
    "object": {"id": "https://course.example/1", "definition": {"name": {"en": 'The "first"'}}},
    "result": {"score": {"scaled": 0.5}, "extensions": {"https://ext.example/x": [1.0, None]}},
    "context": {
        "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
        "contextActivities": {"parent": {"id": "https://course.example/", "definition": {}}},
        "platform": "web",
        "extensions": {},
    },
    "timestamp": "2026-11-22T08:00:00.5+08:00",
    "version": "1.0.3",
    "stored": "2026-11-22T00:00:01Z",
    "authority": {"mbox": "mailto:somebody@else.example"},
}


def read(text: bytes, version: Version, own: str | None = None) -> Prepared:
    reader = Reader(version, VOUCHER, own)
    [found] = [reader.read(one) for one in outlines(text)]
    reader.require_all_of(text)
    return found


def comparable(prepared: Prepared, *, told: bool) -> dict[str, Any]:
    body = orjson.loads(prepared.body + b"}")
    found = {**prepared._asdict(), "body": body, "mentions": set(prepared.mentions)}
    found["definitions"] = [(activity, orjson.loads(one)) for activity, one in prepared.definitions]
    if not told:
        del body["id"], found["id"], found["told_id"]
    return found


def agrees(text: bytes, version: Version) -> bool:
    """Whether an outline is taken; if so, the judge takes the whole and the same is stored of it."""
    try:
        found = read(text, version)
    except Unusual:
        return False
    value = read_json(text)
    check_statement(value, version)
    told = "id" in value
    assert comparable(found, told=told) == comparable(prepare(value, version, VOUCHER), told=told)
    return True


@pytest.mark.parametrize("version", VERSIONS)
@LAX
@given(data=st.data())
def test_what_is_well_made_is_stored_the_same(version: Version, data: st.DataObject) -> None:
    statement = data.draw(statements(version))
    indent = data.draw(st.sampled_from([None, 1]))
    text = json.dumps(statement, indent=indent, ensure_ascii=data.draw(st.booleans())).encode()
    usual = statement["object"].get("objectType") not in ("SubStatement", "StatementRef")
    assert agrees(text, version) == usual


@pytest.mark.parametrize("version", VERSIONS)
@LAX
@given(data=st.data())
def test_nothing_is_taken_that_the_judge_refuses(version: Version, data: st.DataObject) -> None:
    statement = data.draw(st.sampled_from([whole(version), nested(version), USUAL]))
    statement = without(statement, ("attachments",)) if "attachments" in statement else statement
    place = data.draw(st.sampled_from(list(places(statement))))
    value = data.draw(anything | st.sampled_from([{}, {"id": "x"}, "2026-11-22T08:00:00-00:00", "en", -1.5]))
    changed = data.draw(st.sampled_from([without(statement, place), with_value(statement, place, value)]))
    text = json.dumps(changed).encode()
    try:
        check_statement(read_json(text), version)
    except (Invalid, NotJson):
        with pytest.raises(Unusual):
            read(text, version)
    else:
        agrees(text, version)


@LAX
@given(data=st.data())
def test_a_name_that_comes_twice_is_never_taken(data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([one for one in places(USUAL) if isinstance(one[-1], str)]))
    marked = json.dumps(with_value(without(USUAL, place), (*place[:-1], "MARK"), 1))
    twice = ", ".join([f"{json.dumps(place[-1])}: {json.dumps(_at(place))}"] * 2)
    text = marked.replace('"MARK": 1', twice).encode()
    assert orjson.loads(text) == USUAL
    with pytest.raises(Unusual):
        read(text, "1.0.3")


def _at(place: tuple[str | int, ...]) -> Any:
    found: Any = USUAL
    for step in place:
        found = found[step]
    return found


def test_usual_statements_are_taken_at_once_and_remembered_parts_as_fresh_ones() -> None:
    for _ in range(2):
        assert agrees(json.dumps(USUAL).encode(), "1.0.3")
    long = {**USUAL, "actor": {**USUAL["actor"], "name": "A" * 5000}}  # type: ignore[dict-item]
    assert agrees(json.dumps(long).encode(), "1.0.3")


def test_a_line_is_one_statement_and_no_list() -> None:
    text = json.dumps(USUAL).encode()
    assert outline(text + b"\n")
    for other in (b"[" + text + b"]", b"[]", b"", b"1", text + text):
        with pytest.raises(Unusual):
            outline(other)


def test_whoever_writes_about_themself_only_is_no_other_actor() -> None:
    text = json.dumps(USUAL).encode()
    assert read(text, "1.0.3", own="mbox mailto:a@school.example")
    with pytest.raises(Unusual):
        read(text, "1.0.3", own="mbox mailto:b@school.example")


def test_no_line_break_is_stored_since_pages_are_parted_by_one() -> None:
    assert b"\n" not in read(json.dumps(USUAL, indent=2).encode(), "1.0.3").body
