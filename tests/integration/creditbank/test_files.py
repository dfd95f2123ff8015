"""Files of credits over HTTP: judged, posted, answered item by item, cut anywhere and sent again."""

import json
from collections import Counter
from uuid import uuid4

import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.sending import HEADER, Files, available, row
from tests.integration.creditbank.world import District, person, tell_of_people


async def test_a_file_is_posted_and_answered_item_by_item(
    bank: Bank, district: District, files: Files
) -> None:
    bad = [
        row("S-9"),
        row(course="C-9"),
        row(course="C-3"),  # the other school's
        row(credits="0"),
        row(credits="1.005"),
        row(earned_on="30.6.2026"),
        row(earned_on="2999-01-01"),
        row(learner=""),
        row(grade="x" * 51),
        "a,b,c,d,e,f,g,h\n",
    ]
    good = [row(f"S-{n}", grade="优") for n in range(3)]
    twice = row("S-1", attempt="2026-1"), row("S-1", attempt="2026-1")
    done = await files.done(HEADER + "".join([*good, *bad, *twice]))
    assert (done["state"], done["items"], done["posted"], done["refused"]) == ("posted", 15, 4, 11)
    assert done["done"] == done["total"] == 15
    assert await files.outcomes(done["id"]) == [
        *[("posted", None)] * 3,
        ("refused", "learner_unknown"),
        ("refused", "course_unknown"),
        ("refused", "course_unknown"),
        ("refused", "value_invalid"),
        ("refused", "value_invalid"),
        ("refused", "value_invalid"),
        ("refused", "earned_in_future"),
        ("refused", "value_missing"),
        ("refused", "value_invalid"),
        ("refused", "row_malformed"),
        ("posted", None),
        ("refused", "attempt_already_posted"),
    ]
    faults = await files.items(done["id"], outcome="refused")
    assert [one["field"] for one in faults[3:9]] == [
        "credits",
        "credits",
        "earned_on",
        None,
        "learner",
        "grade",
    ]
    assert faults[0]["line"] == 5
    assert await available(bank, district.students[1]) == "2.00"


async def test_reasons_are_told_in_both_languages(files: Files) -> None:
    done = await files.done(HEADER + row("S-9"))
    messages = []
    for language in ("en", "zh-CN"):
        response = await files.bank.client.get(
            f"/v1/deposit-files/{done['id']}/items", headers={**files.headers, "Accept-Language": language}
        )
        messages.append(response.json()["items"][0]["message"])
    assert messages == [
        "Nobody of that name or id is known in the institution's line.",
        "机构体系内没有该学习者。",
    ]


async def test_the_same_file_again_changes_nothing(bank: Bank, district: District, files: Files) -> None:
    content = HEADER + "".join(row(f"S-{n}") for n in range(3))
    first = await files.send(content)
    assert (await files.send(content))["id"] == first["id"]  # it is under way: no second job
    other = await files.send(content, dry_run=True)
    assert other["id"] != first["id"]
    await files.app.state.file_worker.work_through()
    again = await files.done(content)
    assert again["id"] != first["id"]
    assert (again["posted"], again["replayed"]) == (0, 3)
    assert [one["entry"] for one in await files.items(again["id"])] == [
        one["entry"] for one in await files.items(first["id"])
    ]
    assert await available(bank, district.students[0]) == "1.00"


async def test_without_keys_an_item_is_what_it_is_about(bank: Bank, district: District, files: Files) -> None:
    content = "learner;course;credits;earned_on\nS-0;C-1;1.00;2026-06-30\nS-0;C-2;1.00;2026-06-30\n"
    assert (await files.done(content))["posted"] == 2
    changed = await files.done(content.replace("C-2;1.00", "C-2;2.00"))
    assert (changed["replayed"], changed["conflicts"], changed["posted"]) == (1, 1, 0)
    assert await available(bank, district.students[0]) == "2.00"


