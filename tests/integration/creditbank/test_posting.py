"""Posting over HTTP: each item is answered by itself, and a repeated call has no second effect."""

from uuid import UUID

import pytest

from libs.common.ids import new_id
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District


async def test_posted_credits_are_in_the_learners_account(bank: Bank, district: District) -> None:
    student = district.students[0]
    answer = await bank.posted(
        district.school,
        item(student, district.course, credits="1.5", grade="优", attempt="2026-1"),
        item(student, district.district_course, credits="2", earned_on="2026-01-15"),
    )
    assert (answer["posted"], answer["refused"]) == (2, 0)
    account = (await bank.account(student))["accounts"][0]
    assert (account["scheme"], account["available"], account["entries"]) == ("xuebu:credits", "3.50", 2)
    assert account["institutions"] == [
        {
            "institution": str(district.school),
            "name": "第一中学",
            "lots": 2,
            "issued": "3.50",
            "available": "3.50",
        }
    ]
    newest, first = (await bank.entries(student))["items"]
    assert newest["course"] == {"id": str(district.district_course), "title": "数学", "code": "ALG-1"}
    assert (first["grade"], first["attempt"], first["credits"]) == ("优", "2026-1", "1.50")
    assert (newest["sequence"], first["sequence"]) == (2, 1)
    assert account["head"] == newest["commitment"]


async def test_a_long_book_answers_its_balance_without_being_added_up(bank: Bank, district: District) -> None:
    student = district.students[0]
    for count in (1_000, 1):
        account = (await bank.account(student))["accounts"][0]
        assert account["institutions"] is not None
        items = [item(student, district.course, credits="0.01") for _ in range(count)]
        assert (await bank.posted(district.school, *items))["posted"] == count
    account = (await bank.account(student))["accounts"][0]
    assert (account["available"], account["entries"], account["institutions"]) == ("10.01", 1_001, None)
    answer = await bank.client.get("/v1/accounts/me/balances", headers=bank.of_person(student))
    (rebuilt,) = answer.json()["accounts"]
    assert (rebuilt["available"], rebuilt["institutions"][0]["lots"]) == ("10.01", 1_001)


async def test_the_same_call_again_is_replayed(bank: Bank, district: District) -> None:
    items = [item(student, district.course) for student in district.students]
    first = await bank.posted(district.school, *items)
    again = await bank.posted(district.school, *items)
    assert again["replayed"] == 3
    assert [one["entry"] for one in again["items"]] == [one["entry"] for one in first["items"]]
    assert (await bank.account(district.students[0]))["accounts"][0]["available"] == "1.00"


