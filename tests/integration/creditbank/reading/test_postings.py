"""An institution's own postings, found by the names it gave them; and who may look."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.common.database import Database
from libs.common.ids import new_id
from libs.common.paging import encode_cursor
from services.creditbank.learners.keys import KeyRing
from services.creditbank.settings import AUDIENCE
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District, person, tell_of_people
from tests.issuer import bearer


class Registry:
    """The routes of one institution as a client of it reads them."""

    def __init__(self, bank: Bank, institution: UUID) -> None:
        self.bank = bank
        self.institution = institution
        self.headers = bank.of_client(institution, "credits.read credits.post")

    async def ask(self, path: str, **query: Any) -> httpx.Response:
        return await self.bank.client.get(
            f"/v1/institutions/{self.institution}/{path}", params=query, headers=self.headers
        )

    async def ok(self, path: str, **query: Any) -> Any:
        response = await self.ask(path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    async def found(self, **query: Any) -> list[str]:
        """The entries found, in their order."""
        return [one["entry"] for one in (await self.ok("postings", **query))["items"]]

    async def correct(
        self, batch: str, entry: str, replacement: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Revoke or replace a posting, by two clients."""
        asked = await self.bank.client.post(
            f"/v1/deposits/{batch}/entries/{entry}/corrections",
            json={"reason": "a mistake", **({"replacement": replacement} if replacement else {})},
            headers=self.headers,
        )
        assert asked.status_code == 201, asked.text
        done = await self.bank.client.post(
            f"/v1/corrections/{asked.json()['id']}/decision",
            json={"decision": "approved"},
            headers=self.bank.of_client(self.institution),
        )
        assert done.status_code == 200, done.text
        answer: dict[str, Any] = done.json()
        return answer


@pytest.fixture
def registry(bank: Bank, district: District) -> Registry:
    return Registry(bank, district.school)


async def posted(registry: Registry, *items: dict[str, Any]) -> tuple[str, list[str]]:
    """The call and its entries."""
    answer = await registry.bank.posted(registry.institution, *items)
    assert answer["posted"] == len(items), answer
    return answer["batch"], [one["entry"] for one in answer["items"]]


async def test_postings_are_found_by_every_name(registry: Registry, district: District) -> None:
    first, second, third = district.students
    batch, (a, b) = await posted(
        registry,
        item(first, district.course, key="key-a", attempt="2026-1"),
        item("S-1", "C-2", key="key-b", attempt="2026-1", grade="优"),
    )
    other_batch, (c,) = await posted(registry, item(third, district.course, key="key-c"))
    assert await registry.found() == [c, *sorted((a, b), reverse=True)]
    assert await registry.found(key="key-a") == [a]
    assert sorted(await registry.found(attempt="2026-1")) == sorted((a, b))
    assert await registry.found(attempt="2026-1", key="key-b") == [b]
    assert sorted(await registry.found(batch=batch)) == sorted((a, b))
    assert await registry.found(learner=str(second)) == [b]
    assert await registry.found(learner_sourced_id="S-2") == [c]
    assert await registry.found(course_sourced_id="C-2") == [b]
    assert sorted(await registry.found(course=str(district.course))) == sorted((a, c))
    assert await registry.found(course=str(district.course), batch=other_batch) == [c]
    assert await registry.found(scheme="no:such") == []
    for nothing in ("key-x", "%", "key-_"):
        assert await registry.found(key=nothing) == []
    for name in ("attempt", "learner_sourced_id", "course_sourced_id"):
        assert await registry.found(**{name: "nothing"}) == []
    (shown,) = (await registry.ok("postings", key="key-b"))["items"]
    assert (shown["learner"], shown["course"]["title"], shown["credits"]) == (str(second), "数学", "1.00")
    assert (shown["grade"], shown["reversed_by"], shown["replaced_by"]) == ("优", None, None)


