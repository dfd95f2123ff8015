"""Record stores in and out of files: what comes in is judged as requests are, and comes out equal."""

import gzip
import json
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.common.database import Database
from services.creditbank.log.commands import CommandFailed
from services.creditbank.settings import CreditbankSettings
from services.creditbank.xapi.bulk import importing
from services.creditbank.xapi.bulk.commands import export_statements, import_statements
from tests.integration.creditbank.world import District
from tests.integration.creditbank.xapi.conftest import Tool
from tests.integration.creditbank.xapi.statements import PATH, agent, listed, one, statement, stored, voiding

REAL = Path(__file__).resolve().parents[5] / "shared" / "data" / "xapi" / "mooc_statements.json.gz"
_ASSIGNED = ("stored", "authority", "version", "timestamp")


def _file(folder: Path, *statements: Any, name: str = "in.jsonl") -> str:
    file = folder / name
    file.write_text("".join(f"{s if isinstance(s, str) else json.dumps(s)}\n" for s in statements))
    return str(file)


def _exported(file: Path) -> list[dict[str, Any]]:
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return [json.loads(line) for line in text.splitlines()]


def _said(statement: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name not in _ASSIGNED}


async def _all(database: Database, organisation: UUID) -> list[tuple[int, bytes, bool]]:
    rows = await database.pool.fetch(
        "select position, body, voided from xapi_statement where organisation = $1 order by position",
        organisation,
    )
    return [tuple(row) for row in rows]


async def test_a_file_goes_in_once_and_comes_out_equal(
    settings: CreditbankSettings, database: Database, district: District, elsewhere: Tool, tmp_path: Path
) -> None:
    sent = [statement() for _ in range(importing.MOST + 20)]
    twice = [*sent, sent[-1], sent[3], statement(object={"objectType": "StatementRef", "id": sent[5]["id"]})]
    done = await import_statements(settings, district.school, _file(tmp_path, *twice))
    assert (done.taken, done.refused, done.through) == (len(twice), 0, len(twice))
    before = await _all(database, district.school)
    assert len(before) == len(sent) + 1
    await import_statements(settings, district.school, _file(tmp_path, *twice))
    assert await _all(database, district.school) == before
    out = tmp_path / "out.jsonl.gz"
    count, _ = await export_statements(settings, district.school, str(out))
    assert count == len(before)
    found = {one["id"]: _said(one) for one in _exported(out)}
    assert found == {one["id"]: _said(one) for one in twice}
    assert await listed(elsewhere) == []


async def test_statements_are_vouched_for_by_the_import_or_as_the_file_says(
    settings: CreditbankSettings, district: District, tool: Tool, tmp_path: Path
) -> None:
    pair = {"objectType": "Group", "member": [agent(), agent()]}
    named, by_two, nameless = statement(authority=agent()), statement(authority=pair), statement()
    other = statement(authority=agent())
    await import_statements(settings, district.school, _file(tmp_path, other))
    assert (await one(tool, other["id"]))["authority"]["account"] == {
        "homePage": "http://creditbank.example/xapi",
        "name": "import",
    }
    file = _file(tmp_path, named, by_two, nameless)
    await import_statements(settings, district.school, file, keep_authority=True)
    assert (await one(tool, named["id"]))["authority"] == named["authority"]
    assert (await one(tool, by_two["id"]))["authority"] == pair
    assert (await one(tool, nameless["id"]))["authority"]["account"]["name"] == "import"


async def test_the_first_bad_line_stops_and_is_named(
    settings: CreditbankSettings, database: Database, district: District, tmp_path: Path
) -> None:
    good, after = statement(), statement()
    bad = statement(verb={"id": "no iri"})
    file = _file(tmp_path, good, "", bad, after)
    with pytest.raises(CommandFailed, match=r"Line 3 is refused: verb\.id .*Data 4\.3.*--from-line 3"):
        await import_statements(settings, district.school, file)
    assert [json.loads(body)["id"] for _, body, _ in await _all(database, district.school)] == [good["id"]]
    done = await import_statements(settings, district.school, file, first=4)
    assert done.taken == 1
    assert len(await _all(database, district.school)) == 2


