"""Bodies that nobody means: each member of each body in turn is something else; whole bodies are none."""

import copy
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.rules.conftest import Desk, Office, Publish, conversion, programme, rule
from tests.integration.creditbank.world import District, person, tell_of_people

#: JSON texts in the place of a member
HOSTILE = (
    "null", "true", "-1", "0", "1e400", "NaN", "-Infinity", "9" * 400, "2147483648", "9223372036854775808",
    "0.1", '""', '" "', '"\\u0000"', '"\\ud800"', '"\\u202e"', '"a\\nb"', '"' + "x" * 30_000 + '"',
    '"../../etc/passwd"', '"NaN"', '"-1.00"', '"1e3"', '"10000.01"', '"0001-01-01"', '"9999-12-31"',
    '"99999-01-01"', '"00000000-0000-0000-0000-000000000000"', "[]", "{}", "[null]", '[[[[["x"]]]]]',
    '{"$ref": "#"}', '"１.00"',
)  # fmt: skip
#: tried in the place of one member; the next one gets the following ones
SOME = 8
#: whole bodies
BODIES = (
    b"", b"\xff\xfe", b"null", b"[]", b'"x"', b"{", b'{"a": 1, "a": 2}', b"{} {}",
    b"[" * 100_000, b'{"a":' * 100_000, b"[" * 90_000 + b"]" * 90_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b"9" * 100_000, b'"\\ud800"', b"\x00" * 1_000,
)  # fmt: skip


def mutants(body: Any) -> Iterator[bytes]:
    """The body with each of its members in turn replaced by some of the hostile texts, or by others."""
    mark = "\x01mark"
    for turn, path in enumerate(places(body)):
        changed = copy.deepcopy(body)
        put(changed, path, mark)
        text = json.dumps(changed)
        for n in range(SOME):
            hostile = HOSTILE[(turn * SOME + n) % len(HOSTILE)]
            yield text.replace(json.dumps(mark), hostile).encode()
        name = path[-1]
        if isinstance(name, str):
            yield text.replace(f"{json.dumps(name)}: {json.dumps(mark)}", f'"more": 1, "{name}x": 2').encode()


def places(value: Any) -> Iterator[list[Any]]:
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield [name]
        yield from ([name, *rest] for rest in places(member))


def put(value: Any, path: list[Any], new: Any) -> None:
    for name in path[:-1]:
        value = value[name]
    value[path[-1]] = new


@pytest.fixture
async def bodies(
    bank: Bank,
    desk: Desk,
    publish: Publish,
    office: Office,
    district: District,
    database: Database,
    keys: KeyRing,
) -> list[tuple[UUID, str, Any]]:
    """Who sends what where; each of these would do something if it were sent as it is."""
    student, course = district.students[0], str(district.course)
    (lot,) = await desk.lots(student, (district.school, district.course, "4.00"))
    (other,) = await desk.lots(student, (district.other_school, district.other_course, "4.00"))
    posted = await bank.posted(district.school, item(district.students[1], district.course))
    entry = f"/v1/deposits/{posted['batch']}/entries/{posted['items'][0]['entry']}/corrections"
    degree = await publish(programme())
    many = programme(
        residency_percent=50,
        courses=[{"course": course, "category": "c", "level": 6}],
        requirements=[
            {"code": "all", "title": {"en": "E", "zh": "全"}, "minimum": "1.00", "categories": ["c"]}
        ],
    )
    school = str(district.school)
    replacement = {
        "course": {"id": course},
        "credits": "1.00",
        "earned_on": "2026-06-30",
        "grade": "A",
        "attempt": "a",
    }
    document = {
        "columns": {"learner": "a", "course": "b", "credits": "c", "earned_on": "d", "grade": "e"},
        "date_format": "YYYY-MM-DD", "decimal_mark": ",", "delimiter": ";", "grades": {"x": "y"},
    }  # fmt: skip
    above = new_id()
    await tell_of_people(database, keys, person(above, ("administrator", district.region)))
    claims = [{"title": "a", "evidence": "b"}]
    return [
        (office.registrar, "/v1/rules", rule(district.school, many)),
        (office.registrar, "/v1/rules", rule(district.school, conversion(courses=[course]))),
        (student, "/v1/awards", {"programme": degree, "key": "k", "lots": [lot]}),
        (student, f"/v1/programmes/{degree}/audit", {"planned": [{"course": course, "credits": "1.00"}]}),
        (student, "/v1/conversions/quote", {"rule": degree, "lots": [{"lot": lot, "credits": "1.00"}]}),
        (student, "/v1/transfers", {"institution": school, "key": "k", "lots": [{"lot": other}]}),
        (student, "/v1/recognitions", {"institution": school, "key": "k", "claims": claims}),
        (student, "/v1/cases", {"about": {"kind": "entry", "id": degree}, "claim": "c", "key": "k"}),
        (office.registrar, entry, {"reason": "r", "replacement": replacement}),
        (office.second, f"/v1/learners/{student}/freezes", {"reason": "r"}),
        (above, f"/v1/institutions/{district.other_school}/standing", {"act": "suspend", "reason": "r"}),
        (above, "/v1/posting-profiles", {"institution": school, "code": "c", "document": document}),
    ]  # fmt: skip