async def test_postings_by_time(registry: Registry, district: District) -> None:
    _, (a,) = await posted(registry, item("S-0", "C-1"))
    (shown,) = (await registry.ok("postings"))["items"]
    at = datetime.fromisoformat(shown["recorded_at"])
    _, (b,) = await posted(registry, item("S-1", "C-1"))
    just_after = (at + timedelta(microseconds=1)).isoformat()
    assert await registry.found(**{"from": at.isoformat()}) == [b, a]
    assert await registry.found(**{"from": just_after}) == [b]
    assert await registry.found(until=just_after) == [a]
    assert await registry.found(until=at.isoformat()) == []
    assert await registry.found(until=just_after, learner_sourced_id="S-0") == [a]
    far = datetime(9999, 12, 31, tzinfo=UTC).isoformat()
    assert await registry.found(**{"from": far}) == []


async def test_what_was_taken_back_is_told_and_filtered(registry: Registry, district: District) -> None:
    batch, (kept, revoked, replaced) = await posted(registry, *(item(f"S-{n}", "C-1") for n in range(3)))
    revocation = await registry.correct(batch, revoked)
    correction = await registry.correct(
        batch, replaced, {"course": {"sourced_id": "C-1"}, "credits": "2.00", "earned_on": "2026-06-30"}
    )
    new = correction["replaced_by"]
    assert sorted(await registry.found(reversed="false")) == sorted((kept, new))
    assert sorted(await registry.found(reversed="true")) == sorted((revoked, replaced))
    shown = {one["entry"]: one for one in (await registry.ok("postings"))["items"]}
    assert shown[revoked]["reversed_by"] == revocation["revocation"]
    assert (shown[revoked]["replaced_by"], shown[replaced]["replaced_by"]) == (None, new)
    assert shown[new]["batch"] == correction["id"]


@pytest.mark.parametrize("query", [{}, {"attempt": "x"}, {"course_sourced_id": "C-1"}], ids=str)
async def test_pages_of_postings_join_without_a_seam(
    registry: Registry, district: District, query: dict[str, str]
) -> None:
    for part in range(2):
        items = [item(f"S-{n}", ("C-1", "C-2")[part], attempt=f"{part}") for n in range(3)]
        await posted(registry, *items)
    await posted(registry, *(item(f"S-{n}", "C-1", attempt="x") for n in range(3)))
    whole = await registry.found(**query)
    assert len(whole) == {"{}": 9, "attempt": 3}.get(next(iter(query), "{}"), 6)
    for limit in (1, 2, 5):
        found, cursor = [], None
        while True:
            page = await registry.ok(
                "postings", limit=limit, **query, **({"cursor": cursor} if cursor else {})
            )
            found += [one["entry"] for one in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert found == whole


async def test_cursors_of_other_lists_are_refused(registry: Registry) -> None:
    for cursor in ("x", encode_cursor(1, 2), encode_cursor("a", "b", "c"), encode_cursor(1, 2, 3)):
        assert (await registry.ask("postings", cursor=cursor)).status_code == 422
        assert (await registry.ask("reconciliation/calls", cursor=cursor)).status_code == 422
    extremes = (2**62, -(2**62))
    for one in extremes:
        assert await registry.found(cursor=encode_cursor(one, str(new_id()), str(new_id()))) == []
        await registry.ok("reconciliation/calls", cursor=encode_cursor(one, str(new_id())))


async def test_postings_as_csv(registry: Registry, district: District) -> None:
    await posted(registry, *(item(f"S-{n}", "C-1", attempt="=1+1", grade="-A") for n in range(3)))
    response = await registry.ask("postings.csv", bom="true")
    assert response.content.startswith(b"\xef\xbb\xbflearner,entry,")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["entry"] for row in rows] == await registry.found()
    assert {(row["attempt"], row["grade"]) for row in rows} == {("'=1+1", "'-A")}
    chinese = await registry.bank.client.get(
        f"/v1/institutions/{registry.institution}/postings.csv?words=true&attempt=no",
        headers={**registry.headers, "Accept-Language": "zh-CN"},
    )
    assert chinese.text.startswith("学习者,分录,批次")


