"""What an operator removes from the command line: counted first, and done only when that is said."""

import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.log.commands import CommandFailed
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.bulk.progress import Progress
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.protocol.versions import PREFIX
from services.creditbank.xapi.removals import repository, service
from services.creditbank.xapi.removals.erasing import Eraser
from services.creditbank.xapi.removals.pruning import Pruner, counted
from services.creditbank.xapi.removals.schemas import Filters
from services.creditbank.xapi.statements.keys import key

_KINDS: Final = (("agent", False), ("member", True), ("related agent", True))


async def prune(
    settings: CreditbankSettings, organisation: UUID, filters: Mapping[str, Any], *, remove: bool
) -> tuple[int, int]:
    """How many statements meet the filters, and how many of these stay; with `remove` the others are gone.

    Raises CommandFailed for filters that are none.
    """
    told = _checked(filters)
    async with _opened(settings, organisation) as database:
        found = await counted(database.pool, organisation, told)
        _say(f"{found[0]} statements, {found[1]} more are kept")
        if remove:
            await service.begin(database.pool, organisation, told, None)
            await _done(Pruner(database).work)
    return found


async def erase(settings: CreditbankSettings, organisation: UUID, agent: str, *, remove: bool) -> int:
    """In how many statements an agent is; with `remove` the agent is in none any more.

    Raises CommandFailed for an agent that is none.
    """
    named = str(agent_key(_checked({"agent": agent_in(agent)})["agent"]))
    async with _opened(settings, organisation) as database:
        keys = [
            (organisation, key(organisation.hex, kind, named), mentioned, 0, 2**63 - 1)  # type: ignore[arg-type]
            for kind, mentioned in _KINDS
        ]
        found = len(await repository.traces(database.pool, keys, 2**31))
        _say(f"{found} statements name the agent")
        if remove:
            await repository.begin_one(database.pool, new_id(), organisation, named)
            await _done(Eraser(database, f"{settings.public_address}{PREFIX.rstrip('/')}").work)
    return found


class _opened:  # noqa: N801  reads as a verb where it is used
    """The database, of an organisation that the bank knows."""

    def __init__(self, settings: CreditbankSettings, organisation: UUID) -> None:
        self._database = Database(settings.database, pool_size=2, name="creditbank removal")
        self._organisation = organisation

    async def __aenter__(self) -> Database:
        await self._database.start()
        if not await repository.is_known(self._database.pool, self._organisation):
            await self._database.stop()
            raise CommandFailed(f"The bank knows no organisation {self._organisation}")
        return self._database

    async def __aexit__(self, *_: object) -> None:
        await self._database.stop()


async def _done(work: Callable[[], Awaitable[bool]]) -> None:
    """All batches; a service that runs beside may do some of them."""
    progress, batches = Progress(None), 0
    while await work():
        batches += 1
        progress.tell(batches, 0)
    progress.finish("removed")


def _checked(filters: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return Filters.model_validate({name: value for name, value in filters.items() if value}).told()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}" for one in error.errors())
        raise CommandFailed(wrong.strip()) from None


def agent_in(text: str) -> Any:
    """The JSON of an agent, not yet judged; raises CommandFailed."""
    try:
        return json.loads(text)
    except ValueError:
        raise CommandFailed("The agent must be JSON, as in statements") from None


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