async def test_a_conflict_stops_too_and_hides_behind_no_later_line(
    settings: CreditbankSettings, district: District, tool: Tool, tmp_path: Path
) -> None:
    there = statement()
    await stored(tool, there)
    file = _file(tmp_path, statement(), {**there, "actor": agent()}, statement(), {"no": "statement"})
    with pytest.raises(CommandFailed, match="Line 2 is refused: id "):
        await import_statements(settings, district.school, file)


async def test_a_lenient_import_names_each_bad_line(
    settings: CreditbankSettings, database: Database, district: District, tool: Tool, tmp_path: Path
) -> None:
    there = statement()
    await stored(tool, there)
    small = settings.model_copy(update={"xapi_body_limit": 2000})
    second = statement(version="2.0.0", timestamp="2026-06-30T08:00:00+08:00")
    lines = [
        statement(result={"score": {"scaled": 7}}),
        "{",
        {**there, "actor": agent()},
        statement(),
        "[]",
        statement(result={"response": "x" * 3000}),
        second,
        '{"id": "1", "id": "2"}',
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    ]
    told: list[str] = []
    done = await import_statements(
        small, district.school, _file(tmp_path, *lines), lenient=True, report=told.append
    )
    refused = {one["line"]: one for one in map(json.loads, told)}
    assert sorted(refused) == [1, 2, 3, 5, 6, 8, 9]
    assert (refused[1]["path"], refused[1]["id"]) == ("result.score.scaled", lines[0]["id"])  # type: ignore[index]
    assert refused[1]["clause"] == "xAPI 1.0.3 Data 2.4.5.1"
    assert (refused[3]["path"], refused[3]["id"]) == ("id", there["id"])
    assert all(one["message"] for one in refused.values())
    assert (done.taken, done.refused) == (2, 7)
    assert len(await _all(database, district.school)) == 3


