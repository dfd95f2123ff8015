"""An export is proved without the bank; whatever is altered in it is found, and named."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.creditbank.log.commands import CommandFailed, change_log, verify_export, write_export
from services.creditbank.log.tiles import Tile
from tests.integration.creditbank.log.conftest import LogBank
from tests.integration.creditbank.test_lives import tell

Rows = list[dict[str, Any]]


def _finding(directory: Path, keys: list[str]) -> str:
    try:
        verify_export(directory, keys)
    except CommandFailed as error:
        return str(error)
    return "nothing found"


@pytest.fixture
async def exported(log_bank: LogBank, tmp_path: Path) -> Path:
    """Two logs, three learners, one of them erased, and entries too new to be sealed."""
    await log_bank.post(300)
    await log_bank.seal()
    await tell(log_bank.database, log_bank.keys, {"id": log_bank.district.students[2], "version": 10})
    await change_log(log_bank.settings, "begin", "next-year")
    log_bank.district.students.pop()
    await log_bank.post(20)
    await log_bank.seal()
    await log_bank.post(3)
    directory = tmp_path / "export"
    await write_export(log_bank.settings, directory)
    return directory


async def keys_of(log_bank: LogBank) -> list[str]:
    logs = (await change_log(log_bank.settings, "list", None))["logs"]
    return [key["verifier"] for log in logs for key in log["keys"]]


async def test_the_command_proves_an_export_with_neither_database_nor_settings(
    log_bank: LogBank, exported: Path
) -> None:
    keys = await keys_of(log_bank)
    bare = {name: value for name, value in os.environ.items() if not name.startswith("CREDITBANK_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.creditbank",
        "verify",
        str(exported),
        *(argument for key in keys for argument in ("--key", key)),
        env=bare,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    assert "300 leaves" in output
    assert "21 leaves" in output
    assert output.count("a key given") == 2
    assert "323 entries follow from one another" in output
    assert "100 of them are erased" in output
    assert "3 are too new" in output


async def test_an_export_is_for_its_owner_only_and_never_overwrites(
    log_bank: LogBank, exported: Path
) -> None:
    assert [_mode(exported), _mode(exported / "entries.jsonl")] == [0o700, 0o600]
    with pytest.raises(CommandFailed, match="exists"):
        await write_export(log_bank.settings, exported)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def rows(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text().splitlines()]


def altered(name: str, alter: Callable[[Rows], Any]) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        found = rows(directory / name)
        alter(found)
        (directory / name).write_text("".join(json.dumps(row) + "\n" for row in found))

    return damage


def edit_document(row: dict[str, Any], old: str, new: str) -> None:
    assert old in row["document"]
    row["document"] = row["document"].replace(old, new)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def tile(name: str, *place: int) -> Callable[[Path], None]:
    return lambda directory: flip(directory / "log" / name / Tile(*place).path)


def next_log(directory: Path) -> Path:
    return directory / "log" / "next-year"


def _without_log(directory: Path) -> None:
    manifest = json.loads((directory / "export.json").read_text())
    manifest["logs"].remove("next-year")
    (directory / "export.json").write_text(json.dumps(manifest))


def _without_erased(directory: Path, times: int) -> None:
    """Leave the erased learner out, or add a copy under another id; every sum is made to fit."""
    learner = _erased(rows(directory / "entries.jsonl"))["learner"]
    count, amount = 0, 0
    for name in ("entries.jsonl", "accounts.jsonl"):
        found = rows(directory / name)
        mine = [row for row in found if row["learner"] == learner]
        kept = [row for row in found if row["learner"] != learner]
        for copy in range(times):
            other = f"{copy}{learner[1:]}"
            kept += [json.loads(json.dumps(row).replace(learner, other)) for row in mine]
        if name == "entries.jsonl":
            count, amount = len(kept), len(found) - len(kept)
        (directory / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept))
    manifest = json.loads((directory / "export.json").read_text())
    (directory / "export.json").write_text(json.dumps({**manifest, "entries": count}))
    (total,) = rows(directory / "institutions.jsonl")
    total["amount"] = f"{float(total['amount']) + amount:.2f}"
    (directory / "institutions.jsonl").write_text(json.dumps(total) + "\n")


#: what is done to an export, and what `verify` says of it
DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "amount": (
        altered("entries.jsonl", lambda r: edit_document(r[4], '"1.00"', '"2.00"')),
        r"entries.jsonl line 5 .*sequence 5.*commitment is not",
    ),
    "learner swapped": (
        altered("entries.jsonl", lambda r: r[0].update(learner=r[-1]["learner"])),
        "line 1",
    ),
    "salt": (altered("entries.jsonl", lambda r: r[0].update(salt="00" * 32)), "line 1 .*commitment is not"),
    "commitment": (altered("entries.jsonl", lambda r: r[1].update(commitment="00" * 32)), "line 2"),
    "entry left out": (altered("entries.jsonl", lambda r: r.pop(5)), "line 6 .*does not follow"),
    "last entry left out": (altered("entries.jsonl", lambda r: r.pop()), "chain ends at"),
    "entry doubled": (altered("entries.jsonl", lambda r: r.insert(5, r[5])), "line 7 .*does not follow"),
    "entries swapped": (altered("entries.jsonl", lambda r: r.insert(5, r.pop(6))), "line 6"),
    "another's leaf": (
        altered("entries.jsonl", lambda r: r[0].update(leaf=r[1]["leaf"])),
        "line 1 .*another",
    ),
    "no such leaf": (altered("entries.jsonl", lambda r: r[0].update(leaf=10**6)), "line 1 .*no leaf"),
    "no such log": (altered("entries.jsonl", lambda r: r[0].update(log="x")), "line 1 .*no log"),
    "not canonical": (
        altered("entries.jsonl", lambda r: edit_document(r[0], '{"batch":', '{"batch": ')),
        "line 1 .*canonical",
    ),
    "erased entry that sums to something": (
        altered("entries.jsonl", lambda r: edit_document(_erased(r), '["1.00"', '["3.00"')),
        "sum to zero",
    ),
    "erased entry of another amount": (
        altered("entries.jsonl", lambda r: edit_document(_erased(r), "1.00", "3.00")),
        "available is not the sum",
    ),
    "balance": (altered("accounts.jsonl", lambda r: r[0]["parts"].update(available="9.00")), "line 1"),
    "head": (altered("accounts.jsonl", lambda r: r[0].update(head="00" * 32)), "line 1 .*|line 1: the chain"),
    "account left out everywhere": (lambda d: _without_erased(d, times=0), "belongs to no entry"),
    "erased account doubled": (lambda d: _without_erased(d, times=2), "belongs to another entry"),
    "account left out": (altered("accounts.jsonl", lambda r: r.pop(0)), "its entries are missing"),
    "last account left out": (altered("accounts.jsonl", lambda r: r.pop()), "without an account|missing"),
    "institution": (altered("institutions.jsonl", lambda r: r[0].update(amount="-1.00")), "institution"),
    "institution left out": (altered("institutions.jsonl", lambda r: r.clear()), "institution"),
    "leaf tile": (tile("next-year", 0, 0, 21), "next-year: the tiles do not make the root"),
    "checkpoint": (lambda d: flip(next_log(d) / "checkpoint"), "log next-year: its checkpoint"),
    "older checkpoint": (
        lambda d: shutil.copy(next_log(d).with_name("old"), next_log(d) / "checkpoint"),
        "log next-year",
    ),
    "tile gone": (lambda d: (next_log(d) / "tile/0/000.p/21").unlink(), "missing or cut"),
    "tile cut": (lambda d: os.truncate(next_log(d) / "tile/0/000.p/21", 32), "missing or cut"),
    "log left out": (_without_log, "there is no log|BROKEN"),
    "not an export": (lambda d: (d / "export.json").write_text("{}"), "export.json"),
    "no export": (shutil.rmtree, "nothing at"),
    "no JSON": (lambda d: (d / "entries.jsonl").write_text("{"), "BROKEN"),
}


def _erased(found: Rows) -> dict[str, Any]:
    return next(row for row in found if row["salt"] is None)


async def test_verify_finds_whatever_is_altered(log_bank: LogBank, exported: Path) -> None:
    keys = await keys_of(log_bank)
    await asyncio.to_thread(verify_export, exported, keys)
    first = await log_bank.database.pool.fetchval(
        "select note from log_checkpoint where log = 2 order by size limit 1"
    )
    (exported / "log" / "old").write_text(first)
    for name, (damage, says) in DAMAGE.items():
        copy = exported.with_name("copy")
        shutil.copytree(exported, copy)
        damage(copy)
        assert re.search(says, await asyncio.to_thread(_finding, copy, keys)), name
        shutil.rmtree(copy, ignore_errors=True)


async def test_the_first_log_s_tiles_are_proved_too(log_bank: LogBank, exported: Path) -> None:
    name = json.loads((exported / "export.json").read_text())["logs"][0]
    for place in ((0, 0, 256), (0, 1, 44), (1, 0, 1)):
        copy = exported.with_name("copy")
        shutil.copytree(exported, copy)
        tile(name, *place)(copy)
        with pytest.raises(CommandFailed, match=f"log {name}"):
            await asyncio.to_thread(verify_export, copy, [])
        shutil.rmtree(copy)


async def test_a_key_of_somebody_else_is_no_reason_to_believe(log_bank: LogBank, exported: Path) -> None:
    """The log re-signed by a thief of the export, with a key the verifier does not know."""
    from services.creditbank.log.keys import LogKeys
    from services.creditbank.log.notes import Verifier, read_checkpoint, sign

    folder = next_log(exported)
    keys = await keys_of(log_bank)
    checkpoint = read_checkpoint((folder / "checkpoint").read_text().partition("\n\n")[0] + "\n")
    thief = LogKeys("thief")
    public, sealed = thief.fresh(checkpoint.origin)
    (folder / "checkpoint").write_text(sign(checkpoint.text, [thief.open(checkpoint.origin, public, sealed)]))
    (folder / "keys").write_text(Verifier(checkpoint.origin, public).text + "\n")
    await asyncio.to_thread(verify_export, exported, [])  # says that it believed the export's own key
    with pytest.raises(CommandFailed, match="no known key signed"):
        await asyncio.to_thread(verify_export, exported, keys)
    with pytest.raises(CommandFailed, match="not an Ed25519"):
        await asyncio.to_thread(verify_export, exported, ["rubbish"])
    with pytest.raises(CommandFailed, match="There is nothing at"):
        await asyncio.to_thread(verify_export, exported / "nowhere", keys)
