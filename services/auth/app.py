"""Composition of auth."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import State

from libs.common.http import Service, create_app
from libs.common.http.cross_origin import CrossOrigin
from libs.common.identity import KeySource
from libs.common.redis_scripts import Scripts
from libs.common.relay import take_out
from libs.common.revocations import RevocationSource
from services.auth.account import pages as account
from services.auth.accounts import pages as account_pages
from services.auth.accounts import routes as accounts
from services.auth.accounts.watching import HashWatch
from services.auth.applications import pages as application_pages
from services.auth.applications import routes as applications
from services.auth.audit import routes as audit
from services.auth.authorization import pages as authorization
from services.auth.calendar.workers import CalendarWorker
from services.auth.classes import routes as classes
from services.auth.clients import routes as clients
from services.auth.clients.refusals import Refusals
from services.auth.clients.rules import AUDIENCES
from services.auth.clients.service import ClientFinder, has_origin
from services.auth.discovery import routes as discovery
from services.auth.erasure import pages as erasure_pages
from services.auth.erasure import routes as erasure
from services.auth.erasure.worker import Eraser
from services.auth.guardians import pages as guardian_pages
from services.auth.guardians import routes as guardians
from services.auth.invitations import pages as invitation_pages
from services.auth.invitations import routes as invitations
from services.auth.issued import routes as issued
from services.auth.issued.service import IssuedTokens
from services.auth.keys import routes as keys
from services.auth.keys.sealing import Seal
from services.auth.keys.service import KeyRing
from services.auth.logout import pages as logout
from services.auth.mail.carriers import Carrier, carrier
from services.auth.mail.courier import Courier
from services.auth.merging import routes as merging
from services.auth.organisations import routes as organisations
from services.auth.pages import assets
from services.auth.pages.routing import missing
from services.auth.password_changes import pages as password_pages
from services.auth.password_changes import routes as password_changes
from services.auth.password_changes.service import PasswordChanges
from services.auth.passwords.service import Passwords
from services.auth.people import routes as people
from services.auth.recovery import pages as recovery_pages
from services.auth.recovery import routes as recovery
from services.auth.recovery.service import Recovery
from services.auth.recovery.worker import RecoveryWorker
from services.auth.revocations import routes as revocations
from services.auth.revocations.service import Pruner, own_list
from services.auth.rights import routes as client_rights
from services.auth.roster_rights import routes as roster_rights
from services.auth.rosters import routes as rosters
from services.auth.rosters.rules import UPLOAD_LIMIT_BYTES
from services.auth.rosters.workers import Workers
from services.auth.second_factors import pages as second_factor_pages
from services.auth.second_factors import routes as second_factors
from services.auth.second_factors.service import SecondFactors
from services.auth.sessions import routes as sessions
from services.auth.sessions.forgetting import Forgetter
from services.auth.settings import AUDIENCE, AuthSettings
from services.auth.sign_in import pages as sign_in_pages
from services.auth.sign_in.service import SignIn
from services.auth.throttling.devices import KnownDevices
from services.auth.throttling.service import Throttle
from services.auth.tokens import routes as tokens
from services.auth.tokens.reading import Reader
from services.auth.tokens.service import Grants, Mint
from services.auth.userinfo import routes as userinfo

# Among routes of one shape the first one answers; how many others there are costs nothing (RouteIndex).
ROUTERS: Final = (
    tokens.router,
    issued.router,
    userinfo.router,
    keys.router,
    discovery.router,
    revocations.router,
    sessions.router,
    accounts.router,
    second_factors.router,
    password_changes.router,
    recovery.router,
    people.router,
    merging.router,
    erasure.router,
    guardians.router,
    invitations.router,
    classes.router,
    organisations.router,
    clients.router,
    client_rights.router,
    rosters.router,
    roster_rights.router,
    applications.router,
    audit.router,
    authorization.router,
    logout.router,
    application_pages.router,
    guardian_pages.router,
    invitation_pages.router,
    sign_in_pages.router,
    account_pages.router,
    account.router,
    erasure_pages.router,
    second_factor_pages.router,
    password_pages.router,
    recovery_pages.router,
    assets.router,
)

# What the pages of browser clients call themselves; everything else they reach by redirects.
CROSS_ORIGIN: Final = {"/oauth/token": "POST", "/oauth/revoke": "POST", "/oauth/userinfo": "GET, POST"}


def seal_of(settings: AuthSettings) -> Seal:
    """The seal of the private keys at rest."""
    return Seal(settings.key_encryption_key.get_secret_value())


def _carrier(settings: AuthSettings) -> Carrier | None:
    password = settings.mail_password
    return carrier(
        settings.mail_server,
        username=settings.mail_username,
        password=password.get_secret_value() if password else None,
        certificates=settings.mail_certificates,
    )


async def _is_origin_of_client(app: FastAPI, origin: str) -> bool:
    return await has_origin(app.state.database.pool, origin)


def _furnish(state: State, settings: AuthSettings) -> None:
    """Make what the routes use, on the stores that are there."""
    state.passwords = Passwords(
        threads=settings.hashing_threads,
        queue=settings.hashing_queue,
        secret=settings.key_encryption_key.get_secret_value(),
    )
    state.hash_watch = HashWatch(state.database, state.passwords)
    state.scripts = Scripts(state.redis)
    state.throttle = Throttle(state.scripts, prefix=settings.redis_prefix)
    refusals = Refusals(state.scripts, state.database.pool, prefix=settings.redis_prefix)
    state.clients = ClientFinder(state.database.pool, refusals)
    state.token_audiences = (settings.issuer, f"{settings.issuer}/oauth/token")
    state.mint = Mint(state.keys, issuer=settings.issuer, life_seconds=settings.access_token_seconds)
    state.grants = Grants(state.database, state.clients, state.mint, state.token_audiences)
    state.reader = Reader(state.keys, issuer=settings.issuer, audiences=AUDIENCES)
    state.issued = IssuedTokens(state.database, state.reader, issuer=settings.issuer)
    state.sign_in = SignIn(
        state.database,
        state.passwords,
        state.throttle,
        KnownDevices(settings.key_encryption_key.get_secret_value()),
        session_hours=settings.session_hours,
    )
    state.second_factors = SecondFactors(state.database, seal_of(settings), state.throttle)
    state.password_changes = PasswordChanges(state.database, state.passwords, state.throttle)
    state.recovery = Recovery(state.database, state.passwords, state.throttle)
    state.courier = Courier(state.database, _carrier(settings), sender=settings.mail_sender)
    state.recovery_worker = RecoveryWorker(
        state.database, state.courier, public_address=settings.public_address
    )
    state.roster_workers = Workers(settings, state.database)
    state.calendar = CalendarWorker(state.database, time_zone=settings.time_zone)
    state.pruner = Pruner(state.database.pool)
    state.forgetter = Forgetter(state.database.pool)
    state.eraser = Eraser(
        state.database,
        lambda sequences: take_out(
            state.redis, service="auth", prefix=settings.redis_prefix, sequences=sequences
        ),
    )
    state.metadata = discovery.Metadata(settings.issuer)


def build(settings: AuthSettings, *, background: bool = True) -> FastAPI:
    """The application, ready to be served or tested."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        _furnish(state, settings)
        await state.keys.start()
        state.passwords.start()
        if background:
            state.roster_workers.start()
            state.calendar.start()
            state.pruner.start()
            state.forgetter.start()
            state.eraser.start()
            state.courier.start()
            state.hash_watch.start()
            state.recovery_worker.start()
        try:
            yield
        finally:
            await state.hash_watch.stop()
            await state.recovery_worker.stop()
            await state.courier.stop()
            await state.calendar.stop()
            await state.roster_workers.stop()
            await state.eraser.stop()
            await state.forgetter.stop()
            await state.pruner.stop()
            await state.issued.stop()
            await state.clients.stop()
            await state.keys.stop()
            state.passwords.stop()
            state.scripts.close()

    def own_keys(app: FastAPI) -> KeySource:
        app.state.keys = KeyRing(app.state.database, seal_of(settings))
        source: KeySource = app.state.keys.verification_keys
        return source

    def own_revocations(app: FastAPI) -> RevocationSource:
        return own_list(app.state.database.pool, lambda: app.state.keys.published.etag)

    app = create_app(
        Service(
            name="auth",
            title="auth",
            description="The people, organisations and identities of a school system.",
            audience=AUDIENCE,
            settings=settings,
            routers=ROUTERS,
            keys=own_keys,
            revocations=own_revocations,
            cross_origin=CrossOrigin(CROSS_ORIGIN, _is_origin_of_client),
            body_limits={rosters.router.prefix: UPLOAD_LIMIT_BYTES},
            lifespan=lifespan,
            background=background,
        )
    )
    app.add_exception_handler(HTTPStatus.NOT_FOUND, missing)
    return app