async def test_a_dry_run_says_what_posting_would_and_posts_nothing(
    bank: Bank, district: District, files: Files
) -> None:
    key = uuid4().hex
    many = [row("S-2", key=f"{key}-{n}") for n in range(1000)]  # more than one part
    content = HEADER + "".join(
        [
            row("S-0", attempt="a", key=key),
            row("S-0", attempt="b"),
            row("S-9"),
            *many,
            row("S-0", attempt="b"),
            row("S-0", attempt="a", key=key),
            row("S-0", key=key),
            many[0],
        ]
    )
    judged = await files.done(content, dry_run=True)
    assert judged["state"] == "judged"
    assert await available(bank, district.students[0]) == "0.00"
    posted = await files.done(content)
    expected = {"posted": 1002, "refused": 2, "replayed": 2, "conflicts": 1}
    assert {name: posted[name] for name in expected} == expected
    assert {**{name: judged[name] for name in expected}, "posted": judged["accepted"]} == expected

    async def tail(file: str, good: str) -> list[tuple[str, str | None]]:
        response = await bank.client.get(
            f"/v1/deposit-files/{file}/items",
            params={"limit": 200, "cursor": _cursor(1002)},
            headers=files.headers,
        )
        return [(one["outcome"].replace(good, "good"), one["reason"]) for one in response.json()["items"]]

    assert await tail(judged["id"], "accepted") == await tail(posted["id"], "posted")
    assert len(await tail(posted["id"], "posted")) == 5


def _cursor(number: int) -> str:
    from libs.common.paging import encode_cursor

    return encode_cursor(number)


async def test_all_or_nothing_posts_nothing_when_one_item_is_bad(
    bank: Bank, district: District, files: Files
) -> None:
    good = [row(f"S-{n}") for n in (2, 0, 1)]
    refused = await files.done(HEADER + "".join([*good, row("S-9")]), atomic=True)
    assert (refused["state"], refused["refusal"], refused["accepted"]) == ("refused", "items_refused", 3)
    assert (await files.outcomes(refused["id"]))[0] == ("accepted", None)
    assert await available(bank, district.students[0]) == "0.00"
    faulty = await files.done(HEADER + "".join([*good, row(credits="x")]), atomic=True)
    assert (faulty["state"], faulty["accepted"]) == ("refused", 3)
    posted = await files.done(HEADER + "".join(good), atomic=True)
    assert (posted["state"], posted["posted"], posted["done"]) == ("posted", 3, 3)
    assert all(one["entry"] for one in await files.items(posted["id"]))
    assert await available(bank, district.students[0]) == "1.00"