async def test_no_member_of_a_body_breaks_anything(bank: Bank, bodies: list[tuple[UUID, str, Any]]) -> None:
    for who, path, body in bodies:
        headers = {**bank.of_person(who, "credits.read credits.write"), "Content-Type": "application/json"}
        for content in mutants(body):
            response = await bank.client.post(path, content=content, headers=headers)
            assert response.status_code < 500, (path, content[:500], response.text)
            if response.status_code == 422 and response.json()["type"].endswith("/invalid-request"):
                assert response.json()["errors"], (path, content[:500])


async def test_whole_bodies_that_are_none(bank: Bank, bodies: list[tuple[UUID, str, Any]]) -> None:
    paths = [(who, path) for who, path, _ in bodies]
    paths += [(paths[0][0], path.format(id=new_id())) for path in (
        "/v1/awards/{id}/decision", "/v1/awards/{id}/rescission", "/v1/transfers/{id}/decision",
        "/v1/recognitions/{id}/assessment", "/v1/corrections/{id}/decision",
        "/v1/deposit-files/{id}/decision", "/v1/cases/{id}/decision", "/v1/cases/{id}/evidence",
        "/v1/rules/{id}/decision",
    )]  # fmt: skip
    for who, path in paths:
        headers = {**bank.of_person(who, "credits.read credits.write"), "Content-Type": "application/json"}
        for content in BODIES:
            response = await bank.client.post(path, content=content, headers=headers)
            assert response.status_code in (400, 413, 422), (path, content[:40], response.status_code)
    for content in BODIES:
        for path in ("/v1/deposits", "/v1/suspense/" + str(new_id()) + "/claim"):
            headers = {**bank.of_client(new_id()), "Content-Type": "application/json"}
            response = await bank.client.post(path, content=content, headers=headers)
            assert response.status_code in (400, 413, 422), (path, content[:40], response.status_code)


@pytest.mark.parametrize(
    "name", ["cursor", "limit", "from", "recorded_at", "by", "scheme", "reversed", "state"]
)
async def test_no_query_of_a_list_breaks_anything(
    bank: Bank, office: Office, district: District, name: str
) -> None:
    from libs.common.paging import encode_cursor

    school = district.school
    paths = (
        "/v1/accounts/me/entries", "/v1/accounts/me/statement", "/v1/approvals", "/v1/awards",
        "/v1/transfers", "/v1/recognitions", "/v1/rules", "/v1/cases", f"/v1/institutions?under={school}",
        f"/v1/institutions/{school}/postings", f"/v1/institutions/{school}/reconciliation/calls",
        f"/v1/institutions/{school}/suspense", f"/v1/corrections?institution={school}",
        f"/v1/moves?learner={new_id()}", f"/v1/deposit-files?institution={school}",
        f"/v1/posting-profiles?institution={school}", f"/v1/outcomes?organisation={school}",
    )  # fmt: skip
    one = str(new_id())
    keys: tuple[tuple[Any, ...], ...] = (
        (), (1,), ("x",), (2**62,), (-(2**62),), (None,), ("\x00",), (2**62, one), (2**62, one, one),
        (-1, 2**62, one), (one,), ([1],),
    )  # fmt: skip
    values = [
        "", "-1", "0", "201", "9" * 30, "NaN", "1e9", "true", "\x00", "\ud7ff", "%00", "[]", "null",
        "2026-01-01T00:00:00Z", *(encode_cursor(*key) for key in keys),
    ]  # fmt: skip
    headers = bank.of_person(office.registrar, "credits.read credits.write")
    for path in paths:
        address, _, query = path.partition("?")
        given = dict([query.split("=")]) if query else {}
        for value in values:
            response = await bank.client.get(address, params={**given, name: value}, headers=headers)
            assert response.status_code < 500, (path, name, value)
