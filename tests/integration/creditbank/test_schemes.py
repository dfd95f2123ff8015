"""Schemes: the examples, what may change of one, and lots that expire as theirs says."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.books.service import audit
from services.creditbank.learners.keys import KeyRing
from services.creditbank.schemes.documents import FILE
from services.creditbank.schemes.loading import EXAMPLES, SchemesRefused, load, read
from services.creditbank.settings import CreditbankSettings
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District


def scheme(code: str, **changes: Any) -> dict[str, Any]:
    both = {"en": code, "zh": code}
    return {"code": code, "title": both, "unit": both, **changes}


async def loaded(settings: CreditbankSettings, *schemes: dict[str, Any]) -> list[str]:
    return await load(settings, FILE.validate_python(list(schemes)))


async def shown(bank: Bank, code: str, language: str = "en") -> dict[str, Any]:
    headers = {**bank.of_person(new_id()), "Accept-Language": language}
    response = await bank.client.get("/v1/schemes", headers=headers)
    found: dict[str, Any] = {one["code"]: one for one in response.json()["items"]}[code]
    return found


async def test_the_examples_are_loaded_once(bank: Bank, settings: CreditbankSettings) -> None:
    await load(settings, read(EXAMPLES))
    assert await load(settings, read(EXAMPLES)) == []
    ects = await shown(bank, "ects")
    assert (ects["credits_per_year"], ects["hours_per_credit"], ects["valid_months"]) == (
        "60.00",
        "25.00",
        None,
    )
    chinese = await shown(bank, "cn:credit-hours", "zh-CN")
    assert (chinese["unit"], chinese["title"], chinese["valid_months"]) == ("学分", "学时学分", 120)
    assert [one["title"] for one in chinese["grading_scales"]] == ["五级制", "两级制"]
    assert chinese["grading_scales"][0]["grades"][0] == {"grade": "优秀", "passes": True, "points": "4.00"}
    assert (await shown(bank, "us:course-units"))["levels"][0] == "Ninth grade"


async def test_names_may_change_and_what_a_credit_is_worth_may_not(
    bank: Bank, settings: CreditbankSettings
) -> None:
    terms = {"hours_per_credit": "10.00", "valid_months": 12}
    assert await loaded(settings, scheme("t:terms", **terms)) == ["t:terms"]
    renamed = scheme("t:terms", **terms, title={"en": "New", "zh": "新"})
    assert await loaded(settings, renamed) == ["t:terms"]
    assert (await shown(bank, "t:terms"))["title"] == "New"
    for change in ({"valid_months": 24}, {"hours_per_credit": None}, {"rounding": "half_up"}):
        with pytest.raises(SchemesRefused, match="another code"):
            await loaded(settings, scheme("t:new"), {**renamed, **change})
    with pytest.raises(KeyError):
        await shown(bank, "t:new")  # all of a file or nothing


async def test_a_version_of_a_grading_scale_stands(bank: Bank, settings: CreditbankSettings) -> None:
    def with_scale(version: int, *grades: str) -> dict[str, Any]:
        scale = {
            "code": "g",
            "version": version,
            "title": {"en": "G", "zh": "G"},
            "grades": [{"grade": one, "passes": True} for one in grades],
        }
        return scheme("t:grades", grading_scales=[scale])

    assert await loaded(settings, with_scale(1, "A", "B")) == ["t:grades"]
    assert await loaded(settings, with_scale(1, "A", "B")) == []
    with pytest.raises(SchemesRefused, match="add a version"):
        await loaded(settings, with_scale(1, "A", "C"))
    assert await loaded(settings, with_scale(2, "A", "C")) == ["t:grades"]
    assert [one["version"] for one in (await shown(bank, "t:grades"))["grading_scales"]] == [1, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"hours_per_credit": "0"},
        {"hours_per_credit": "1.234"},
        {"valid_months": 0},
        {"rounding": "up"},
        {"unknown": 1},
        {"title": {"en": "only"}},
        {"grading_scales": [{"code": "g", "version": 1, "title": {"en": "g", "zh": "g"}, "grades": []}]},
    ],
    ids=str,
)
def test_what_is_no_scheme_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    file = tmp_path / "schemes.json"
    file.write_text(json.dumps([scheme("t:bad", **changes)]))
    with pytest.raises(SchemesRefused):
        read(file)


def test_a_scheme_named_twice_or_a_file_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "schemes.json"
    file.write_text(json.dumps([scheme("t:twice"), scheme("t:twice")]))
    for path in (file, tmp_path / "absent.json"):
        with pytest.raises(SchemesRefused):
            read(path)


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_grades_go_from_the_best_to_the_worst(passes: list[bool]) -> None:
    grades = [{"grade": str(n), "passes": one} for n, one in enumerate(passes)]
    scale = {"code": "g", "version": 1, "title": {"en": "g", "zh": "g"}, "grades": grades}
    try:
        FILE.validate_python([scheme("t", grading_scales=[scale])])
    except ValueError:
        assert passes != sorted(passes, reverse=True)
    else:
        assert passes == sorted(passes, reverse=True)


async def test_credits_expire_as_their_scheme_says_and_their_entry_says_so(
    bank: Bank, district: District, settings: CreditbankSettings, database: Database, keys: KeyRing
) -> None:
    await loaded(settings, scheme("t:year", valid_months=12), scheme("t:ever"))
    one = item("S-0", "C-1", earned_on="2024-02-29", attempt="x")
    assert (await bank.posted(district.school, one, scheme="t:year"))["posted"] == 1
    await bank.posted(district.school, {**one, "key": "k2", "attempt": "y"}, scheme="t:ever")
    rows = await database.pool.fetch(
        "select s.code, t.expires_on, d.document from lot t join scheme s on s.id = t.scheme"
        " join entry_document d on d.learner = t.learner and d.scheme = t.scheme and d.sequence = t.number"
        " where t.issuer = $1 order by s.code desc",
        district.school,
    )
    year, ever = rows
    assert str(year["expires_on"]) == "2025-02-28"
    assert json.loads(year["document"])["lot"]["expires_on"] == "2025-02-28"
    assert (ever["expires_on"], "expires_on" in ever["document"]) == (None, False)
    connection = await database.connect()
    assert [one for one in await audit(connection, keys) if one.invariant == 18] == []
    await connection.close()
