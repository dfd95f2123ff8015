"""Composition of the learning record store: its routes, its layers, and what it keeps in the application."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.types import Scope

from libs.common.http.cross_origin import CrossOrigin
from libs.common.http.middleware import has_token
from libs.common.identity import authorization_of
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.activities.routes import router as activities
from services.creditbank.xapi.activities.service import Definitions
from services.creditbank.xapi.agents.routes import router as agents
from services.creditbank.xapi.carrying.routes import IMPORTS
from services.creditbank.xapi.carrying.routes import router as carrying
from services.creditbank.xapi.credentials.doorkeeper import Doors
from services.creditbank.xapi.credentials.routes import router as credentials
from services.creditbank.xapi.documents.routes import router as documents
from services.creditbank.xapi.learning.routes import router as learning
from services.creditbank.xapi.learning.service import Writer
from services.creditbank.xapi.operations.routes import router as operations
from services.creditbank.xapi.persons.routes import router as persons
from services.creditbank.xapi.protocol.layers import Announcing, Speaking
from services.creditbank.xapi.protocol.routes import router as about
from services.creditbank.xapi.protocol.versions import PREFIX, is_record_store
from services.creditbank.xapi.reactions.reacting import Homes, Reactor
from services.creditbank.xapi.reactions.routes import router as reactions
from services.creditbank.xapi.readings.routes import router as readings
from services.creditbank.xapi.readings.service import Readings
from services.creditbank.xapi.record.routes import router as record
from services.creditbank.xapi.removals.routes import router as removals
from services.creditbank.xapi.removals.worker import Remover
from services.creditbank.xapi.statements.cursors import Cursors
from services.creditbank.xapi.statements.routes import router as statements
from services.creditbank.xapi.statements.service import Statements
from services.creditbank.xapi.subscriptions.delivering import Deliverer
from services.creditbank.xapi.subscriptions.routes import router as subscriptions
from services.creditbank.xapi.subscriptions.seals import Seals
from services.creditbank.xapi.subscriptions.sending import Sender
from services.creditbank.xapi.subscriptions.service import Subscriptions
from services.creditbank.xapi.summaries.routes import router as summaries
from services.creditbank.xapi.summaries.service import Summaries

__all__ = [
    "ROUTERS",
    "Announcing",
    "Speaking",
    "begin",
    "body_limits",
    "cross_origin",
    "known_sender",
    "learning_writer",
]

ROUTERS: Final[tuple[APIRouter, ...]] = (
    about,
    statements,
    activities,
    agents,
    documents,
    credentials,
    subscriptions,
    persons,
    record,
    readings,
    carrying,
    learning,
    reactions,
    removals,
    operations,
    summaries,
)
#: resources that take bodies
_WRITTEN: Final = ("statements", "activities/state", "activities/profile", "agents/profile")
_METHODS: Final = "GET, HEAD, PUT, POST, DELETE"
_SENT: Final = (
    "X-Experience-API-Version",
    "If-Match",
    "If-None-Match",
    "Content-Encoding",
    "Accept-Language",
    "Prefer",
)
_READABLE: Final = (
    "ETag",
    "Last-Modified",
    "X-Experience-API-Version",
    "X-Experience-API-Consistent-Through",
    "Preference-Applied",
    "Link",
)


def begin(app: FastAPI, desk: PostingDesk) -> None:
    """What requests need of the record store, for an application being started; it posts at `desk`."""
    settings: CreditbankSettings = app.state.settings
    app.state.doorkeeper = Doors(
        app.state.database,
        app.state.identity,
        app.state.redis,
        prefix=settings.redis_prefix,
        home=_home(settings),
        issuer=settings.issuer,
    )
    app.state.definitions = Definitions()
    app.state.statements = Statements(
        app.state.database,
        Cursors(settings.key_encryption_key.get_secret_value()),
        app.state.definitions,
    )
    app.state.readings = Readings(app.state.database, settings.record_readings_kept_days)
    seals = Seals(settings.key_encryption_key.get_secret_value())
    development, private = settings.environment == "development", settings.xapi_private_targets
    app.state.subscriptions = Subscriptions(
        app.state.database, seals, development=development, private=private
    )
    app.state.deliverer = Deliverer(
        app.state.database,
        app.state.statements.horizon,
        seals,
        Sender(development=development, private=private).send,
        settings.xapi_delivery_interval_seconds,
    )
    app.state.reactor = Reactor(
        app.state.database,
        desk,
        app.state.statements.horizon,
        Homes.of(issuer=settings.issuer, store=_home(settings)),
        every_s=settings.xapi_reaction_interval_seconds,
    )
    app.state.remover = Remover(app.state.database, _home(settings))
    app.state.summaries = Summaries(
        app.state.database,
        app.state.statements.horizon,
        settings.issuer,
        settings.record_summary_interval_seconds,
    )
    app.state.consistent_through = app.state.statements.horizon.latest


def _home(settings: CreditbankSettings) -> str:
    """Where accounts of this record store are."""
    return f"{settings.public_address}{PREFIX.rstrip('/')}"


def learning_writer(settings: CreditbankSettings) -> Writer:
    """Writes what the product itself has to tell of learning."""
    return Writer(home=_home(settings), issuer=settings.issuer)


def body_limits(largest: int, largest_record: int) -> dict[str, int]:
    """How large bodies may be, by path."""
    return {f"{PREFIX}{name}": largest for name in _WRITTEN} | {IMPORTS: largest_record}


async def known_sender(app: FastAPI, scope: Scope) -> None:
    """The sender of a body larger than usual has a door; raises as opening it does."""
    if is_record_store(scope):
        await app.state.doorkeeper.open(authorization_of(scope))
    else:
        await has_token(app, scope)


def cross_origin(origins: str) -> CrossOrigin:
    """Which pages may call: courses run anywhere, and nobody is known by their browser alone."""
    named = frozenset(one.strip() for one in origins.split(",")) - {""}

    async def any_origin(_app: FastAPI, _origin: str) -> bool:
        return True

    async def named_origin(_app: FastAPI, origin: str) -> bool:
        return origin in named

    allowed: Callable[[FastAPI, str], Awaitable[bool]] = any_origin if "*" in named else named_origin
    return CrossOrigin({PREFIX: _METHODS}, allowed, sent=_SENT, readable=_READABLE)
