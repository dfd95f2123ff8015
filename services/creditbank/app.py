"""Composition of creditbank: settings, routes, the events it reads, the desk that merges postings."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI

from libs.common.events import Event
from libs.common.http import Service, create_app
from libs.common.http.app import Source
from libs.common.identity import KeySource
from libs.common.inbox import Handler
from libs.common.tasks import end
from services.creditbank.accounts.routes import router as accounts
from services.creditbank.approvals.handlers import client_entrusted
from services.creditbank.approvals.routes import router as approvals
from services.creditbank.awards.routes import router as awards
from services.creditbank.cases.routes import router as cases
from services.creditbank.conversions.routes import router as conversions
from services.creditbank.corrections.routes import router as corrections
from services.creditbank.deposits.routes import LARGEST_BODY, PATH
from services.creditbank.deposits.routes import router as deposits
from services.creditbank.deposits.rules import MOST_ITEMS
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.files import handlers as files_handlers
from services.creditbank.files.routes import PATH as FILES_PATH
from services.creditbank.files.routes import router as files
from services.creditbank.files.rules import LARGEST_UPLOAD
from services.creditbank.files.worker import FileWorker
from services.creditbank.freezes.routes import router as freezes
from services.creditbank.institutions.handlers import (
    organisation_changed,
    organisation_changed_where_reviewed,
)
from services.creditbank.institutions.routes import router as institutions
from services.creditbank.learners.handlers import people_erased, people_merged, person_changed
from services.creditbank.learners.keys import KeyRing
from services.creditbank.learners.routes import router as learners
from services.creditbank.ledger.coalescer import Coalescer
from services.creditbank.ledger.service import Ledger
from services.creditbank.ledger.sweeping import Sweeper
from services.creditbank.log.routes import router as log
from services.creditbank.log.sequencing import Sequencing
from services.creditbank.log.service import LogReader
from services.creditbank.moves.mover import Mover, sender
from services.creditbank.moves.routes import ARRIVALS
from services.creditbank.moves.routes import router as moves
from services.creditbank.moves.rules import LARGEST_DOCUMENT
from services.creditbank.outcomes.handlers import course_changed
from services.creditbank.outcomes.routes import router as outcomes
from services.creditbank.postings.routes import router as postings
from services.creditbank.profiles.routes import router as profiles
from services.creditbank.programmes.routes import router as programmes
from services.creditbank.recognition.routes import router as recognition
from services.creditbank.reconciliation.routes import router as reconciliation
from services.creditbank.rulebook.routes import router as rulebook
from services.creditbank.schemes.routes import router as schemes
from services.creditbank.settings import AUDIENCE, AUTH_AUDIENCE, SPACES_AUDIENCE, CreditbankSettings
from services.creditbank.statements.routes import router as statements
from services.creditbank.suspense import handlers as suspense_handlers
from services.creditbank.suspense.routes import router as suspense
from services.creditbank.tables import Connection
from services.creditbank.transfers.routes import router as transfers
from services.creditbank.xapi import composition as xapi
from services.creditbank.xapi.carrying import handlers as carrying_handlers
from services.creditbank.xapi.learning.enrolments import Enrolments
from services.creditbank.xapi.learning.handlers import handlers as learning_handlers
from services.creditbank.xapi.persons import handlers as persons_handlers
from services.creditbank.xapi.reactions import handlers as reactions_handlers
from services.creditbank.xapi.readings import handlers as readings_handlers
from services.creditbank.xapi.removals import handlers as removals_handlers
from services.creditbank.xapi.summaries import handlers as summaries_handlers

_DESCRIPTION = """
A bank of academic credits: institutions post them once, they are kept for life, and anyone can audit the
books. 学分银行：机构记入学分，终身留存，账目可审计。
"""

#: by how institutions come into the bank
_ORGANISATION_CHANGED = {
    "automatic": organisation_changed,
    "reviewed": organisation_changed_where_reviewed,
}

_BODY_LIMITS = {PATH: LARGEST_BODY, FILES_PATH: LARGEST_UPLOAD, ARRIVALS: LARGEST_DOCUMENT}
_ROUTERS = [
    deposits,
    corrections,
    freezes,
    files,
    profiles,
    suspense,
    accounts,
    statements,
    institutions,
    postings,
    reconciliation,
    outcomes,
    learners,
    schemes,
    log,
    rulebook,
    programmes,
    awards,
    transfers,
    recognition,
    conversions,
    cases,
    moves,
    approvals,
    *xapi.ROUTERS,
]


def in_order(*handlers: Handler) -> Handler:
    """One handler of several slices for one type of event, in the transaction they share."""

    async def handle(connection: Connection, events: Sequence[Event]) -> None:
        for handler in handlers:
            await handler(connection, events)

    return handle


@asynccontextmanager
async def running(*runs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """What runs beside the requests, until they end."""
    tasks = [asyncio.ensure_future(run()) for run in runs]
    try:
        yield
    finally:
        await end(*tasks)


def _auth(settings: CreditbankSettings, ring: KeyRing) -> Source:
    """What is read of auth's events, and by whom."""
    return Source(
        address=settings.auth_address,
        audience=AUTH_AUDIENCE,
        handlers={
            "auth.organisation.changed.v1": _ORGANISATION_CHANGED[settings.registration],
            "auth.course.changed.v1": course_changed,
            "auth.client.entrusted.v1": client_entrusted,
            # in this order within a batch: whoever is no more is not made anew
            "auth.person.erased.v1": in_order(
                files_handlers.people_erased,
                suspense_handlers.people_erased,
                readings_handlers.people_erased(settings.issuer),
                reactions_handlers.people_erased,
                removals_handlers.people_erased(settings.issuer),
                summaries_handlers.people_erased,
                carrying_handlers.people_erased,
                persons_handlers.people_erased,
                people_erased,
            ),
            "auth.person.merged.v1": in_order(people_merged, reactions_handlers.people_merged),
            "auth.person.changed.v1": in_order(
                person_changed(ring),
                suspense_handlers.person_changed,
                persons_handlers.people_changed,
                reactions_handlers.people_changed,
            ),
        },
    )


