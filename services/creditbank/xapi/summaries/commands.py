"""What an operator does with the summaries from the command line."""

import sys

from libs.common.database import Database
from services.creditbank.log.commands import CommandFailed
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.summaries import service


async def run(settings: CreditbankSettings, act: str) -> None:
    """`check` what is counted against the statements, or `rebuild` it from them; raises CommandFailed."""
    database = await Database(settings.database, pool_size=2, name="creditbank summaries").start()
    try:
        if act == "rebuild":
            await service.rebuild(database, settings.issuer)
            _say("counted anew")
        elif not await service.check(database, _say):
            raise CommandFailed("The summaries are not what the statements say: `summaries rebuild` mends it")
        else:
            _say("the summaries are what the statements say")
    finally:
        await database.stop()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
