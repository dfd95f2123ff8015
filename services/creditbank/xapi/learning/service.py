"""Learning events of the neighbours, written into the record stores of where it happened."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from libs.common.events import Event
from services.creditbank.tables import Connection
from services.creditbank.xapi.learning import repository
from services.creditbank.xapi.learning.statements import Names, Told, of_reading, of_return, of_submission
from services.creditbank.xapi.learning.vocabulary import AUTHORITY, PLATFORM
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.statements.preparing import Prepared, Voucher, prepare
from services.creditbank.xapi.statements.storing import store_news
from services.creditbank.xapi.validation.statements import check_statement

Make = Callable[[UUID, Told, Names], dict[str, Any]]
#: what most record stores speak, so that subscriptions can send the statements on
_DATA: Final = "1.0.3"
_ALLOWED: Final = ("not-needed", "given")

MAKERS: Final[dict[str, Make]] = {
    "spaces.post.read.v1": of_reading,
    "spaces.work.submitted.v1": of_submission,
    "spaces.work.returned.v1": of_return,
}
#: what is more than a class duty, and so needs a guardian's consent for a child under 14
BEYOND_DUTY: Final = frozenset({"spaces.post.read.v1"})


class Writer:
    """Writes statements; `home` is where accounts of this record store are, `issuer` where people's are."""

    def __init__(self, *, home: str, issuer: str) -> None:
        self.issuer = issuer
        account = {"homePage": home, "name": AUTHORITY}
        authority = {"objectType": "Agent", "name": PLATFORM, "account": account}
        self._authority = orjson.dumps(authority)
        self._authority_key = agent_key(authority) or ""

    async def write(self, connection: Connection, kind: str, events: Sequence[Event]) -> None:
        """Store what events of one kind tell, each once: a statement has the id of its event.

        Nothing of the erased, and nothing beyond duty of a child without consent.
        """
        told = [(event, orjson.loads(event.data)) for event in events]
        known = await repository.people(connection, _people(data for _, data in told))
        consents = {row["id"]: row["consent"] for row in known}
        people = {row["id"]: row["present"] for row in known}
        kept = [
            (event, data)
            for event, data in told
            if (student := UUID(data["student"])) in people
            and (kind not in BEYOND_DUTY or consents[student] in _ALLOWED)
        ]
        titles = await repository.titles(connection, _titled(data for _, data in kept))
        names = Names(self.issuer, people, titles)
        made = [
            (UUID(data["space"]["organisation"]), MAKERS[kind](event.id, data, names)) for event, data in kept
        ]
        await self.store(connection, made)

    async def store(self, connection: Connection, made: Iterable[tuple[UUID, dict[str, Any]]]) -> None:
        """Store statements by the organisations that keep them; those whose ids are taken are left out."""
        by_organisation: Mapping[UUID, list[dict[str, Any]]] = defaultdict(list)
        for organisation, statement in made:
            by_organisation[organisation].append(statement)
        for organisation in sorted(by_organisation):  # in one order of locks, whatever the order of events
            voucher = Voucher.of(organisation, self._authority, self._authority_key)
            prepared = [_prepared(one, voucher) for one in by_organisation[organisation]]
            await store_news(connection, voucher, prepared)


def _prepared(statement: dict[str, Any], voucher: Voucher) -> Prepared:
    """Judged as any other is: what the product writes must be valid too."""
    check_statement(statement, _DATA)
    return prepare(statement, _DATA, voucher)


def _people(told: Iterable[Told]) -> set[UUID]:
    return {UUID(data[name]) for data in told for name in ("student", "teacher") if name in data}


def _titled(told: Iterable[Told]) -> set[UUID]:
    named = (data["space"][name] for data in told for name in ("organisation", "course"))
    return {UUID(one) for one in named if one is not None}