async def test_a_table_of_several_parts_is_whole(
    registry: Registry, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.creditbank.postings import routes

    monkeypatch.setattr(routes, "PART", 2)
    await posted(registry, *(item(f"S-{n % 3}", "C-1", attempt="x" if n < 3 else None) for n in range(7)))
    for query, count in (({}, 7), ({"attempt": "x"}, 3), ({"course_sourced_id": "C-1"}, 7)):
        response = await registry.ask("postings.csv", **query)
        rows = list(csv.DictReader(io.StringIO(response.text)))
        assert [row["entry"] for row in rows] == await registry.found(**query)
        assert len(rows) == count


PATHS = ("postings", "postings.csv", "reconciliation", "reconciliation/calls", "reconciliation/calls.csv",
         "totals", "trial-balance")  # fmt: skip


async def test_an_institution_reads_its_own_postings_only(
    registry: Registry, bank: Bank, district: District, database: Database, keys: KeyRing, teacher: UUID
) -> None:
    await posted(registry, item("S-0", "C-1", key="same", attempt="same"))
    other = Registry(bank, district.other_school)
    await posted(other, item("S-0", "C-3", key="same", attempt="same"))
    for query in (
        {},
        {"key": "same"},
        {"attempt": "same"},
        {"learner_sourced_id": "S-0"},
        {"learner": str(district.students[0])},
    ):
        assert len(await registry.found(**query)) == 1
        assert not set(await registry.found(**query)) & set(await other.found(**query))
    (theirs,) = (await other.ok("postings"))["items"]
    assert await registry.found(batch=theirs["batch"]) == []
    assert await registry.found(course=theirs["course"]["id"]) == []
    registrar, stranger = new_id(), new_id()
    await tell_of_people(
        database,
        keys,
        person(registrar, ("registrar", district.school)),
        person(stranger, ("registrar", district.other_school)),
    )
    people = {registrar: 200, stranger: 404, teacher: 404, district.students[0]: 404, new_id(): 404}
    clients = {
        district.district: 200,
        district.region: 200,
        district.other_school: 404,
        new_id(): 404,
        None: 404,
    }
    for path in PATHS:
        address = f"/v1/institutions/{district.school}/{path}"
        for who, status in people.items():
            response = await bank.client.get(address, headers=bank.of_person(who))
            assert response.status_code == status, (path, who)
        for organisation, status in clients.items():
            headers = bearer(bank.issuer.client(organisation, AUDIENCE, "credits.read"))
            assert (await bank.client.get(address, headers=headers)).status_code == status, (path, status)
        assert (await bank.client.get(address)).status_code == 401
        elsewhere = bearer(bank.issuer.client(district.school, "urn:xuebu:spaces", "credits.read"))
        assert (await bank.client.get(address, headers=elsewhere)).status_code == 401
        unknown = await bank.client.get(f"/v1/institutions/{new_id()}/{path}", headers=registry.headers)
        assert unknown.status_code == 404
    (ours,) = (await registry.ok("postings"))["items"]
    for who, status in people.items():
        response = await bank.client.get(f"/v1/deposits/{ours['batch']}", headers=bank.of_person(who))
        assert response.status_code == status, who


@pytest.mark.parametrize("name", ["key", "attempt", "learner_sourced_id", "course_sourced_id", "scheme"])
async def test_hostile_names_are_told_by_their_place(registry: Registry, name: str) -> None:
    for value in ("", "x" * 201, "a\x00b", "a\nb", "\u202ex"):
        response = await registry.ask("postings", **{name: value})
        assert response.status_code == 422, value
        assert response.json()["errors"][0]["place"] == f"query.{name}"
    for value in (
        "' or 1=1 --",
        "{}",
        "{0}",
        "%s",
        "$1",
        "数学",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ):
        assert await registry.found(**{name: value}) == []
