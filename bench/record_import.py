"""A long import by command line: its rate, and the memory it takes after a part of it and at the end."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import asyncpg

from bench.bank import BankStore, bank_store
from bench.report import Report
from bench.statements import Statements
from libs.common.ids import new_id

ROOT = Path(__file__).resolve().parents[1]
LINES: Final = 200_000
#: by then what is remembered of statements is as much as it ever gets
_WARM: Final = 0.4
_LIMIT: Final = 1.05
_SCHOOL: Final = """
insert into institution (id, version, status, type, name, ancestors)
values ($1, 1, 'active', 'school', 'S', array[$1::uuid])
"""


def measure(report: Report, lines: int = LINES) -> None:
    """Two rows, on stores that are gone afterwards."""
    with bank_store() as where:
        school = new_id()
        asyncio.run(_make_school(where, school))
        began = time.monotonic()
        memory = _import(where, str(school), lines)
        took = time.monotonic() - began
    report.add(f"import of {lines:,} statements by command", lines / took, "statements/s")
    warm, end = memory[0], max(memory[1:])
    told = f"{warm / 2**20:.0f} and {end / 2**20:.0f} MiB"
    report.add("its memory at the end / after two fifths", end / warm, "x", _LIMIT, "at most", told)


def _import(where: BankStore, school: str, lines: int) -> list[int]:
    """Resident bytes of the importing process: at two fifths, and then now and again."""
    settings = where.settings()
    environment = os.environ | {
        "CREDITBANK_ENVIRONMENT": "development",
        "CREDITBANK_DATABASE": settings.database,
        "CREDITBANK_REDIS": settings.redis,
        "CREDITBANK_ISSUER": settings.issuer,
        "CREDITBANK_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "services.creditbank", "xapi-import", school, "-"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=ROOT
    )
    assert process.stdin is not None
    memory, warm, step = [], int(lines * _WARM), lines // 20
    for number, statement in enumerate(Statements().draw(lines)):
        process.stdin.write(statement + b"\n")
        # the pipe holds little more than what is being read
        if number >= warm and (number - warm) % step == 0:
            memory.append(_resident(process.pid))
    process.stdin.close()
    if process.wait() != 0:
        raise RuntimeError("the import failed")
    return memory


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def _make_school(where: BankStore, school: object) -> None:
    owner = await asyncpg.connect(where.store.migrations_database)
    await owner.execute(_SCHOOL, school)
    await owner.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.record_import", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES)
    report = Report()
    measure(report, parser.parse_args().lines)
    print(json.dumps([row.name for row in report.missed]))


if __name__ == "__main__":
    main()
