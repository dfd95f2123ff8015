"""A process that fills a bank, and forks others that work in it until they are killed; they tell of steps."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from libs.common.database import Database
from libs.common.ids import new_id
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.learners.keys import KeyRing
from services.creditbank.tables import Connection
from services.creditbank.xapi.activities.service import Definitions
from services.creditbank.xapi.reactions import repository, service
from services.creditbank.xapi.reactions.reacting import Homes, Reactor
from services.creditbank.xapi.statements.cursors import Cursors
from services.creditbank.xapi.statements.horizon import Horizon
from services.creditbank.xapi.statements.preparing import Voucher, prepare
from services.creditbank.xapi.statements.service import Statements
from services.creditbank.xapi.statements.storing import Bundle, Rights
from tests.integration.creditbank.world import District, make_district

ISSUER = "http://127.0.0.1:8001"
HOMES = Homes.of(issuer=ISSUER, store="http://bank.example/xapi")
QUIZ = "https://x.example/quiz"
PASSED = "http://adlnet.gov/expapi/verbs/passed"
_RULE = """
insert into rule (id, institution, kind, code, version, title_en, title_zh, scheme, document, effective_from,
  state, made_by, decided_by, decided_at)
select $1, $2, 'reaction', 'quiz', 1, 'Quiz', '测验', s.id, $3, '2020-01-01', 'approved', $4, $5, now()
from scheme s where s.code = 'xuebu:credits'
"""


def tell(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def furnish(database: Database, keys: KeyRing, learners: int) -> None:
    """A school with a rule in force, and a statement of each learner that meets it twice."""
    district = await make_district(database, keys, students=learners)
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        rule = new_id()
        await connection.execute(
            _RULE, rule, district.school, json.dumps(rule_of(district)).encode(), new_id(), new_id()
        )
        await service.begin(connection, rule)
    await store_passed(database, district.school, district.students * 2)


def rule_of(district: District) -> dict[str, Any]:
    """The document of a rule: a credit for who has passed."""
    return {
        "kind": "reaction",
        "course": str(district.course),
        "credits": "1.00",
        "conditions": [{"verbs": [PASSED], "activities": [QUIZ]}],
    }


async def store_passed(database: Database, organisation: UUID, people: Sequence[UUID]) -> None:
    """A statement of each that they have passed, as a tool of the organisation tells it."""
    authority = b'{"account":{"homePage":"%s","name":"tool"}}' % ISSUER.encode()
    voucher = Voucher.of(organisation, authority, f"account {ISSUER} tool")
    statements = [
        prepare(
            {
                "actor": {"account": {"homePage": ISSUER, "name": str(student)}},
                "verb": {"id": PASSED},
                "object": {"id": QUIZ},
            },
            "1.0.3",
            voucher,
        )
        for student in people
    ]
    store = Statements(database, Cursors("secret"), Definitions())
    await store.add(Bundle(Rights(voucher, defines=False, voids_anything=False), statements))


async def work(database: Database, keys: KeyRing) -> None:
    """Step by step, a few statements at a time, until there is nothing left to do."""
    repository.WINDOW = 4  # type: ignore[misc]  # many steps of few
    reactor = Reactor(database, PostingDesk(database, keys), Horizon(database.pool), HOMES, every_s=1)
    school: UUID = await database.pool.fetchval("select organisation from xapi_reacting")
    tell("begun")
    while await reactor.work(school):
        tell("step")
    tell("done")


async def run(address: str, secret: str, learners: int) -> None:
    """Furnish a bank for so many learners, or work if there are none to furnish it for."""
    database = await Database(address, pool_size=2, name="reacting").start()
    keys = KeyRing(secret)
    await (furnish(database, keys, learners) if learners else work(database, keys))
    await database.stop()


def main(address: str, secret: str, learners: str) -> None:
    """Furnishes; then, for each line of the input, forks a process that works, and says when it has ended."""
    asyncio.run(run(address, secret, int(learners)))
    tell("furnished")
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            tell(str(os.getpid()))
            asyncio.run(run(address, secret, 0))
            os._exit(0)
        os.waitpid(child, 0)
        tell("ended")


if __name__ == "__main__":
    main(*sys.argv[1:])