@pytest.mark.parametrize(
    "change",
    [
        {"credits": "2.00"},
        {"grade": "B"},
        {"attempt": "2"},
        {"earned_on": "2026-06-29"},
        {"course": {"sourced_id": "C-2"}},
        {"learner": {"sourced_id": "S-1"}},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_a_key_with_other_content_is_a_conflict(
    bank: Bank, district: District, change: dict[str, object]
) -> None:
    first = item(district.students[0], district.course)
    posted = await bank.posted(district.school, first)
    answer = await bank.posted(district.school, {**first, **change}, item("S-2", "C-2"))
    assert (answer["conflicts"], answer["posted"]) == (1, 1)
    assert answer["items"][0] == {
        "key": first["key"],
        "outcome": "conflict",
        "message": "The key came before with other content.",
        "entry": posted["items"][0]["entry"],
    }
    assert (await bank.account(district.students[0]))["accounts"][0]["available"] == "1.00"


async def test_the_same_amount_in_another_form_is_the_same_content(bank: Bank, district: District) -> None:
    first = item(district.students[0], district.course, credits="1")
    await bank.posted(district.school, first)
    assert (await bank.posted(district.school, {**first, "credits": "1.00"}))["replayed"] == 1


async def test_one_attempt_is_posted_once_whatever_its_key(bank: Bank, district: District) -> None:
    student = district.students[0]
    first = await bank.posted(district.school, item(student, district.course, attempt="2026-1"))
    again = await bank.posted(
        district.school,
        item(student, district.course, attempt="2026-1", grade="A+", credits="2.00"),
        item(student, district.course, attempt="2026-2"),
        item(student, district.course, attempt="2026-2", credits="3.00"),
        item(district.students[1], district.course, attempt="2026-1"),
    )
    assert [one["outcome"] for one in again["items"]] == ["refused", "posted", "refused", "posted"]
    assert again["items"][0]["reason"] == "attempt_already_posted"
    assert again["items"][0]["entry"] == first["items"][0]["entry"]
    assert again["items"][2]["entry"] == again["items"][1]["entry"]


async def test_a_bad_item_hinders_no_other(bank: Bank, district: District) -> None:
    good = item(district.students[0], district.course)
    answer = await bank.posted(
        district.school,
        item(new_id(), district.course),
        item("nobody", district.course),
        item(district.students[0], new_id()),
        item(district.students[0], district.other_course),
        item(district.students[0], "C-3"),
        item(district.students[0], district.course, earned_on="2999-01-01"),
        good,
        good,
        {**good, "credits": "7.00"},
    )
    assert [one.get("reason") for one in answer["items"]] == [
        "learner_unknown",
        "learner_unknown",
        "course_unknown",
        "course_unknown",
        "course_unknown",
        "earned_in_future",
        None,
        None,
        None,
    ]
    assert [one["outcome"] for one in answer["items"][-3:]] == ["posted", "replayed", "conflict"]
    assert answer["items"][-2]["entry"] == answer["items"][-3]["entry"]
    assert (answer["posted"], answer["replayed"], answer["conflicts"], answer["refused"]) == (1, 1, 1, 6)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ("Nobody of that name or id", "This is no course", "The key came before with other content.")),
        (
            "zh-CN,en;q=0.5",
            ("机构体系内没有该学习者。", "机构体系内没有该课程。", "该键此前已用于不同内容。"),
        ),
    ],
)
async def test_what_is_not_posted_says_why_in_the_callers_language(
    bank: Bank, district: District, language: str, sentences: tuple[str, ...]
) -> None:
    good = item(district.students[0], district.course)
    headers = {**bank.of_client(district.school), "Accept-Language": language}
    items = [item("nobody", "C-1"), item("S-0", "C-3"), good, {**good, "credits": "7.00"}, good]
    answer = await bank.client.post("/v1/deposits", json={"items": items}, headers=headers)
    unknown, course, posted, conflict, replayed = answer.json()["items"]
    for one, sentence in zip((unknown, course, conflict), sentences, strict=True):
        assert one["message"].startswith(sentence)
    assert "message" not in {**posted, **replayed}
    assert answer.headers["content-language"] == language[:5]


async def test_a_refused_item_may_be_sent_again_with_its_key(bank: Bank, district: District) -> None:
    wrong = item("nobody", district.course)
    assert (await bank.posted(district.school, wrong, wrong))["refused"] == 2
    right = {**wrong, "learner": {"sourced_id": "S-0"}}
    assert (await bank.posted(district.school, right))["posted"] == 1


async def test_an_entry_of_a_batch_is_found_by_those_of_its_line(bank: Bank, district: District) -> None:
    answer = await bank.posted(
        district.district,
        *(item(f"S-{n}", "C-1") for n in range(3)),
        item("nobody", "C-1"),
        institution=district.school,
    )
    for reader, status in ((district.school, 200), (district.region, 200), (district.other_school, 404)):
        response = await bank.client.get(f"/v1/deposits/{answer['batch']}", headers=bank.of_client(reader))
        assert response.status_code == status
    found = (
        await bank.client.get(f"/v1/deposits/{answer['batch']}", headers=bank.of_client(district.school))
    ).json()
    assert (found["posted"], found["refused"], found["credits"]) == (3, 1, "3.00")
    assert found["institution"] == str(district.school)
    assert {one["id"] for one in found["entries"]} == {one["entry"] for one in answer["items"][:3]}
    assert {UUID(one["learner"]) for one in found["entries"]} == set(district.students)


async def test_who_is_no_student_gets_an_account_with_the_first_credits(
    bank: Bank, district: District, teacher: UUID
) -> None:
    assert (await bank.account(teacher))["accounts"] == []
    answer = await bank.posted(
        district.school,
        item(teacher, district.course),
        item(teacher, district.district_course, credits="0.01"),
    )
    assert answer["posted"] == 2
    assert (await bank.account(teacher))["accounts"][0]["available"] == "1.01"
