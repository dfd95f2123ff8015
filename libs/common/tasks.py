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
