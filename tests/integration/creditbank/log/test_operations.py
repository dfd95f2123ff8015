"""What happens to credits later is in the log and in an export, and is proved from the files alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from libs.common.ids import new_id
from services.creditbank.ledger.rules import Part, Terms
from services.creditbank.ledger.service import Ledger
from services.creditbank.log.exporting import export
from services.creditbank.log.verifying import verify
from tests.integration.creditbank.log.conftest import LogBank


async def test_an_export_with_every_kind_of_operation_is_proved(log_bank: LogBank, tmp_path: Path) -> None:
    owner = await asyncpg.connect(log_bank.store.migrations_database)
    await owner.execute(
        "insert into scheme (id, code, title_en, title_zh, decimals) values (901, 'test:other', 'O', '另', 2)"
    )
    await owner.close()
    await log_bank.post(6)
    connection = await log_bank.database.connect()
    number = await connection.fetchval(
        "select number from learner where id = $1", log_bank.district.students[0]
    )
    ledger = Ledger(log_bank.keys)
    until = datetime.now(UTC) + timedelta(hours=1)
    holds = [
        await ledger.hold(connection, number, 1, [Part(1, 40)], key=key, until=until, purpose="award")
        for key in "ab"
    ]
    spent = await ledger.capture(connection, holds[0], key="c", parts=[Part(1, 30)])
    await ledger.release(connection, holds[1])
    await ledger.rescind(connection, spent.place, key="r")
    converted = await ledger.convert(
        connection, number, 1, [Part(2, 100)],
        to_scheme=901, issued=[66], rounding=2, rule=Terms(new_id(), 2, 3), key="d",
    )  # fmt: skip
    await ledger.reverse_conversion(connection, converted.place, key="e")
    await log_bank.seal()
    await log_bank.check()
    told: list[str] = []
    directory = tmp_path / "export"
    await export(connection, directory, log_bank.directory, log_bank.keys, told.append)
    await connection.close()
    verify(directory, await log_bank.verifiers(), told.append)
    assert any(line.startswith("15 entries follow from one another") for line in told), told
