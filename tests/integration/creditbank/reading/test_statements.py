"""Balances and statements now and as of any time, as JSON and as CSV."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.handlers import people_merged
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.reading.conftest import Reader
from tests.integration.creditbank.world import District, as_event

BALANCES, STATEMENT, CSV = (f"/v1/accounts/me/{name}" for name in ("balances", "statement", "statement.csv"))
PARTS = ("available", "held", "redeemed")


async def test_balances_as_of_any_recorded_time(reader: Reader, district: District, past: list[str]) -> None:
    student = district.students[0]
    expected = [
        ("1.00", "0.00", "0.00"),
        ("0.60", "0.40", "0.00"),
        ("2.60", "0.40", "0.00"),
        ("0.60", "0.40", "2.00"),
    ]
    entries = (await reader.bank.entries(student))["items"][::-1]
    for n, (at, parts) in enumerate(zip(past, expected, strict=True), start=1):
        (account,) = (await reader.ok(student, BALANCES, recorded_at=at))["accounts"]
        assert tuple(account[part] for part in PARTS) == parts
        assert (account["entries"], account["head"]) == (n, entries[n - 1]["commitment"])
    before = (datetime.fromisoformat(past[0]) - timedelta(microseconds=1)).isoformat()
    (empty,) = (await reader.ok(student, BALANCES, recorded_at=before))["accounts"]
    assert (empty["available"], empty["entries"], empty["head"], empty["institutions"]) == (
        "0.00",
        0,
        None,
        [],
    )
    now = await reader.ok(student, BALANCES)
    told = await reader.bank.account(student)
    for part in (*PARTS, "scheme", "entries", "head", "institutions"):
        assert now["accounts"][0][part] == told["accounts"][0][part]
    assert now == {
        **(await reader.ok(student, BALANCES, recorded_at="9999-12-31T23:59:59Z")),
        "recorded_at": now["recorded_at"],
    }


async def test_balances_as_of_any_day(reader: Reader, district: District, past: list[str]) -> None:
    student = district.students[0]

    async def on(day: str, **query: str) -> tuple[str, ...]:
        (account,) = (await reader.ok(student, BALANCES, effective_at=day, **query))["accounts"]
        return tuple(account[part] for part in PARTS)

    assert await on("2020-01-30") == ("0.00", "0.00", "0.00")
    assert await on("2020-01-31") == ("2.00", "0.00", "0.00")
    assert await on("2020-01-31T23:59:59-01:00") == ("2.00", "0.00", "0.00")
    assert await on("2020-01-31T00:30:00+01:00") == ("0.00", "0.00", "0.00")  # the day before, in UTC
    assert await on("2026-06-30") == ("3.00", "0.00", "0.00")
    assert await on("9999-12-31") == ("0.60", "0.40", "2.00")
    # Of what was known when only the first two entries were there.
    assert await on("2026-06-30", recorded_at=past[1]) == ("1.00", "0.00", "0.00")
    found = await reader.ok(student, BALANCES, effective_at="2020-01-31")
    assert (found["effective_on"], found["accounts"][0]["head"]) == ("2020-01-31", None)


NO_TIMES = (
    "", "yesterday", "2026-13-01", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "1782000000", "NaN",
    "2026-01-01T00:00:00 08:00", "0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00Z\x00", "２０２６-01-01",
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (BALANCES, ("recorded_at", "effective_at")),
        (STATEMENT, ("recorded_at", "effective_at", "from", "until")),
        (CSV, ("recorded_at", "effective_at", "from", "until")),
    ],
)
async def test_what_is_no_time_is_told_by_its_place(
    reader: Reader, district: District, path: str, names: tuple[str, ...]
) -> None:
    for name in names:
        for value in NO_TIMES:
            response = await reader.ask(district.students[0], path, None, **{name: value})
            assert response.status_code == 422, (name, value)
            assert response.json()["errors"][0]["place"] == f"query.{name}"


async def test_a_statement_tells_what_there_was_after_each_entry(
    reader: Reader, district: District, past: list[str]
) -> None:
    student = district.students[0]
    whole = await reader.ok(student, STATEMENT)
    assert [(one["kind"], one["credits"], one["balance"]["available"]) for one in whole["items"]] == [
        ("deposit", "1.00", "1.00"),
        ("hold", "0.40", "0.60"),
        ("deposit", "2.00", "2.60"),
        ("redemption", "2.00", "0.60"),
    ]
    assert whole["closing"] == whole["items"][-1]["balance"]
    assert set(whole["opening"].values()) == {"0.00"}
    listed = {one["id"]: one for one in (await reader.bank.entries(student))["items"]}
    for one in whole["items"]:
        for name in listed[one["id"]].keys() & one.keys():
            assert one[name] == listed[one["id"]][name], name
    by_day = await reader.ok(student, STATEMENT, by="effective")
    assert [(one["kind"], one["balance"]["available"]) for one in by_day["items"]] == [
        ("deposit", "2.00"), ("deposit", "3.00"), ("hold", "2.60"), ("redemption", "0.60"),
    ]  # fmt: skip
    assert by_day["closing"] == whole["closing"]


@pytest.mark.parametrize("by", ["recorded", "effective"])
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_of_a_statement_join_without_a_seam(
    reader: Reader, district: District, past: list[str], by: str, limit: int
) -> None:
    student = district.students[0]
    whole = await reader.ok(student, STATEMENT, by=by)
    items, opening, cursor = [], whole["opening"], None
    while True:
        part = await reader.ok(
            student, STATEMENT, by=by, limit=limit, **({"cursor": cursor} if cursor else {})
        )
        assert part["opening"] == opening
        assert part["closing"] == whole["closing"]
        items += part["items"]
        opening, cursor = part["items"][-1]["balance"], part["next"]
        if cursor is None:
            break
    assert items == whole["items"]


async def test_a_part_of_a_statement_by_time(reader: Reader, district: District, past: list[str]) -> None:
    student = district.students[0]
    part = await reader.ok(student, STATEMENT, **{"from": past[1], "until": past[3]})
    assert [one["kind"] for one in part["items"]] == ["hold", "deposit"]
    assert (part["opening"]["available"], part["closing"]["available"]) == ("1.00", "2.60")
    days = {"by": "effective", "from": "2026-01-01T00:00:00Z", "until": "2026-07-01T00:00:00Z"}
    part = await reader.ok(student, STATEMENT, **days)
    assert [one["earned_on"] for one in part["items"]] == ["2026-06-30"]
    assert (part["opening"]["available"], part["closing"]["available"]) == ("2.00", "3.00")
    nothing = await reader.ok(student, STATEMENT, scheme="no:such")
    assert (nothing["items"], nothing["closing"]["available"]) == ([], "0.00")


async def test_the_statement_as_csv(reader: Reader, district: District, past: list[str]) -> None:
    student = district.students[0]
    response = await reader.ask(student, CSV, bom="true")
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["content-disposition"] == 'attachment; filename="statement.csv"'
    assert response.content.startswith(b"\xef\xbb\xbfsequence,recorded_at,")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    whole = (await reader.ok(student, STATEMENT))["items"]
    assert [(row["entry"], row["available"], row["grade"]) for row in rows] == [
        (one["id"], one["balance"]["available"], one["grade"] or "") for one in whole
    ]
    chinese = await reader.ask(student, CSV, headers={"Accept-Language": "zh"}, words="true")
    assert chinese.text.startswith("序号,记账时间,")
    assert chinese.text.count("\r\n") == 5


async def test_no_cell_of_csv_is_a_formula(reader: Reader, bank: Bank, district: District) -> None:
    bad = ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(1)", " =1", "＝1+1", "\"quoted\",'x'"]
    for grade in bad:
        await bank.posted(district.school, item(district.students[1], district.course, grade=grade))
    response = await reader.ask(district.students[1], CSV)
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["grade"] for row in rows] == [f"'{one}" for one in bad[:-1]] + bad[-1:]
    assert {row["available"] for row in rows} == {f"{n}.00" for n in range(1, 8)}


async def test_statements_of_merged_books_are_read_as_one(
    reader: Reader, bank: Bank, district: District, database: Database
) -> None:
    other, survivor, _ = district.students
    for n, who in enumerate((other, survivor, other, survivor), start=1):
        await bank.posted(district.school, item(who, district.course, credits=f"{n}.00"))
    connection = await database.connect()
    async with connection.transaction():
        await people_merged(connection, [as_event({"id": other, "into": survivor, "version": 9})])
    await connection.close()
    whole = await reader.ok(other, STATEMENT)
    assert whole == {**(await reader.ok(survivor, STATEMENT)), "recorded_at": whole["recorded_at"]}
    assert [one["balance"]["available"] for one in whole["items"]] == ["1.00", "3.00", "6.00", "10.00"]
    assert whole["learner"] == str(survivor)
    (account,) = (await reader.ok(other, BALANCES))["accounts"]
    assert (account["available"], account["entries"]) == ("10.00", 4)
    assert account["head"] == whole["items"][-1]["commitment"]


async def test_who_has_no_account_has_an_empty_statement(reader: Reader, teacher: object) -> None:
    nobody = new_id()
    assert (await reader.ok(nobody, BALANCES))["accounts"] == []
    assert (await reader.ok(nobody, STATEMENT))["items"] == []
    assert (await reader.ask(nobody, CSV)).text.count("\r\n") == 1


async def test_foreign_cursors_are_refused(reader: Reader, district: District) -> None:
    from libs.common.paging import encode_cursor

    huge = encode_cursor(2**62, 2**62, str(uuid4()))
    assert (await reader.ok(district.students[0], STATEMENT, cursor=huge))["items"] == []
    least = encode_cursor(-(2**62), -1, str(uuid4()))
    assert (await reader.ok(district.students[0], STATEMENT, cursor=least))["items"] == []
    for cursor in ("x", encode_cursor(1, 2), encode_cursor(1, 2, "y"), encode_cursor(2**70, 1, str(uuid4()))):
        assert await reader.refused(district.students[0], STATEMENT, cursor=cursor) == (422, "invalid-cursor")


async def test_a_time_to_come_is_now(reader: Reader, district: District) -> None:
    told = await reader.ok(district.students[0], BALANCES, recorded_at="9999-01-01T00:00:00Z")
    assert datetime.fromisoformat(told["recorded_at"]) <= datetime.now(UTC) + timedelta(minutes=1)
