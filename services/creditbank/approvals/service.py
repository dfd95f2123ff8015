"""Whatever needs two people: who may decide for an institution, and that it is not who asked."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar, cast
from uuid import UUID

from libs.common.database import Database, retrying
from libs.common.identity import Caller
from libs.common.problems import IdempotencyConflict, NotFound, Problem
from services.creditbank.approvals import repository
from services.creditbank.approvals.problems import AnotherMustDecide, LearnerUnknown
from services.creditbank.approvals.requests import Requests
from services.creditbank.learners.rules import CONSENTED
from services.creditbank.statements.problems import ConsentNeeded
from services.creditbank.tables import Connection, Where

waiting = repository.waiting
learn_keepers = repository.learn_keepers
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Holder:
    """A learner as the books know them. Of merged records all `books` are theirs, and all `ids`."""

    number: int
    id: UUID
    consent: str
    books: tuple[int, ...]
    ids: frozenset[UUID]

    def require_consent(self, person: UUID) -> None:
        """What a child under 14 does with the own credits waits for a guardian; raises ConsentNeeded."""
        if person in self.ids and self.consent not in CONSENTED:
            raise ConsentNeeded(consent=self.consent)


async def holder(where: Where, person: UUID) -> Holder:
    """Whose books a person's are; raises `LearnerUnknown`."""
    found = await repository.holder(where, person)
    if found is None:
        raise LearnerUnknown
    return Holder(
        found["number"], found["id"], found["consent"], tuple(found["books"]), frozenset(found["ids"])
    )


async def books(where: Where, person: UUID) -> tuple[int, ...]:
    """The numbers of the person's books; none of somebody the bank does not know."""
    found = await repository.holder(where, person)
    return () if found is None else tuple(found["books"])


async def ids_of(where: Where, person: UUID) -> frozenset[UUID]:
    """All ids of the person; none of somebody the bank does not know."""
    found = await repository.holder(where, person)
    return frozenset() if found is None else frozenset(found["ids"])


async def books_beside(where: Where, caller: UUID) -> tuple[int, ...]:
    """The numbers of the caller's own books and of those of learners they look after.

    Those of a client are those of the people who can act as it.
    """
    mine = await repository.behind(where, [caller])
    own = [number for person in mine for number in await books(where, person)]
    return (*own, *await repository.looked_after(where, mine))


async def may_decide(where: Where, institution: UUID, caller: Caller, roles: Collection[str]) -> None:
    """Raises `NotFound`, as for what does not exist, unless the caller holds a role there or above."""
    if not caller.is_person or not await repository.holds(
        where, institution, person=caller.subject, roles=roles
    ):
        raise NotFound


async def refuse_the_same_person(
    where: Where, caller: Caller, *others: UUID | None, problem: type[Problem] = AnotherMustDecide
) -> None:
    """Raises the problem if the caller is one of the others, by whatever id, or looks after one of them.

    A client is whoever registered it, was shown a secret of it or set its keys, as far as auth has told.
    """
    mine = await repository.behind(where, [caller.subject])
    theirs = await repository.behind(where, [one for one in others if one is not None])
    if mine & theirs or await repository.looks_after(where, mine, theirs):
        raise problem


async def ask_once(
    database: Database,
    caller: Caller,
    requests: Requests,
    key: str,
    content: str,
    make: Callable[[Connection, Holder, str], Awaitable[UUID]],
    of: UUID | None = None,
) -> bytes:
    """Ask for something under a key: `make` adds it with this digest of its content and gives its id.

    It is the caller's request, or that of the learner `of`: `make` then sees that the caller may ask.
    Sent again it has no second effect and answers the same; other content raises `IdempotencyConflict`.
    A child's own request without a guardian's consent raises `ConsentNeeded`.
    """
    digest = sha256(content.encode()).hexdigest()[:32]

    async def work(connection: Connection) -> bytes:
        who = await holder(connection, of or caller.subject)
        await requests.alone(connection, who.number)
        earlier = await requests.known(connection, who.books, key)
        if earlier is None:
            who.require_consent(caller.subject)
            return await requests.document(connection, await make(connection, who, digest))
        if earlier["payload_hash"].hex != digest:
            raise IdempotencyConflict
        return await requests.document(connection, earlier["id"])

    return await within(database, work)


async def within(database: Database, work: Callable[[Connection], Awaitable[Result]]) -> Result:
    """Work in one transaction, begun again when another stood in its way; the relay is told at the end."""

    async def once() -> Result:
        async with database.pool.acquire() as connection, connection.transaction():
            return await work(cast(Connection, connection))

    result = await retrying(once)
    database.events_recorded()
    return result