def _sources(settings: CreditbankSettings, ring: KeyRing) -> dict[str, Source]:
    """The neighbours whose events are read; auth's come first."""
    sources = {"auth": _auth(settings, ring)}
    if settings.spaces_address is not None:
        sources["spaces"] = Source(
            address=settings.spaces_address,
            audience=SPACES_AUDIENCE,
            handlers=learning_handlers(xapi.learning_writer(settings)),
        )
    return sources


def build(
    settings: CreditbankSettings,
    *,
    keys: Callable[[FastAPI], KeySource] | None = None,
    background: bool = True,
) -> FastAPI:
    """The application; `keys` replaces where keys of tokens come from, for tests."""
    ring = KeyRing(settings.key_encryption_key.get_secret_value())

    @asynccontextmanager
    async def desk(app: FastAPI) -> AsyncIterator[None]:
        posting = PostingDesk(app.state.database, ring)
        app.state.desk = Coalescer(posting.post, limit=MOST_ITEMS, workers=settings.posting_writers)
        app.state.shred_keys = ring
        app.state.ledger = Ledger(ring)
        app.state.log_reader = LogReader(settings.log_directory)
        xapi.begin(app, posting)
        app.state.file_worker = FileWorker(app.state.database, posting, app.state.desk.call)
        sweeper = Sweeper(app.state.database, app.state.ledger, settings.sweep_interval_seconds)
        beside = [
            app.state.file_worker.run,
            sweeper.run,
            app.state.statements.horizon.run,
            app.state.deliverer.run,
            app.state.readings.run,
            app.state.reactor.run,
            app.state.remover.run,
            app.state.summaries.run,
        ]
        tasks = beside if background else []
        app.state.mover = Mover(
            app.state.database, settings, ring, app.state.log_reader, sender(app.state.service_client)
        )
        if background and settings.nodes:
            tasks.append(app.state.mover.run)
        if background and settings.sequence_while_serving and settings.log_directory:
            tasks.append(Sequencing(app.state.database, settings).run)
        if background and settings.spaces_address is not None:
            tasks.append(Enrolments(app.state.database, xapi.learning_writer(settings)).run)
        if background:
            tasks.append(app.state.doorkeeper.listen)
        async with running(*tasks):
            yield
        await app.state.desk.stop()
        await app.state.readings.stop()

    app = create_app(
        Service(
            name="creditbank",
            title="Xuebu credit bank",
            description=_DESCRIPTION,
            audience=AUDIENCE,
            settings=settings,
            routers=_ROUTERS,
            sources=_sources(settings, ring),
            keys=keys,
            body_limits={
                **_BODY_LIMITS,
                **xapi.body_limits(settings.xapi_body_limit, settings.record_import_limit),
            },
            known_sender=xapi.known_sender,
            layers=[xapi.Speaking],
            cross_origin=xapi.cross_origin(settings.xapi_origins),
            lifespan=desk,
            background=background,
        )
    )
    app.add_middleware(xapi.Announcing, fastapi=app)
    return app
