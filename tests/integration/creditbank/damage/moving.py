"""Moves to and from another bank node, of everything that can happen, and how a superuser may damage them."""

import json
from typing import Any, Final
from uuid import UUID

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.learners.keys import KeyRing
from services.creditbank.moves import repository, service
from services.creditbank.tables import Connection

#: as the table of `damages`
TABLE: Final = """
20 what is in transit is what moves say
    departure | state = 'settled' | statement = replace(statement, '"amount":"1.00"', '"amount":"2.00"') |
      learner, id as move
    departure | state = 'returned' | state = 'settled' | learner, id as move
    departure | state = 'settled' | state = 'returned' | learner, id as move
20 what came from other nodes
    arrival | true | statement = replace(statement, '"amount":"1.00"', '"amount":"2.00"') |
      learner, id as move
20 every entry of a move belongs to one
    departure_book | true | digest = '' | learner, scheme, entry as sequence
    arrival_lot | true | origin = 'south' | learner, scheme, number as sequence
    delete from departure where state = 'settled' returning learner
20 every statement of a move has the digest
    departure | state = 'settled' | statement = statement || ' ' | learner, id
    arrival | true | statement = statement || ' ' | learner, id
20 books are away exactly while
    account | away | away = false | learner, scheme
    learner | home is not null | home = null | number as learner
    account | arrived | arrived = false | learner, scheme
20 nothing was posted, set aside or spent in books that were away
    insert into entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, key_hash,
      payload_hash, commitment) select e.learner, e.recorded_at, 10000, e.effective_on, e.scheme, 1, uuid7(),
      e.batch, uuid7(), e.payload_hash, e.commitment from entry e join account a on a.learner = e.learner
      and a.scheme = e.scheme and a.away where e.kind = 11 limit 1 returning learner, scheme, sequence
"""


async def moves(database: Database, keys: KeyRing, settled: UUID, returned: UUID, arrived: UUID) -> None:
    """One learner left, one left and came back, one came."""
    connection = await database.connect()
    for person in (settled, returned):
        number = await connection.fetchval("select number from learner where id = $1", person)
        move = new_id()
        accounts = await repository.parting(connection, number)
        for gives_back in (False, True):
            if gives_back and person != returned:
                assert await repository.settle(connection, move)
                break
            entries = [new_id() for _ in accounts]
            salts = await service.salts(connection, keys, accounts, entries)
            if gives_back:
                assert await repository.give_back(connection, move, "withdrawn", accounts, entries, salts)
                continue
            refusal = await repository.depart(
                connection, number, move, origin="west", destination="east", by=person,
                accounts=accounts, entries=entries, salts=salts,
            )  # fmt: skip
            assert refusal is None, refusal
    await arrive(connection, keys, arrived)
    await connection.close()


async def arrive(connection: Connection, keys: KeyRing, person: UUID) -> None:
    """A lot of one credit comes from a node that says so."""
    number = await connection.fetchval("select number from learner where id = $1", person)
    wrapped = await connection.fetchval("select wrapped from shred_key where learner = $1", number)
    lot: dict[str, Any] = {
        "amount": "1.00", "attempt": None, "earned_on": "2025-01-31", "expires_on": None, "grade": None,
        "issuer": str(new_id()), "key": str(new_id()), "lot": 1, "outcome": str(new_id()),
        "payload": str(new_id()), "used": "0.00",
    }  # fmt: skip
    book = {
        "entry": str(new_id()), "head": None, "learner": str(person), "lots": [lot], "sequence": 1,
        "scheme": "xuebu:credits",
    }  # fmt: skip
    told = {"books": [book], "follows": False, "history": []}
    entry = new_id()
    answer = await repository.arrive(
        connection, new_id(), origin="north", statement=json.dumps(told, separators=(",", ":")),
        evidence=b"{}", learner=number, books=[(number, 1)], entries=[entry],
        salts=[keys.salt(number, wrapped, entry)],
    )  # fmt: skip
    assert answer == "applied", answer