async def test_all_or_nothing_holds_against_what_is_posted_after_judging(
    bank: Bank, district: District, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.creditbank.files.working import FileWork

    judge = FileWork._judge

    async def judge_and_lose(self: FileWork) -> str:
        state = await judge(self)
        await bank.posted(district.school, item("S-1", "C-1", attempt="race"))
        return state

    monkeypatch.setattr(FileWork, "_judge", judge_and_lose)
    lost = await files.done(HEADER + row("S-0") + row("S-1", attempt="race"), atomic=True)
    assert (lost["state"], lost["accepted"], lost["refused"], lost["posted"]) == ("refused", 1, 1, 0)
    assert lost["done"] == lost["total"] == 2
    assert await available(bank, district.students[0]) == "0.00"


@pytest.mark.parametrize(
    ("content", "refusal", "line"),
    [
        (b"", "empty", None),
        (HEADER.encode(), "empty", None),
        (b"learner,credits\nS-0,1\n", "columns_missing", 1),
        (b"learner,learner,course,credits,earned_on\n", "columns_repeated", 1),
        (HEADER.encode() + "数".encode("gb18030"), "not_text", None),
        (HEADER.encode() + b'k,"' + b"x" * 200_000, "row_endless", 2),
    ],
    ids=["nothing", "header only", "columns", "twice", "encoding", "quotation mark"],
)
async def test_a_file_of_no_use_is_refused_as_a_whole(
    files: Files, content: bytes, refusal: str, line: int | None
) -> None:
    done = await files.done(content)
    assert (done["state"], done["refusal"], done["line"], done["items"]) == ("refused", refusal, line, 0)
    assert done["message"]


async def test_other_encodings_and_a_mark_of_the_order_of_bytes(files: Files) -> None:
    content = HEADER + row("S-0", grade="优秀")
    assert (await files.done(content.encode("gb18030"), encoding="gb18030"))["posted"] == 1
    assert (await files.done(b"\xef\xbb\xbf" + (HEADER + row("S-1")).encode()))["posted"] == 1


async def test_json_lines_are_items_as_the_single_route_takes_them(
    bank: Bank, district: District, files: Files
) -> None:
    lines = [
        json.dumps(item("S-0", "C-1")),
        json.dumps(item("S-0", "C-1", credits="nothing")),
        "[1]",
        "{",
        json.dumps(item("S-1", district.district_course.hex)),
    ]
    done = await files.done("\n".join(lines), profile="json-lines")
    assert await files.outcomes(done["id"]) == [
        ("posted", None),
        ("refused", "value_invalid"),
        ("refused", "row_malformed"),
        ("refused", "row_malformed"),
        ("refused", "course_unknown"),
    ]
    assert (await files.items(done["id"]))[1]["field"] == "credits"


async def test_who_may_see_and_send(
    bank: Bank, district: District, files: Files, database: Database, keys: KeyRing
) -> None:
    sent = await files.done(HEADER + row())
    registrar = new_id()
    await tell_of_people(database, keys, person(registrar, ("registrar", district.district)))
    readers = {
        "above": (bank.of_client(district.region, "credits.read"), 200),
        "registrar": (bank.of_person(registrar), 200),
        "other school": (bank.of_client(district.other_school), 404),
        "student": (bank.of_person(district.students[0]), 404),
    }
    for path in (f"/{sent['id']}", f"/{sent['id']}/items", f"?institution={district.school}"):
        for who, (headers, status) in readers.items():
            response = await bank.client.get(f"/v1/deposit-files{path}", headers=headers)
            assert response.status_code == status, (path, who)
    for organisation, status in ((district.region, 202), (district.other_school, 404)):
        response = await bank.client.post(
            "/v1/deposit-files",
            files={"file": ("a.csv", HEADER.encode(), "text/csv")},
            data={"institution": str(district.school)},
            headers=bank.of_client(organisation),
        )
        assert response.status_code == status
    as_person = await bank.client.post(
        "/v1/deposit-files",
        files={"file": ("a.csv", HEADER.encode(), "text/csv")},
        headers=bank.of_person(registrar, "credits.post"),
    )
    assert as_person.status_code == 403
    unknown = await bank.client.post(
        "/v1/deposit-files",
        files={"file": ("a.csv", HEADER.encode(), "text/csv")},
        data={"profile": "guess"},
        headers=files.headers,
    )
    assert (unknown.status_code, unknown.json()["type"].rsplit("/")[-1]) == (404, "profile-unknown")


async def test_an_erased_learner_is_no_more_named_by_the_items_of_files(
    bank: Bank, district: District, files: Files, database: Database
) -> None:
    from services.creditbank.files.handlers import people_erased
    from tests.integration.creditbank.world import as_event

    done = await files.done(HEADER + row("S-0", attempt="x") + row("S-1", attempt="x"))
    connection = await database.connect()
    await people_erased(connection, [as_event({"id": district.students[0], "version": 2})])
    await connection.close()
    first, second = await files.items(done["id"])
    assert (first["learner"]["sourced_id"], first["key"], first["attempt"]) == (None, None, None)
    assert first["outcome"] == "posted"
    assert second["learner"]["sourced_id"] == "S-1"


async def test_counts_are_those_of_the_items(files: Files) -> None:
    done = await files.done(HEADER + "".join([row(), row("S-9"), row("S-1"), row(credits="-1")]))
    found = Counter(one["outcome"] for one in await files.items(done["id"]))
    assert found == {"posted": done["posted"], "refused": done["refused"]}
