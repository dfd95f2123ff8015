"""Questions to a store that are asked at the same time and share one statement."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

from libs.common.tasks import end

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


class Batch(Generic[Question, Answer]):
    """Asks for many at once, never from memory: every answer is of a statement begun after the question.

    Who asks while a statement is under way is answered by the next, together with all others who do. So a
    statement costs much when one asks, and little for each when many do. `ask` gives the answers there are.
    """

    def __init__(self, ask: Callable[[list[Question]], Awaitable[Mapping[Question, Answer]]]) -> None:
        self._ask = ask
        self._asked: dict[Question, list[asyncio.Future[Answer | None]]] = {}
        self._work: asyncio.Task[None] | None = None

    async def answer(self, question: Question) -> Answer | None:
        """The answer to one question, None if there is none; raises what the statement raised."""
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(question, []).append(answer)
        if self._work is None:
            self._work = asyncio.create_task(self._answer_all())
        return await answer

    async def stop(self) -> None:
        """End what is under way; who waits is cancelled."""
        if self._work is not None:
            await end(self._work)

    async def _answer_all(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    found = await self._ask(list(asked))
                except Exception as error:
                    for answer in _waiting(asked):
                        answer.set_exception(error)
                except asyncio.CancelledError:
                    for answer in [*_waiting(asked), *_waiting(self._asked)]:
                        answer.cancel()
                    raise
                else:
                    for question, answers in asked.items():
                        for answer in _waiting({question: answers}):
                            answer.set_result(found.get(question))
        finally:
            self._work = None


def _waiting(
    asked: "dict[Question, list[asyncio.Future[Answer | None]]]",
) -> "list[asyncio.Future[Answer | None]]":
    """The answers somebody still waits for; the others' callers have gone away."""
    return [answer for answers in asked.values() for answer in answers if not answer.done()]
