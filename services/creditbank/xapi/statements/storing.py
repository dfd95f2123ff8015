"""The transactions that store statements. Small bundles that come while others are stored share one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, cast

import asyncpg

from libs.common.database import Database, retrying, sqlstate
from services.creditbank.ledger.coalescer import Coalescer
from services.creditbank.tables import Connection, Where
from services.creditbank.xapi.activities.service import Definitions
from services.creditbank.xapi.statements import repository
from services.creditbank.xapi.statements.multipart import Part
from services.creditbank.xapi.statements.preparing import Prepared, Voucher
from services.creditbank.xapi.statements.problems import VoidingNotAllowed

#: statements of a bundle that still waits for company
_SMALL: Final = 20
_TOGETHER: Final = 500
#: transactions of gathered bundles at one time; the pool has room for larger ones beside them
_WRITERS: Final = 2


class Rights(NamedTuple):
    """Who vouches for statements, and what these may do: define activities, void what others vouch for."""

    voucher: Voucher
    defines: bool
    voids_anything: bool


class Bundle(NamedTuple):
    """Statements to be stored all or none, with contents of their attachments."""

    rights: Rights
    statements: Sequence[Prepared]
    parts: Sequence[Part] = ()


There = dict[str, bytes]


class Storing:
    """Stores bundles, each all or none."""

    def __init__(self, database: Database, definitions: Definitions) -> None:
        self._database, self._definitions = database, definitions
        self._gathered = Coalescer[Bundle, There](self._store_gathered, limit=_TOGETHER, workers=_WRITERS)

    async def store(self, bundle: Bundle) -> There:
        """Store a bundle; if some of it is there already nothing is stored, and these are returned by id.

        Raises VoidingNotAllowed.
        """
        if len(bundle.statements) > _SMALL or bundle.parts or _refers(bundle.statements):
            return await self._store(bundle)
        return await self._gathered.call(bundle, len(bundle.statements))

    async def _store_gathered(self, bundles: Sequence[Bundle]) -> list[There]:
        """Those of the same rights in one transaction, or each in its own if they cannot all be stored."""
        alike: dict[Rights, list[int]] = defaultdict(list)
        for place, bundle in enumerate(bundles):
            alike[bundle.rights].append(place)
        found: list[There] = [{} for _ in bundles]
        for rights, places in alike.items():
            statements = [one for place in places for one in bundles[place].statements]
            are_others = len(places) > 1 and len({one.id for one in statements}) == len(statements)
            if not (are_others and not await self._store(Bundle(rights, statements))):
                for place in places:
                    found[place] = await self._store(bundles[place])
        return found

    async def _store(self, bundle: Bundle) -> There:
        voucher = bundle.rights.voucher
        told = _definitions(bundle.statements) if bundle.rights.defines else []
        news = self._definitions.news(voucher.organisation, told) if told else None
        stored = False

        async def store(where: Where) -> There:
            return await repository.store(
                where, voucher, bundle.statements, news, voids_anything=bundle.rights.voids_anything
            )

        async def whole() -> There:
            if not bundle.parts:
                return await store(self._database.pool)
            async with self._database.pool.acquire() as pooled, pooled.transaction():
                connection = cast("Connection", pooled)
                there = await store(connection)
                if not there:  # under the lock of storing: nobody removes contents meanwhile
                    await repository.keep_attachments(connection, voucher.organisation, bundle.parts)
                return there

        try:
            there = await retrying(whole)
            stored = not there
            return there
        except asyncpg.PostgresError as error:
            if sqlstate(error) == repository.VOIDING_REFUSED:
                raise VoidingNotAllowed from error
            if not repository.is_there_already(error):
                raise
            return await repository.there(self._database.pool, voucher.organisation, bundle.statements)
        finally:
            if news is not None and not stored:
                self._definitions.forget(voucher.organisation, [activity for activity, _ in told])


async def store_news(connection: Connection, voucher: Voucher, news: Sequence[Prepared]) -> None:
    """Store statements and definitions in the caller's transaction; those whose ids are taken are left out.

    Whoever stores for several organisations does so in the order of their ids, since it locks.
    """
    while news:
        told = Definitions().news(voucher.organisation, _definitions(news))
        try:
            async with connection.transaction():
                there = await repository.store(connection, voucher, news, told, voids_anything=False)
        except asyncpg.PostgresError as error:
            if not repository.is_there_already(error):
                raise
            there = await repository.there(connection, voucher.organisation, news)
        if not there:
            return
        news = [one for one in news if one.id not in there]


def _refers(statements: Iterable[Prepared]) -> bool:
    """Whether any targets another one: then nobody else stores in the organisation meanwhile."""
    return any(one.facets.target is not None for one in statements)


def _definitions(statements: Iterable[Prepared]) -> list[tuple[str, bytes]]:
    """What the statements say of activities, in order; not again what was said of one last."""
    last: dict[str, bytes] = {}
    told: list[tuple[str, bytes]] = []
    for statement in statements:
        for activity, definition in statement.definitions:
            if last.get(activity) != definition:
                last[activity] = definition
                told.append((activity, definition))
    return told
