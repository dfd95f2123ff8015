"""Mail: queued with its reason, sent by a courier, tried again, given up; over real SMTP. Attacks 50, 76."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from infra.dev.stores import ServiceStore
from libs.common.database import Database
from libs.common.languages import Text
from services.auth.mail import service
from services.auth.mail.carriers import Carrier, Folder, SmtpServer, carrier
from services.auth.mail.courier import Courier
from services.auth.mail.service import Message
from tests.integration.auth.conftest import settings_of
from tests.integration.auth.credentials.smtp_server import (
    PASSWORD,
    USER,
    Server,
    certificate,
    running,
)

SENDER = "school@sender.example"
HELLO = Message(Text("Hello {name}", "你好 {name}"), Text("Dear {name}", "亲爱的 {name}")).format(name="李明")


@pytest.fixture
async def database(service_database: Callable[[str], ServiceStore], stores: Any) -> AsyncIterator[Database]:
    """One of these tests alone: other services' couriers would take their mail."""
    service_database("auth")
    store = stores.copy_database("auth")
    opened = await Database(store.database, pool_size=2, name="mail test").start()
    await opened.pool.execute("delete from mail")  # what tests before these left waiting
    yield opened
    await opened.stop()
    stores.drop_database(store)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def delivering(database: Database, by: Carrier | None) -> AsyncIterator[Courier]:
    courier = Courier(database, by, sender=SENDER, look_seconds=0.05)
    courier.start()
    try:
        yield courier
    finally:
        await courier.stop()


async def queue(database: Database, to: str = "pupil@mail.example", **more: Any) -> bool:
    async with database.transaction() as session:
        return await service.send(session, to=to, message=HELLO, **more)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


async def waiting(database: Database) -> int:
    count: int = await database.pool.fetchval("select count(*) from mail")
    return count


async def gone(database: Database) -> None:
    async with asyncio.timeout(10):
        while await waiting(database):
            await asyncio.sleep(0.02)


def plain(server: Server) -> SmtpServer:
    return SmtpServer(f"smtp://127.0.0.1:{server.port}")


async def test_a_mail_goes_out_after_the_commit_and_leaves_nothing(database: Database) -> None:
    async with running(Server()) as server, delivering(database, plain(server)):
        assert await queue(database)
        await until(lambda: bool(server.letters))
        await gone(database)
    (letter,) = server.letters
    assert (letter.sender, letter.recipients) == (SENDER, ["pupil@mail.example"])
    assert letter.message["Subject"] == "你好 李明 · Hello 李明"
    assert letter.message["Auto-Submitted"] == "auto-generated"
    body = letter.message.get_content()
    assert body.index("亲爱的 李明") < body.index("Dear 李明")


async def test_one_language_where_it_is_known(database: Database) -> None:
    async with running(Server()) as server, delivering(database, plain(server)):
        await queue(database, language="en")
        await until(lambda: bool(server.letters))
    assert server.letters[0].message["Subject"] == "Hello 李明"
    assert "亲爱的" not in server.letters[0].message.get_content()


async def test_what_is_undone_is_not_sent(database: Database) -> None:
    class Undo(Exception):
        pass

    async def give_up() -> None:
        async with database.transaction() as session:
            await service.send(session, to="pupil@mail.example", message=HELLO)
            raise Undo

    with pytest.raises(Undo):
        await give_up()
    assert await waiting(database) == 0


async def test_starttls_and_a_sign_in(database: Database, tls: tuple[Path, Path]) -> None:
    server = Server(certificate=tls[0], key=tls[1], wants_sign_in=True)
    async with running(server):
        by = SmtpServer(
            f"smtp+starttls://127.0.0.1:{server.port}",
            username=USER,
            password=PASSWORD,
            certificates=str(tls[0]),
        )
        async with delivering(database, by):
            await queue(database)
            await until(lambda: bool(server.letters))
    assert server.letters[0].encrypted
    assert server.letters[0].signed_in


async def test_a_server_that_cannot_prove_itself_gets_nothing(
    database: Database, tls: tuple[Path, Path]
) -> None:
    server = Server(certificate=tls[0], key=tls[1])
    async with running(server):
        async with delivering(database, SmtpServer(f"smtp+starttls://127.0.0.1:{server.port}")):
            await queue(database)
            await until(lambda: server.attempts > 0)
        assert (server.letters, await waiting(database)) == ([], 1)
        server.offers_starttls = False
        await database.pool.execute("update mail set due_at = now()")
        trusting = SmtpServer(f"smtp+starttls://127.0.0.1:{server.port}", certificates=str(tls[0]))
        async with delivering(database, trusting):
            await until(lambda: server.attempts > 1)
        assert (server.letters, await waiting(database)) == ([], 1), "never in the clear instead"


@pytest.mark.parametrize(
    "moods",
    [
        {"RCPT": ["451 later"]},
        {"DATA": ["452 full"]},
        {"MAIL": ["421 closing"]},
        {"EHLO": ["421 busy"], "HELO": ["421 busy"]},
    ],
)
async def test_what_fails_for_now_is_tried_again_later(
    database: Database, moods: dict[str, list[str]]
) -> None:
    async with running(Server(moods=moods)) as server, delivering(database, plain(server)) as courier:
        await queue(database)
        await until(lambda: server.attempts > 0)
        async with asyncio.timeout(5):
            while not await database.pool.fetchval(
                "select attempts = 1 and due_at between now() + interval '20 s' and now() + interval '31 s'"
                " from mail"
            ):
                await asyncio.sleep(0.02)
        assert server.letters == []
        server.moods.clear()
        await database.pool.execute("update mail set due_at = now()")
        courier.wake()
        await until(lambda: len(server.letters) == 1)
        await gone(database)


