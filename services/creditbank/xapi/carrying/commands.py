"""What anybody does with an export of a record from the command line, and an operator for a learner."""

import sys
from collections.abc import AsyncIterator
from typing import BinaryIO, Final
from uuid import UUID

from libs.common.database import Database
from libs.common.problems import NotFound, Problem
from services.creditbank.log.commands import CommandFailed
from services.creditbank.log.notes import NoteBroken, read_verifier
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.activities.service import Definitions
from services.creditbank.xapi.bulk import lines
from services.creditbank.xapi.carrying.importing import Bringer
from services.creditbank.xapi.carrying.keys import signer
from services.creditbank.xapi.carrying.verifying import Broken, verify
from services.creditbank.xapi.persons import service as persons
from services.creditbank.xapi.statements.cursors import Cursors
from services.creditbank.xapi.statements.service import Statements

_CHUNK: Final = 1 << 20


def verify_record(file: str, keys: list[str]) -> None:
    """Prove an export; no settings and no database are needed. Raises CommandFailed."""
    try:
        trusted = [read_verifier(text) for text in keys]
        with lines.opened(file) as source:
            manifest = verify(source.lines, trusted)
    except NoteBroken as error:
        raise CommandFailed(str(error)) from None
    except Broken as error:
        raise CommandFailed(f"BROKEN: {error}") from None
    except (OSError, EOFError) as error:
        raise CommandFailed(f"The file cannot be read: {error}") from None
    counts = ", ".join(f"{count} x {kind}" for kind, count in manifest.counts.items())
    sys.stdout.write(f"the record of {manifest.learner} of {manifest.exported_at} is whole: {counts}\n")


async def bring_record(settings: CreditbankSettings, learner: UUID, file: str) -> None:
    """Bring an export for a learner, who is taken to ask for it; raises CommandFailed."""
    database = await Database(settings.database, pool_size=3, name="creditbank import").start()
    secret = settings.key_encryption_key.get_secret_value()
    try:
        of = await persons.owner_of(database.pool, learner)
        with lines.opened(file) as source:
            _, brought = await Bringer(
                database,
                Statements(database, Cursors(secret), Definitions()),
                settings.public_address,
                settings.issuer,
                [signer(settings).verifier, *settings.record_issuers],
                settings.xapi_body_limit,
            ).bring(of, learner, _chunks(source.lines))
    except NotFound:
        raise CommandFailed(f"The bank knows no learner {learner}") from None
    except Problem as problem:
        raise CommandFailed((problem.explanation() or problem.title).en) from None
    except (OSError, EOFError) as error:
        raise CommandFailed(f"The file cannot be read: {error}") from None
    finally:
        await database.stop()
    signed = brought.signed_by or "no known key"
    sys.stdout.write(
        f"{brought.id}: from {brought.address}, signed by {signed}, {brought.refusals} refused\n"
    )


async def _chunks(stream: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk
