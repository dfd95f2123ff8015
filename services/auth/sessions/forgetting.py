"""Sessions that are long over are forgotten, with the addresses they came from."""

from typing import Any, Final

from libs.common.recurring import Recurring
from services.auth.sessions import service

SESSIONS_NOT_FORGOTTEN: Final = "sessions.not_forgotten"
_PAUSE_S: Final = 600
#: so many at a time; more are forgotten in the next seconds
_MOST: Final = 1000


class Forgetter(Recurring):
    """Looks every ten minutes."""

    def __init__(self, pool: Any) -> None:
        super().__init__(self._forget, failed=SESSIONS_NOT_FORGOTTEN, retry_seconds=_PAUSE_S)
        self._pool = pool

    async def _forget(self) -> float:
        forgotten = await service.forget_long_over(self._pool, _MOST)
        return 1 if forgotten == _MOST else _PAUSE_S
