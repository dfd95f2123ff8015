"""Ending tasks for certain."""

import asyncio
from typing import Any


async def end(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel tasks and wait until they have ended, whatever they end with.

    A cancellation can get lost where it meets the end of a time limit (Python 3.11), so it is repeated.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=0.5)
    await asyncio.gather(*tasks, return_exceptions=True)


def is_cancelled() -> bool:
    """Whether somebody asked the running task to end, even if a library took the request for its own."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
