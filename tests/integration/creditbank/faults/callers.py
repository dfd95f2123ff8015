"""Callers of the bank over HTTP, who send again what got no answer, and keep what was acknowledged."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import httpx

from libs.common.ids import new_id
from services.creditbank.settings import AUDIENCE
from tests.integration.creditbank.world import District
from tests.issuer import Issuer, bearer

Json = dict[str, Any]
#: credits of this scheme expire: those of long ago have, with the next sweep
EXPIRING = "test:expiring"
ECTS = "test:ects"


@dataclass
class Acknowledged:
    """What the bank has said it did. At the end the books hold this, once, and nothing else."""

    entries: dict[str, str] = field(default_factory=dict)  # key of a deposited item: its entry
    calls: list[tuple[Json, list[str]]] = field(default_factory=list)  # to be sent again, with their entries
    files: list[tuple[str, list[str]]] = field(default_factory=list)
    conversions: list[tuple[UUID, Json, Json]] = field(default_factory=list)
    awards: dict[str, tuple[UUID, Json, Json]] = field(default_factory=dict)
    corrections: dict[str, Json] = field(default_factory=dict)
    unanswered: int = 0
    count: int = 0
    _reached: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def one_more(self) -> None:
        async with self._reached:
            self.count += 1
            self._reached.notify_all()

    async def reach(self, count: int) -> None:
        """Wait for work, not for time: a slow machine is only waited for longer."""
        async with self._reached:
            await self._reached.wait_for(lambda: self.count >= count)


@dataclass(frozen=True)
class People:
    """Who decides: two who may, and the rules they published."""

    registrar: UUID
    second: UUID
    conversion: str = ""
    programme: str = ""


class Teller:
    """One caller with a student of its own, who does one thing after the other, each to its end."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        issuer: Issuer,
        district: District,
        people: People,
        told: Acknowledged,
        number: int,
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._district = district
        self._people = people
        self._told = told
        self._order = random.Random(number)  # noqa: S311  a test's own order
        self._student = district.students[number]
        self._subject = str(new_id())
        self._ends = islice(cycle(["withdraw", "reject", "grant", "rescind"]), number, None)

    async def work(self, goes_on: Callable[[], bool]) -> None:
        """Everything there is to do, in an order of its own, as long as it is to go on."""
        works = [self.deposit, self.convert, self.award, self.correct, self.send_file, self.expire]
        while goes_on():
            self._order.shuffle(works)
            for work in works:
                await work()

    async def send(self, method: str, path: str, headers: dict[str, str], **more: Any) -> tuple[Any, bool]:
        """The answer, and whether an earlier try got none: then it may have been done before.

        Nobody there, a connection that broke and 503 are tried again, under the same key. Nothing else is
        expected of a bank whose processes die.
        """
        unsure = False
        while True:
            try:
                response = await self._http.request(method, path, headers=headers, **more)
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code != 503:
                assert response.status_code < 500, response.text
                return response, unsure
            unsure = True
            self._told.unanswered += 1
            await asyncio.sleep(0.03)

    async def done(self, method: str, path: str, headers: dict[str, str], **more: Any) -> Json:
        response, _ = await self.send(method, path, headers, **more)
        assert response.is_success, response.text
        answer: Json = response.json()
        return answer

    async def decided(self, path: str, who: UUID, decision: str, name: str = "decision", **more: Any) -> Json:
        """What became of something that is decided once: if the answer was lost, one looks."""
        body = {"decision": decision, **more} if name != "withdrawal" else None
        response, unsure = await self.send("POST", f"{path}/{name}", self.person(who), json=body)
        if response.status_code == 409 and unsure:
            response, _ = await self.send("GET", path.removesuffix("/rescission"), self.person(who))
        assert response.is_success, response.text
        answer: Json = response.json()
        return answer

    def person(self, who: UUID) -> dict[str, str]:
        return bearer(self._issuer.person(who, AUDIENCE, "credits.read credits.write"))

    @property
    def machine(self) -> dict[str, str]:
        claims: Json = {"sub": self._subject, "client_id": self._subject, "org": str(self._district.school)}
        return bearer(self._issuer.sign(aud=[AUDIENCE], scope="credits.post", **claims))

    async def _post(self, items: Sequence[Json], **body: Any) -> list[str]:
        call = {"items": list(items), **body}
        answer = await self.done("POST", "/v1/deposits", self.machine, json=call)
        assert {one["outcome"] for one in answer["items"]} <= {"posted", "replayed"}, answer
        entries = [one["entry"] for one in answer["items"]]
        self._told.entries.update(zip((one["key"] for one in items), entries, strict=True))
        self._told.calls.append((call, entries))
        await self._told.one_more()
        return entries

    def _item(self, learner: UUID, **changes: Any) -> Json:
        key, course = new_id().hex, {"id": str(self._district.course)}
        return {
            "key": key, "learner": {"id": str(learner)}, "course": course, "attempt": key, "credits": "3.00",
            "earned_on": "2026-06-30", **changes,
        }  # fmt: skip

    async def _lot(self) -> int:
        """Post a lot for the own student; its number."""
        (entry,) = await self._post([self._item(self._student)])
        path = "/v1/accounts/me/entries?limit=20"
        newest = (await self.done("GET", path, self.person(self._student)))["items"]
        return next(int(one["sequence"]) for one in newest if one["id"] == entry)

    async def deposit(self) -> None:
        """To anybody's account: callers meet there. Nothing but their keys keeps these from being doubled."""
        who = self._order.choices(self._district.students, k=self._order.randrange(1, 30))
        await self._post([self._item(one, attempt=None) for one in who])

    async def expire(self) -> None:
        """Credits that are over already when they come: the next sweep takes them."""
        items = [self._item(self._student, earned_on="2020-01-31") for _ in range(3)]
        await self._post(items, scheme=EXPIRING)

    async def convert(self) -> None:
        body: Json = {"rule": self._people.conversion, "key": new_id().hex}
        body["lots"] = [{"lot": await self._lot(), "credits": self._order.choice(["1.00", "3.00"])}]
        answer = await self.done("POST", "/v1/conversions", self.person(self._student), json=body)
        self._told.conversions.append((self._student, body, answer))
        await self._told.one_more()

    async def award(self) -> None:
        """Ask, which holds; then withdraw or refuse, which releases; or grant, and perhaps rescind."""
        body: Json = {"programme": self._people.programme, "key": new_id().hex, "lots": [await self._lot()]}
        award = await self.done("POST", "/v1/awards", self.person(self._student), json=body)
        await self._keep(body, award)
        path, people = f"/v1/awards/{award['id']}", self._people
        end = next(self._ends)
        if end == "withdraw":
            await self._keep(body, await self.decided(path, self._student, "", "withdrawal"))
            return
        verdict = "reject" if end == "reject" else "approve"
        await self._keep(body, await self.decided(path, people.registrar, verdict, reason="as asked"))
        if end != "rescind":
            return
        why = {"json": {"reason": "a mistake"}}
        response, unsure = await self.send("POST", f"{path}/rescission", self.person(people.registrar), **why)
        assert response.is_success or unsure, response.text
        await self._keep(body, await self.decided(f"{path}/rescission", people.second, "approve"))

    async def _keep(self, body: Json, award: Json) -> None:
        self._told.awards[award["id"]] = (self._student, body, award)
        await self._told.one_more()

    async def correct(self) -> None:
        """Have an own deposit revoked, or replaced: asked for by the client, approved by a registrar."""
        item = self._item(self._student)
        answer = await self.done("POST", "/v1/deposits", self.machine, json={"items": [item]})
        entry = answer["items"][0]["entry"]
        self._told.entries[item["key"]] = entry
        names = ("course", "attempt", "earned_on")
        replacement = {**{name: item[name] for name in names}, "credits": "2.00"}
        body = {"reason": "marked anew", **self._order.choice([{}, {"replacement": replacement}])}
        path = f"/v1/deposits/{answer['batch']}/entries/{entry}/corrections"
        response, unsure = await self.send("POST", path, self.machine, json=body)
        if response.status_code == 409 and unsure:
            path = f"/v1/corrections?institution={self._district.school}&state=requested&limit=50"
            waiting = (await self.done("GET", path, self.machine))["items"]
            asked = next(one for one in waiting if one["entry"] == entry)
        else:
            assert response.status_code == 201, response.text
            asked = response.json()
        decided = await self.decided(f"/v1/corrections/{asked['id']}", self._people.registrar, "approved")
        self._told.corrections[asked["id"]] = decided
        await self._told.one_more()

    async def send_file(self) -> None:
        """A file, sent again if its workers died too often; told when all of its items are posted."""
        keys = [new_id().hex for _ in range(self._order.randrange(20, 200))]
        student, course = self._student, self._district.course
        rows = [f"{key},{student},{course},0.50,2026-06-30" for key in keys]
        content = "\n".join(["key,learner_id,course_id,credits,earned_on", *rows])
        entries: list[str] = []
        while len(entries) < len(keys):
            entries = await self.posted_by(content)
        self._told.entries.update(zip(keys, entries, strict=True))
        self._told.files.append((content, entries))
        await self._told.one_more()

    async def posted_by(self, content: str) -> list[str]:
        """The entries a file made, or was told again; none if it was given up."""
        upload = {"files": {"file": ("credits.csv", content.encode(), "text/csv")}}
        file = await self.done("POST", "/v1/deposit-files", self.machine, **upload)
        path = f"/v1/deposit-files/{file['id']}"
        while file["state"] not in ("posted", "failed"):
            assert file["state"] in ("queued", "reading", "posting"), file
            await asyncio.sleep(0.02)
            file = await self.done("GET", path, self.machine)
        if file["state"] == "failed":
            return []
        items = (await self.done("GET", f"{path}/items?limit=200", self.machine))["items"]
        assert {one["outcome"] for one in items} <= {"posted", "replayed"}, items
        return [one["entry"] for one in items]
