"""Redeeming what a code grants, for the token endpoint."""

from datetime import datetime

import orjson

from libs.common.ids import new_id
from services.auth.authorization import repository
from services.auth.authorization.codes import (
    CodeRefused,
    CodeReplayed,
    Redeemed,
    challenge_of,
    digest_of,
    is_code,
)
from services.auth.clients.service import Client
from services.auth.sql import Where


async def redeem(
    session: Where,
    client: Client,
    *,
    code: str,
    redirect_uri: str | None,
    verifier: str | None,
    now: datetime,
) -> Redeemed:
    """Redeem a code within the caller's transaction: at most one caller ever gets its grant.

    Raises CodeReplayed where it was redeemed before, whoever asks: a code seen twice has leaked. Raises
    CodeRefused for any other reason, among them another client, redirect address or verifier, 60 seconds
    gone by, or a session that has ended. A refusal uses nothing up.
    """
    challenge = challenge_of(verifier) if verifier is not None else None
    if not is_code(code):
        raise CodeRefused
    digest, family = digest_of(code), new_id()
    row = None
    if challenge is not None and redirect_uri is not None:
        row = await repository.redeem(session, digest, client.id, redirect_uri, challenge, now, family)
    if row is None:
        redeemed_for = await repository.family_of_code(session, digest)
        if redeemed_for is not None:
            raise CodeReplayed(redeemed_for)
        raise CodeRefused
    return Redeemed(
        family_id=family,
        person_id=row["person_id"],
        session_id=row["session_id"],
        scopes=frozenset(row["scopes"]),
        audiences=tuple(row["audiences"]),
        nonce=row["nonce"],
        claims=orjson.loads(row["claims"]) if row["claims"] is not None else None,
        authenticated_at=row["authenticated_at"],
        methods=tuple(row["methods"]),
    )
