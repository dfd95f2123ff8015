"""Files of credits as a client of an institution sends them."""

from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI

from tests.integration.creditbank.conftest import Bank

HEADER = "key,learner,course,credits,earned_on,attempt,grade\n"


class Files:
    """The routes of files as a client of an institution uses them."""

    def __init__(self, bank: Bank, app: FastAPI, organisation: UUID) -> None:
        self.bank = bank
        self.app = app
        self.headers = bank.of_client(organisation)

    async def send(self, content: str | bytes, **options: Any) -> dict[str, Any]:
        data = content.encode() if isinstance(content, str) else content
        response = await self.bank.client.post(
            "/v1/deposit-files",
            files={"file": ("credits.csv", data, "text/csv")},
            data={name: str(value) for name, value in options.items()},
            headers=self.headers,
        )
        assert response.status_code == 202, response.text
        answer: dict[str, Any] = response.json()
        assert response.headers["Location"].endswith(answer["id"])
        return answer

    async def done(self, content: str | bytes, **options: Any) -> dict[str, Any]:
        """The file after all is done with it that can be."""
        sent = await self.send(content, **options)
        await self.app.state.file_worker.work_through()
        return await self.shown(sent["id"])

    async def shown(self, file: str) -> dict[str, Any]:
        response = await self.bank.client.get(f"/v1/deposit-files/{file}", headers=self.headers)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def items(self, file: str, **query: Any) -> list[dict[str, Any]]:
        response = await self.bank.client.get(
            f"/v1/deposit-files/{file}/items", params={"limit": 200, **query}, headers=self.headers
        )
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["items"]
        return found

    async def outcomes(self, file: str) -> list[tuple[str, str | None]]:
        return [(one["outcome"], one["reason"]) for one in await self.items(file)]


def row(learner: str = "S-0", course: str = "C-1", **changes: str) -> str:
    values = {"key": uuid4().hex, "credits": "1.00", "earned_on": "2026-06-30", "attempt": "", "grade": ""}
    values |= changes
    cells = (values["key"], learner, course, values["credits"], values["earned_on"], values["attempt"])
    return ",".join((*cells, values["grade"])) + "\n"


async def available(bank: Bank, student: UUID) -> str:
    answer: str = (await bank.account(student))["accounts"][0]["available"]
    return answer
