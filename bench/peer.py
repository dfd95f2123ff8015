"""A ledger of others in the same run: django-hordak as distributed, in an environment of its own.

It keeps neither keys nor lots nor proofs. Its requirements are locked like ours (infra/requirements/peer.in)
and installed when the bench first asks for them; nothing else needs them.
"""

import asyncio
import hashlib
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench.bank import SCHOOLS, Bank, BankStore
from bench.posting import post_singly
from bench.report import Report
from infra.dev import installer
from infra.dev.environment import ENVIRONMENT, REQUIREMENTS

PROCESSES = 4
_HOME = ENVIRONMENT / "peer"
_STAMP = _HOME / "locked"
_PROGRAM = Path(__file__).with_name("hordak_ledger.py")
_STARTING = 3.0
_ROUNDS = 3


async def measure(report: Report, where: BankStore, bank: Bank, seconds: float) -> None:
    """Single transfers and batches of a thousand by four processes, beside ours of one."""
    python = await asyncio.to_thread(_python)
    store = await asyncio.to_thread(where.stores.new_database, "peer")
    address = store.migrations_database
    await asyncio.to_thread(_run, [python, str(_PROGRAM), address, "prepare"])
    singles, batches, notes = [], [], ["", ""]
    for _ in range(_ROUNDS):
        theirs = await asyncio.to_thread(_rate, python, address, "transfer", seconds / 2)
        ours = await post_singly(bank, seconds / 2, SCHOOLS)
        singles.append(ours / theirs)
        notes[0] = f"{ours:,.0f} / {theirs:,.0f} entries/s"
        theirs = await asyncio.to_thread(_rate, python, address, "bulk", seconds / 2)
        ours = await bank.post(bank.calls(round(seconds * 4)))
        batches.append(ours / theirs)
        notes[1] = f"{ours:,.0f} / {theirs:,.0f} entries/s"
    name = f"library, single / django-hordak transfer_to, {PROCESSES} processes"
    report.add(name, median(singles), "x", 8, note=notes[0])
    name = f"library, batches / django-hordak bulk_create, {PROCESSES} processes"
    report.add(name, median(batches), "x", 2.5, note=notes[1])


def _python() -> str:
    """The Python that has the peer, installed exactly as locked."""
    python, locked = _HOME / "bin" / "python", REQUIREMENTS / "peer.txt"
    digest = hashlib.sha256(locked.read_bytes()).hexdigest()
    if not _STAMP.exists() or _STAMP.read_text() != digest:
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(_HOME)], check=True)
        installer.install(locked, REQUIREMENTS / "installer.txt", _HOME)
        _STAMP.write_text(digest)
    return str(python)


def _rate(python: str, address: str, what: str, seconds: float) -> float:
    """Entries a second of all processes together, which begin at the same moment."""
    start = str(time.time() + _STARTING)
    command = [python, str(_PROGRAM), address, what, start, str(seconds)]
    processes = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(PROCESSES)
    ]
    told = [process.communicate(timeout=seconds + 60)[0] for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit(f"the peer failed: {told}")
    return sum(map(float, told))


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