async def test_an_import_cut_off_says_where_to_go_on(
    settings: CreditbankSettings, district: District, tmp_path: Path
) -> None:
    sent = [statement() for _ in range(3 * importing.MOST)]
    whole = gzip.compress("".join(f"{json.dumps(one)}\n" for one in sent).encode())
    file = tmp_path / "cut.gz"
    file.write_bytes(whole[: len(whole) * 9 // 10])
    with pytest.raises(CommandFailed, match=r"cannot be read on after line \d+") as failed:
        await import_statements(settings, district.school, str(file))
    through = int(str(failed.value).split("after line ")[1].partition(":")[0])
    file.write_bytes(whole)
    done = await import_statements(settings, district.school, str(file), first=through + 1)
    assert done.taken == len(sent) - through
    count, _ = await export_statements(settings, district.school, str(tmp_path / "out"))
    assert count == len(sent)


async def test_voiding_and_attachments_survive_the_way_into_another_store(
    settings: CreditbankSettings, database: Database, district: District, tool: Tool, tmp_path: Path
) -> None:
    content, target = b"%PDF-1.4 a certificate", statement()
    sha2 = sha256(content).hexdigest()
    attachment = {
        "usageType": "https://x.example/certificate",
        "display": {"en": "Certificate"},
        "contentType": "application/pdf",
        "length": len(content),
        "sha2": sha2,
    }
    with_content = statement(attachments=[attachment])
    boundary = uuid4().hex
    head = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: binary"
    first = f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{json.dumps(with_content)}"
    second = f"\r\n--{boundary}\r\n{head}\r\nX-Experience-API-Hash: {sha2}\r\n\r\n"
    body = f"{first}{second}".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    sent = await tool.post(
        PATH, content=body, headers={"Content-Type": f"multipart/mixed; boundary={boundary}"}
    )
    assert sent.status_code == 200, sent.text
    await stored(tool, target, voiding(target))
    out, folder = str(tmp_path / "out.jsonl"), tmp_path / "contents"
    await export_statements(settings, district.school, out, folder=folder)
    with pytest.raises(CommandFailed, match=r"attachments\[0\]"):
        await import_statements(settings, district.other_school, out)
    (folder / sha2).write_bytes(b"something else")
    with pytest.raises(CommandFailed, match=r"attachments\[0\]"):
        await import_statements(settings, district.other_school, out, folder=folder)
    (folder / sha2).write_bytes(content)
    await import_statements(settings, district.other_school, out, folder=folder, keep_authority=True)
    here, there = await _all(database, district.school), await _all(database, district.other_school)
    assert [voided for _, _, voided in there] == [voided for _, _, voided in here]
    assert sorted(json.loads(body)["id"] for _, body, _ in there) == sorted(
        json.loads(body)["id"] for _, body, _ in here
    )
    assert sum(voided for _, _, voided in there) == 1
    kept = await database.pool.fetchval(
        "select content from xapi_attachment where organisation = $1 and sha2 = $2",
        district.other_school,
        sha2,
    )
    assert kept == content


async def test_exports_that_follow_one_another_miss_nothing(
    settings: CreditbankSettings, district: District, tool: Tool, tmp_path: Path
) -> None:
    first, second = statement(), statement()
    await stored(tool, first)
    _, until = await export_statements(settings, district.school, str(tmp_path / "1"))
    await stored(tool, second)
    since = datetime.fromisoformat(until)
    await export_statements(settings, district.school, str(tmp_path / "2"), since=since)
    await export_statements(settings, district.school, str(tmp_path / "3"), until=since)
    ids = [[one["id"] for one in _exported(tmp_path / name)] for name in "123"]
    assert ids[0] + ids[1] == [first["id"], second["id"]]
    assert ids[2] == ids[0]
    assert not list(tmp_path.glob("*.unfinished"))  # noqa: ASYNC240  a test waits for nobody


async def test_an_organisation_nobody_knows(settings: CreditbankSettings, tmp_path: Path) -> None:
    for work in (import_statements, export_statements):
        with pytest.raises(CommandFailed, match="knows no organisation"):
            await work(settings, uuid4(), _file(tmp_path))


async def test_real_statements_go_in_and_come_out_equal_and_again_leave_no_trace(
    settings: CreditbankSettings, database: Database, district: District, tmp_path: Path
) -> None:
    if not REAL.exists():
        pytest.skip("the sample data is not beside the checkout")
    with gzip.open(REAL) as stream:
        lines = list(islice(stream, 2000))
    file = tmp_path / "real.jsonl.gz"
    file.write_bytes(gzip.compress(b"".join(lines)))
    done = await import_statements(settings, district.school, str(file))
    assert done.refused == 0
    before = await _all(database, district.school)
    assert len(before) == len({json.loads(line)["id"] for line in lines})
    again = await import_statements(settings, district.school, str(file), lenient=True)
    assert again.refused == 0
    assert await _all(database, district.school) == before
    await export_statements(settings, district.school, str(tmp_path / "out"))
    sent = {one["id"]: _said(one) for one in map(json.loads, lines)}
    assert {one["id"]: _said(one) for one in _exported(tmp_path / "out")} == sent


async def test_what_is_imported_is_found_as_anything_else(
    settings: CreditbankSettings,
    district: District,
    tool: Tool,
    app: FastAPI,
    client: httpx.AsyncClient,
    tmp_path: Path,
) -> None:
    who = agent()
    sent = statement(actor=who)
    await import_statements(settings, district.school, _file(tmp_path, sent, statement()))
    found = await listed(tool, agent=json.dumps(who))
    assert [one["id"] for one in found] == [sent["id"]]
