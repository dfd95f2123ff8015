"""What anybody does with an export of a record from the command line."""

import sys

from services.creditbank.log.commands import CommandFailed
from services.creditbank.log.notes import NoteBroken, read_verifier
from services.creditbank.xapi.bulk import lines
from services.creditbank.xapi.carrying.verifying import Broken, verify


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
