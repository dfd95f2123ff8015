"""Finding clients for the token endpoint: many that ask at the same time share one statement."""

from typing import Any

from libs.common.batching import Batch
from services.auth.clients import repository
from services.auth.clients.refusals import Refusals


class ClientFinder:
    """Looks clients up, never from memory.

    A statement costs a third of a token's processor time when one client asks, and little when many do.
    """

    def __init__(self, pool: Any, refusals: Refusals) -> None:
        self._active: Batch[str, Any] = Batch(lambda names: repository.find_active(pool, names))
        self._refusals = refusals

    async def find_active(self, client_id: str) -> Any:
        """The active client of this name with what it is proved by and limited to, or None."""
        return await self._active.answer(client_id)

    async def count_refusal(self, network: str, client_id: str, row: Any, why: str) -> int:
        """Count that a client did not prove itself; the seconds its network has to wait now, or 0."""
        return await self._refusals.count(network, client_id, row, why)

    async def stop(self) -> None:
        await self._active.stop()
