"""The operator's commands over signing keys; what each answers is printed as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from libs.common.database import Database
from services.auth.keys import rules, service
from services.auth.keys.sealing import Seal
from services.auth.settings import AuthSettings

Answer = dict[str, Any]


async def run(
    database: Database, settings: AuthSettings, what: str, options: Mapping[str, Any], now: datetime
) -> Answer | None:
    """Do what `what` says (list, rotate, revoke); None if the key to revoke is none that is in use."""
    seal = Seal(settings.key_encryption_key.get_secret_value())
    if what == "list":
        return {"keys": await service.states(database.pool, now)}
    if what == "rotate":
        return {"keys": await _rotate(database, seal, options, now)}
    return await _revoke(database, seal, options["kid"], now)


async def _rotate(database: Database, seal: Seal, options: Mapping[str, Any], now: datetime) -> list[Answer]:
    asked = options["algorithm"]
    published = []
    async with database.transaction() as session:
        for algorithm in rules.ALGORITHMS if asked is None else (asked,):
            kid, signs_at = await service.rotate_and_remember(
                session, seal, now, algorithm=algorithm, at_once=options["at_once"]
            )
            published.append({"kid": kid, "algorithm": algorithm, "signs_at": signs_at.isoformat()})
    return published


async def _revoke(database: Database, seal: Seal, kid: str, now: datetime) -> Answer | None:
    try:
        async with database.transaction() as session:
            successor, signs_at = await service.revoke_and_remember(session, seal, kid, now)
    except service.NoSuchKey:
        return None
    return {"revoked": kid, "successor": successor, "signs_at": signs_at.isoformat()}
