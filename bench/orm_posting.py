"""Posting as an application written with objects would do it: the same rows in the same tables, one by one.

It checks neither token nor limit, and needs the rights of the tables' owner.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common.ids import new_id
from services.creditbank.deposits.rules import key_digest
from services.creditbank.deposits.schemas import DepositAnswer, DepositBody, DepositItem, ItemAnswer
from services.creditbank.institutions.tables import Institution
from services.creditbank.learners.keys import KeyRing
from services.creditbank.learners.tables import Learner, LearnerOrganisation, ShredKey
from services.creditbank.ledger.rules import commitment, credits_text, hundredths
from services.creditbank.ledger.tables import Account, DepositBatch, Entry, Lot
from services.creditbank.outcomes.tables import Outcome
from services.creditbank.schemes.tables import Scheme

_EVENT = text(
    "insert into outbox (id, type, subject, data)"
    " values (:id, 'creditbank.credits.posted.v1', :subject, :data)"
)


def posting_through_objects() -> FastAPI:
    """One route that posts, on the store the environment names."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        address = os.environ["BENCH_DATABASE"]
        app.state.engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(address)
        )
        app.state.keys = KeyRing(os.environ["BENCH_SECRET"])
        yield
        await app.state.engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.add_api_route("/v1/deposits", _post, methods=["POST"])
    return app


async def _post(request: Request) -> DepositAnswer:
    engine: AsyncEngine = request.app.state.engine
    body = DepositBody.model_validate_json(await request.body())
    assert body.institution is not None
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        scheme = (await session.exec(select(Scheme).where(col(Scheme.code) == body.scheme))).one()
        institution = await session.get_one(Institution, body.institution)
        batch = DepositBatch(
            id=new_id(), institution=institution.id, client="bench", recorded_at=datetime.now(UTC),
            amount=0, posted=0, replayed=0, conflicts=0, refused=0, scheme=scheme.id,
        )  # fmt: skip
        session.add(batch)
        made = [await _item(session, request.app.state.keys, scheme, batch, item) for item in body.items]
        entries = ",".join(f'{{"id":"{one.entry}"}}' for one in made)
        data = f'{{"institution":"{institution.id}","scheme":"{scheme.code}","entries":[{entries}]}}'
        await (await session.connection()).execute(
            _EVENT, {"id": new_id(), "subject": str(institution.id), "data": data}
        )
    return DepositAnswer(batch=batch.id, posted=len(made), replayed=0, conflicts=0, refused=0, items=made)


async def _item(
    session: AsyncSession, keys: KeyRing, scheme: Scheme, batch: DepositBatch, item: DepositItem
) -> ItemAnswer:
    learner = (await session.exec(select(Learner).where(col(Learner.id) == item.learner.id))).one()
    await session.exec(select(LearnerOrganisation).where(col(LearnerOrganisation.learner) == learner.number))
    outcome = await session.get_one(Outcome, item.course.id)
    wrapped = await session.get_one(ShredKey, learner.number)
    account = (
        await session.exec(
            select(Account)
            .where(col(Account.learner) == learner.number, col(Account.scheme) == scheme.id)
            .with_for_update()
        )
    ).one()
    digest = UUID(key_digest(batch.institution, item.key))
    known = (await session.exec(select(Entry).where(col(Entry.key_hash) == digest))).first()
    same = select(Lot).where(
        col(Lot.learner) == learner.number,
        col(Lot.issuer) == batch.institution,
        col(Lot.attempt) == item.attempt,
    )
    if known is not None or (await session.exec(same)).first() is not None:
        raise AssertionError("the bench posts only what is new")
    number, amount, identifier = account.sequence + 1, hundredths(item.credits), new_id()
    document = _document(batch, scheme, account, item, outcome, identifier)
    head = commitment(keys.salt(learner.number, wrapped.wrapped, identifier), document)
    entry = Entry(
        learner=learner.number, scheme=scheme.id, recorded_at=batch.recorded_at, sequence=number,
        effective_on=item.earned_on, kind=1, id=identifier, batch=batch.id, key_hash=digest,
        payload_hash=digest, commitment=head, amount=amount, institution=batch.institution,
    )  # fmt: skip
    lot = Lot(
        learner=learner.number, scheme=scheme.id, issued=amount, available=amount, number=number,
        earned_on=item.earned_on, issuer=batch.institution, outcome=outcome.id, attempt=item.attempt,
        grade=item.grade,
    )  # fmt: skip
    session.add_all([entry, lot])
    account.available += amount
    account.sequence, account.head, account.version = number, head, account.version + 1
    batch.amount += amount
    batch.posted += 1
    return ItemAnswer(key=item.key, outcome="posted", entry=identifier)


def _document(
    batch: DepositBatch,
    scheme: Scheme,
    account: Account,
    item: DepositItem,
    outcome: Outcome,
    identifier: UUID,
) -> str:
    """What is committed to, as long as the real one."""
    credits_given, number = credits_text(hundredths(item.credits)), account.sequence + 1
    before = "null" if account.head is None else f'"{account.head.hex()}"'
    return (
        f'{{"batch":"{batch.id}","effective_on":"{item.earned_on}","id":"{identifier}","kind":"deposit"'
        f',"learner":"{account.person}","lot":{{"attempt":"{item.attempt}","grade":"{item.grade}"'
        f',"outcome":"{outcome.id}"}},"postings":[["-{credits_given}","issued","{batch.institution}"]'
        f',["{credits_given}","available",{number}]],"prev":{before}'
        f',"recorded_at":"{batch.recorded_at}","scheme":"{scheme.code}","sequence":{number}}}'
    )
