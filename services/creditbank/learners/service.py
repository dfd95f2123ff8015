"""Learners and their accounts.

Who comes as a student gets an account at once, so that every student has one before credits arrive.
Anybody else can be a learner too (a teacher in further training, a citizen): the account is then opened
in the transaction's eve of the first credits, see `ensure_accounts`.
"""

from collections.abc import Sequence
from uuid import UUID

from services.creditbank.learners import repository
from services.creditbank.learners.keys import KeyRing
from services.creditbank.schemes.rules import DEFAULT_SCHEME_ID
from services.creditbank.tables import Connection, Where

coverage = repository.coverage
person_of = repository.person_of
relation = repository.relation
wrapped_keys = repository.wrapped_keys


async def learn(connection: Connection, keys: KeyRing, people: bytes) -> None:
    """Apply snapshots of people, a JSON array, and open the accounts of those who are students.

    Idempotent, in any order: of one person the highest version stays.
    """
    learners = await repository.learn(connection, people, DEFAULT_SCHEME_ID)
    if learners:
        await ensure_accounts(connection, keys, learners, [DEFAULT_SCHEME_ID] * len(learners))


async def join(connection: Connection, other: UUID, survivor: UUID, version: int) -> None:
    """Two records are of one person: both books stay as they are and are read as one, the survivor's.

    What comes for the other's id from now on is posted to the survivor. Idempotent, in any order: also of a
    chain of merges, of people not heard of yet, and of one who is erased already (then both are).
    """
    if await repository.is_erased(connection, other):
        return
    if await repository.is_erased(connection, survivor):
        await repository.erase(connection, [other])
        return
    await repository.join(connection, other, survivor, version)


async def erase(connection: Connection, people: Sequence[UUID]) -> None:
    """The people are no more: their books stay, nobody's, with every sum as it was. Idempotent."""
    await repository.erase(connection, people)


async def ensure_accounts(
    where: Where, keys: KeyRing, learners: Sequence[int], schemes: Sequence[int]
) -> dict[int, bytes]:
    """Open each learner's account in the scheme beside it where missing; returns the wrapped shred keys.

    Two callers at once make one key: the first stays, and both get it.
    """
    wrapped = [keys.fresh(learner) for learner in learners]
    return await repository.open_accounts(where, learners, schemes, wrapped)
