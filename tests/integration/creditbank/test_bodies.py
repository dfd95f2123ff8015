"""Bodies that are not as documented: every fault by its place, in the reader's language, and no effect."""

import json
from typing import Any

import pytest

from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District


async def _send(bank: Bank, district: District, body: bytes, **headers: str) -> Any:
    return await bank.client.post(
        "/v1/deposits", content=body, headers={**bank.of_client(district.school), **headers}
    )


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"credits": 1}, "body.items.1.credits"),
        ({"credits": "1.005"}, "body.items.1.credits"),
        ({"credits": "-1.00"}, "body.items.1.credits"),
        ({"credits": "1e2"}, "body.items.1.credits"),
        ({"credits": "0.00"}, "body.items.1"),
        ({"credits": "10000.01"}, "body.items.1.credits"),
        ({"credits": "１"}, "body.items.1.credits"),
        ({"earned_on": "2026-02-30"}, "body.items.1.earned_on"),
        ({"earned_on": "2026-06-30T00:00:01Z"}, "body.items.1.earned_on"),
        ({"learner": {}}, "body.items.1.learner"),
        ({"learner": {"id": "x"}}, "body.items.1.learner.id"),
        ({"course": {"sourced_id": "a", "id": None, "code": "b"}}, "body.items.1.course.code"),
        ({"key": ""}, "body.items.1.key"),
        ({"key": "a\x00b"}, "body.items.1.key"),
        ({"grade": "\u202eA"}, "body.items.1.grade"),
        ({"attempt": "x" * 201}, "body.items.1.attempt"),
        ({"unknown": 1}, "body.items.1.unknown"),
    ],
)
async def test_each_fault_is_named_by_its_place(
    bank: Bank, district: District, change: dict[str, Any], place: str
) -> None:
    items = [item("S-0", "C-1"), {**item("S-1", "C-1"), **change}]
    response = await _send(bank, district, json.dumps({"items": items}).encode())
    assert response.status_code == 422
    assert place in [error["place"] for error in response.json()["errors"]]
    assert (await bank.account(district.students[0]))["accounts"][0]["entries"] == 0


async def test_faults_are_told_in_chinese(bank: Bank, district: District) -> None:
    response = await _send(bank, district, b'{"items": [{}]}', **{"Accept-Language": "zh-CN"})
    assert response.json()["title"] == "请求格式不符合文档"
    assert {error["message"] for error in response.json()["errors"]} == {"必填"}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"items": [}', b"[" * 10_000])
async def test_what_is_no_json_is_malformed(bank: Bank, district: District, body: bytes) -> None:
    assert (await _send(bank, district, body)).status_code == 400


@pytest.mark.parametrize("body", [b"[]", b"null", b"{}", b'{"items": []}', b'{"items": null}'])
async def test_what_is_no_deposit_is_refused(bank: Bank, district: District, body: bytes) -> None:
    assert (await _send(bank, district, body)).status_code == 422


async def test_a_thousand_items_pass_and_one_more_does_not(bank: Bank, district: District) -> None:
    items = [item(f"S-{n % 3}", "C-1", credits="0.01") for n in range(1_001)]
    over = await bank.post(district.school, *items)
    assert over.status_code == 422
    assert over.json()["errors"][0]["code"] == "too_long"
    assert (await bank.posted(district.school, *items[:1_000]))["posted"] == 1_000
    account = (await bank.account(district.students[0]))["accounts"][0]
    assert (account["available"], account["entries"]) == ("3.34", 334)


async def test_a_body_beyond_the_limit_is_not_read(bank: Bank, district: District) -> None:
    response = await _send(bank, district, b" " * (2 * 1024 * 1024 + 1))
    assert response.status_code == 413


async def test_an_unknown_scheme_is_told(bank: Bank, district: District) -> None:
    response = await bank.post(district.school, item("S-0", "C-1"), scheme="nobody:made")
    assert (response.status_code, response.json()["title"]) == (404, "No such scheme")


async def test_schemes_are_listed_in_the_readers_language(bank: Bank, district: District) -> None:
    headers = {**bank.of_client(district.school), "Accept-Language": "zh"}
    found = (await bank.client.get("/v1/schemes", headers=headers)).json()
    shown = {(one["code"], one["title"], one["decimals"]) for one in found["items"]}
    assert ("xuebu:credits", "课程学分", 2) in shown


async def test_entries_come_in_pages(bank: Bank, district: District) -> None:
    await bank.posted(district.school, *(item("S-0", "C-1") for _ in range(5)))
    student = district.students[0]
    sequences, cursor = [], None
    for _ in range(3):
        page = await bank.entries(student, limit=2, **({"cursor": cursor} if cursor else {}))
        sequences += [one["sequence"] for one in page["items"]]
        cursor = page["next"]
    assert (sequences, cursor) == ([5, 4, 3, 2, 1], None)
    assert (await bank.entries(student, scheme="other"))["items"] == []


@pytest.mark.parametrize("cursor", ["x", "WzFd!", "WyJhIl0", "W10", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTld"])
async def test_a_cursor_not_given_out_is_refused(bank: Bank, district: District, cursor: str) -> None:
    response = await bank.client.get(
        "/v1/accounts/me/entries",
        params={"cursor": cursor},
        headers=bank.of_person(district.students[0]),
    )
    assert response.status_code == 422
