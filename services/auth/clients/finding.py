"""Finding clients for the token endpoint: many that ask at the same time share one statement."""

import asyncio
from typing import Any

from libs.common.tasks import end
from services.auth.clients import repository
from services.auth.clients.refusals import Refusals


class ClientFinder:
    """Looks clients up, never from memory: every answer is of a statement begun after the question.

    Who asks while a statement is under way is answered by the next, together with all others who do. So a
    statement costs a third of a token's processor time when one client asks, and little when many do.
    """

    def __init__(self, pool: Any, refusals: Refusals) -> None:
        self._pool = pool
        self._refusals = refusals
        self._asked: dict[str, list[asyncio.Future[Any]]] = {}
        self._work: asyncio.Task[None] | None = None

    async def find_active(self, client_id: str) -> Any:
        """The active client of this name with what it is proved by and limited to, or None."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(client_id, []).append(answer)
        if self._work is None:
            self._work = asyncio.create_task(self._answer_all())
        return await answer

    async def count_refusal(self, network: str, client_id: str, row: Any, why: str) -> int:
        """Count that a client did not prove itself; the seconds its network has to wait now, or 0."""
        return await self._refusals.count(network, client_id, row, why)

    async def stop(self) -> None:
        if self._work is not None:
            await end(self._work)

    async def _answer_all(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    found = await repository.find_active(self._pool, list(asked))
                except Exception as error:
                    for answer in _waiting(asked):
                        answer.set_exception(error)
                except asyncio.CancelledError:
                    for answer in [*_waiting(asked), *_waiting(self._asked)]:
                        answer.cancel()
                    raise
                else:
                    for client_id, answers in asked.items():
                        for answer in _waiting({client_id: answers}):
                            answer.set_result(found.get(client_id))
        finally:
            self._work = None


def _waiting(asked: dict[str, list["asyncio.Future[Any]"]]) -> list["asyncio.Future[Any]"]:
    """The answers somebody still waits for; the others' callers have gone away."""
    return [answer for answers in asked.values() for answer in answers if not answer.done()]