async def test_a_server_that_drops_the_line_or_is_away(database: Database) -> None:
    async with running(Server(drops=1)) as server, delivering(database, plain(server)) as courier:
        await queue(database)
        await until(lambda: server.attempts == 1)
        await asyncio.sleep(0.1)
        await database.pool.execute("update mail set due_at = now()")
        courier.wake()
        await until(lambda: len(server.letters) == 1)
    async with delivering(database, plain(server)):
        await queue(database)
        async with asyncio.timeout(5):
            while await database.pool.fetchval("select attempts = 0 from mail"):
                await asyncio.sleep(0.02)
    assert await waiting(database) == 1


@pytest.mark.parametrize("moods", [{"RCPT": ["550 nobody here"]}, {"DATA": ["554 spam"]}])
async def test_what_is_refused_for_ever_is_given_up(database: Database, moods: dict[str, list[str]]) -> None:
    async with running(Server(moods=moods)) as server, delivering(database, plain(server)):
        await queue(database)
        await gone(database)
    assert (server.attempts, server.letters) == (1, [])


async def test_what_is_late_is_not_sent(database: Database) -> None:
    async with running(Server()) as server, delivering(database, plain(server)):
        await queue(database, life=timedelta(seconds=-1))
        await gone(database)
    assert server.attempts == 0


async def test_without_a_server_mail_waits_and_is_forgotten_when_late(database: Database) -> None:
    await queue(database, life=timedelta(seconds=-1))
    await queue(database)
    async with delivering(database, carrier("", username=None, password=None, certificates=None)):
        async with asyncio.timeout(5):
            while await waiting(database) > 1:
                await asyncio.sleep(0.02)
    assert await waiting(database) == 1


async def test_two_couriers_send_each_mail_once(database: Database) -> None:
    async with running(Server()) as server:
        for number in range(20):
            await queue(database, f"pupil{number}@mail.example")
        async with delivering(database, plain(server)), delivering(database, plain(server)):
            await gone(database)
    recipients = [letter.recipients[0] for letter in server.letters]
    assert len(recipients) == len(set(recipients)) == 20


async def test_a_name_cannot_begin_another_header(database: Database) -> None:
    crafted = Text("Hi\r\nBcc: evil@evil.example", "x\nBcc: e@e")
    async with running(Server()) as server, delivering(database, plain(server)):
        async with database.transaction() as session:
            await service.send(session, to="pupil@mail.example", message=Message(crafted, HELLO.body))
        await until(lambda: bool(server.letters))
    assert server.letters[0].message["Bcc"] is None
    assert server.letters[0].recipients == ["pupil@mail.example"]


async def test_a_recipient_beyond_ascii(database: Database) -> None:
    async with running(Server()) as server, delivering(database, plain(server)):
        await queue(database, "李明@例子.example")
        await until(lambda: bool(server.letters))
    assert server.letters[0].recipients == ["李明@xn--fsqu00a.example"]


@pytest.mark.parametrize(
    "to",
    ["", "nobody", "me\uff20evil.example", "me\ufe6bevil.example", "a@b@evil.example", "a b@mail.example",
     "a@mail.example\r\nBcc: e@evil.example", "a\u200b@mail.example", "a@-mail.example", "a@mail..example",
     "<a@mail.example>", "a@" + "x" * 300],
)  # fmt: skip
async def test_attack_50_what_is_no_address_gets_no_mail(database: Database, to: str) -> None:
    assert not await queue(database, to)
    assert await waiting(database) == 0


async def test_in_development_mails_are_files(database: Database, tmp_path: Path) -> None:
    by = carrier(f"file:{tmp_path}/mail", username=None, password=None, certificates=None)
    assert isinstance(by, Folder)
    async with delivering(database, by):
        await queue(database)
        await gone(database)
    (path,) = (tmp_path / "mail").glob("*.eml")
    assert path.stat().st_mode & 0o077 == 0, "links in mails are secrets"
    assert "pupil@mail.example" in path.read_text()


async def test_attack_76_nothing_of_a_mail_is_logged(
    database: Database, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    moods = {"RCPT": ["550 nobody secret@mail.example here"]}
    async with running(Server(moods=moods)) as server, delivering(database, plain(server)):
        await queue(database, "secret@mail.example")
        await gone(database)
        await queue(database, "secret@mail.example")
        await gone(database)
    told = caplog.text + "".join(capsys.readouterr())
    assert "mail.given_up" in told
    assert "secret@mail.example" not in told
    assert "李明" not in told


@pytest.mark.parametrize(
    "server",
    ["smtp://mail.example", "smtp+starttls://", "http://mail.example", "smtps://user:pw@mail.example", "x",
     "file://host/folder", "smtp+starttls://mail.example:99999", "smtp://127.0.0.1.evil.example"],
)  # fmt: skip
def test_attack_80_a_careless_mail_server_stops_the_start(
    service_database: Callable[[str], ServiceStore], server: str
) -> None:
    store = service_database("auth")
    with pytest.raises(ValidationError):
        settings_of(store, mail_server=server)
    with pytest.raises(ValidationError):
        settings_of(store, mail_sender=f"x\n{uuid4().hex}")
    assert settings_of(store, mail_server="smtps://mail.example", mail_sender=SENDER).mail_server
