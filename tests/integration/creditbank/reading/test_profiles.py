"""Profiles of files that institutions store, and files read by them."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank
from tests.integration.creditbank.sending import Files, available
from tests.integration.creditbank.world import District, person, tell_of_people

COLUMNS = {
    "learner": "学号",
    "course": "课程代码",
    "credits": "学分",
    "earned_on": "取得日期",
    "grade": "成绩",
}
DOCUMENT = {
    "columns": COLUMNS,
    "date_format": "YYYY年M月D日",
    "encoding": "gb18030",
    "grades": {"优": "A", "良": "B", "不及格": None},
}
TABLE = (
    "序,学号,课程代码,学分,取得日期,成绩\n"
    "1,S-0,C-1,2,2026年6月30日,优\n"
    "2,S-1,C-1,1.5,2026年06月30日,良\n"
    "3,S-2,C-1,1,2026年6月30日,不及格\n"
    "4,S-2,C-2,1,2026-06-30,中\n"
)


class Profiles:
    """The routes of profiles as a client of an institution uses them."""

    def __init__(self, bank: Bank, institution: UUID) -> None:
        self.bank = bank
        self.institution = institution
        self.headers = bank.of_client(institution)

    async def send(
        self, document: Any, code: str = "教务", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        body = {"institution": str(self.institution), "code": code, "document": document}
        return await self.bank.client.post("/v1/posting-profiles", json=body, headers=headers or self.headers)

    async def store(self, document: Any, code: str = "教务") -> dict[str, Any]:
        response = await self.send(document, code)
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def listed(self, **query: Any) -> list[tuple[str, int]]:
        response = await self.bank.client.get(
            "/v1/posting-profiles",
            params={"institution": str(self.institution), **query},
            headers=self.headers,
        )
        assert response.status_code == 200, response.text
        return [(one["code"], one["version"]) for one in response.json()["items"]]


@pytest.fixture
def profiles(bank: Bank, district: District) -> Profiles:
    return Profiles(bank, district.school)


async def test_a_gbk_file_with_chinese_headings(
    bank: Bank, district: District, files: Files, profiles: Profiles
) -> None:
    stored = await profiles.store(DOCUMENT)
    done = await files.done(TABLE.encode("gbk"), profile="教务")
    assert (done["state"], done["posted"], done["refused"], done["stored_profile"]) == (
        "posted",
        3,
        1,
        stored["id"],
    )
    items = await files.items(done["id"])
    assert [(one["grade"], one["reason"], one["field"]) for one in items] == [
        ("A", None, None), ("B", None, None), (None, "not_passed", "成绩"), ("中", None, None),
    ]  # fmt: skip
    assert await available(bank, district.students[0]) == "2.00"
    assert {one["earned_on"] for one in items if one["earned_on"]} == {"2026-06-30"}


async def test_a_utf_8_file_with_chinese_headings(files: Files, profiles: Profiles) -> None:
    await profiles.store(
        {**DOCUMENT, "encoding": "utf-8", "delimiter": ";", "decimal_mark": ",", "unknown_grades": "refuse"}
    )
    content = "\ufeff" + TABLE.replace(",", ";").replace("1.5", "1,5")
    done = await files.done(content, profile="教务")
    assert (done["posted"], done["refused"]) == (2, 2)
    assert [(one["credits"], one["reason"]) for one in await files.items(done["id"])] == [
        ("2.00", None), ("1.50", None), (None, "not_passed"), (None, "grade_unknown"),
    ]  # fmt: skip
    # What the sender says of the encoding counts more than the profile.
    other = TABLE.replace(",", ";").replace("1.5", "1,5").encode("gb18030")
    assert (await files.done(other, profile="教务"))["refusal"] == "not_text"
    assert (await files.done(other, profile="教务", encoding="gb18030"))["replayed"] == 2


async def test_versions_stay_as_they_are(
    bank: Bank, district: District, files: Files, profiles: Profiles
) -> None:
    first = await profiles.store(DOCUMENT)
    assert (await profiles.store(DOCUMENT))["id"] == first["id"]
    sent = await files.send(TABLE.encode("gbk"), profile="教务")
    second = await profiles.store({**DOCUMENT, "columns": {**COLUMNS, "grade": "等级"}})
    assert (first["version"], second["version"]) == (1, 2)
    await files.app.state.file_worker.work_through()
    assert (await files.shown(sent["id"]))["stored_profile"] == first["id"]
    assert [one["grade"] for one in await files.items(sent["id"])] == ["A", "B", None, "中"]
    again = await files.done(TABLE.encode("gbk"), profile="教务", dry_run=True)
    assert again["stored_profile"] == second["id"]
    assert [one["grade"] for one in await files.items(again["id"])] == [None] * 4
    await profiles.store(DOCUMENT, code="other")
    assert await profiles.listed() == [("other", 1), ("教务", 2), ("教务", 1)]
    assert await profiles.listed(code="教务", limit=1) == [("教务", 2)]
    for path in ("", "/withdrawal", "/withdrawal"):
        address = f"/v1/posting-profiles/{second['id']}{path}"
        ask = bank.client.post if path else bank.client.get
        response = await ask(address, headers=profiles.headers)
        assert response.status_code == 200, response.text
    assert response.json()["withdrawn_at"] is not None
    back = await files.done(TABLE.encode("gbk"), profile="教务", dry_run=True)
    assert back["stored_profile"] == first["id"]


async def test_profiles_of_those_above_are_used_too(bank: Bank, district: District, files: Files) -> None:
    above = await Profiles(bank, district.district).store(DOCUMENT, code="district")
    await Profiles(bank, district.other_school).store(DOCUMENT, code="theirs")
    done = await files.done(TABLE.encode("gbk"), profile="district")
    assert (done["posted"], done["stored_profile"]) == (3, above["id"])
    for code in ("theirs", "教务", "no"):
        response = await bank.client.post(
            "/v1/deposit-files",
            files={"file": ("a.csv", TABLE.encode("gbk"), "text/csv")},
            data={"profile": code},
            headers=files.headers,
        )
        assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (404, "profile-unknown")
    own = await Profiles(bank, district.school).store({**DOCUMENT, "grades": {}}, code="district")
    assert (await files.done(TABLE.encode("gbk"), profile="district"))["stored_profile"] == own["id"]


LONG = "x" * 201


@pytest.mark.parametrize(
    ("change", "places"),
    [
        (
            {"columns": {}},
            ["columns.credits", "columns.earned_on", "columns.learner_id", "columns.course_id"],
        ),
        ({"columns": {**COLUMNS, "learner": None}}, ["columns.learner_id"]),
        ({"columns": {**COLUMNS, "course": "学号"}}, ["columns.course"]),
        ({"columns": {**COLUMNS, "attempt": "成绩"}}, ["columns.grade"]),
        ({"columns": {**COLUMNS, "name": "姓名"}}, ["columns.name"]),
        ({"columns": {**COLUMNS, "grade": "a\nb"}}, ["columns.grade"]),
        ({"columns": {**COLUMNS, "grade": LONG}}, ["columns.grade"]),
        ({"columns": []}, ["columns"]),
        ({"date_format": "%Y-%m-%d"}, ["date_format"]),
        ({"date_format": "YYYY-MM"}, ["date_format"]),
        ({"date_format": "YYYY-MM-DD-DD"}, ["date_format"]),
        ({"date_format": "YYYYMD"}, ["date_format"]),
        ({"date_format": "YYYY-MM-DD" + " " * 40}, ["date_format"]),
        ({"decimal_mark": "'"}, ["decimal_mark"]),
        ({"delimiter": ""}, ["delimiter"]),
        ({"delimiter": "\x00"}, ["delimiter"]),
        ({"encoding": "utf-7"}, ["encoding"]),
        ({"grades": {"优": 5}}, ["grades.优"]),
        ({"grades": {"优": "x" * 51}}, ["grades.优"]),
        ({"grades": {f"{n}": "A" for n in range(201)}}, ["grades"]),
        ({"grades": {"\x00": "A"}}, ["grades.\x00.[key]"]),
        ({"unknown_grades": True}, ["unknown_grades"]),
        ({"further": 1}, ["further"]),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
async def test_a_bad_profile_is_refused_with_its_places(
    profiles: Profiles, change: dict[str, Any], places: list[str]
) -> None:
    response = await profiles.send({**DOCUMENT, **change})
    assert response.status_code == 422, response.text
    found = [one["place"] for one in response.json()["errors"]]
    assert sorted(found) == sorted(f"body.document.{place}" for place in places)


async def test_names_of_built_in_profiles_are_taken(profiles: Profiles) -> None:
    for code in ("plain", "abc", "abc-account", "json-lines"):
        response = await profiles.send(DOCUMENT, code)
        assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (409, "profile-reserved")


async def test_an_institution_keeps_so_many_and_no_more(
    profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.creditbank.profiles import service

    monkeypatch.setattr(service, "MOST_VERSIONS", 1)
    await profiles.store(DOCUMENT)
    await profiles.store(DOCUMENT)
    response = await profiles.send({**DOCUMENT, "grades": {}})
    assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (409, "too-many-profiles")


async def test_who_keeps_and_sees_profiles(
    bank: Bank, district: District, profiles: Profiles, database: Database, keys: KeyRing, teacher: UUID
) -> None:
    stored = await profiles.store(DOCUMENT)
    people = {role: new_id() for role in ("registrar", "administrator", "auditor")}
    elsewhere = new_id()
    await tell_of_people(
        database,
        keys,
        *(person(who, (role, district.school)) for role, who in people.items()),
        person(elsewhere, ("administrator", district.other_school)),
    )
    scope = "credits.read credits.write"
    rights = [
        (bank.of_client(district.region), 200, 201),
        (bank.of_person(people["registrar"], scope), 200, 201),
        (bank.of_person(people["administrator"], scope), 200, 201),
        (bank.of_person(people["auditor"], scope), 200, 403),
        (bank.of_person(people["registrar"]), 200, 403),
        (bank.of_client(district.school, "credits.read"), 200, 403),
        (bank.of_person(elsewhere, scope), 404, 404),
        (bank.of_person(teacher, scope), 404, 404),
        (bank.of_person(district.students[0], scope), 404, 404),
        (bank.of_client(district.other_school), 404, 404),
        ({}, 401, 401),
    ]
    for headers, read, write in rights:
        address = f"/v1/posting-profiles/{stored['id']}"
        assert (await bank.client.get(address, headers=headers)).status_code == read
        listed = await bank.client.get(f"/v1/posting-profiles?institution={district.school}", headers=headers)
        assert listed.status_code == read
        kept = await profiles.send(DOCUMENT, headers=headers or {"X-None": "1"})
        assert kept.status_code == write, kept.text
        if write != 201:
            withdrawn = await bank.client.post(f"{address}/withdrawal", headers=headers)
            assert withdrawn.status_code == write
    assert (
        await bank.client.get(f"/v1/posting-profiles/{uuid4()}", headers=profiles.headers)
    ).status_code == 404
