"""A small mail server on this machine: what RFC 5321 asks of one, and the moods of a real one."""

import asyncio
import base64
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

USER, PASSWORD = "xuebu", "mail secret"


@dataclass
class Letter:
    """A mail as the server took it."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool
    signed_in: bool

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class Server:
    """The server's port, what it took, and how it behaves: replies that come instead of the good ones."""

    port: int = 0
    certificate: Path | None = None
    key: Path | None = None
    wants_sign_in: bool = False
    offers_starttls: bool = True
    #: a reply to the next command of a name, for example {"RCPT": ["550 nobody", "451 later"]}
    moods: dict[str, list[str]] = field(default_factory=dict)
    #: connections to be dropped right after the greeting
    drops: int = 0
    letters: list[Letter] = field(default_factory=list)
    attempts: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.attempts += 1
        try:
            if self.drops:
                self.drops -= 1
                return
            await _Conversation(self, reader, writer).hold()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()


class _Conversation:
    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.encrypted = self.signed_in = False
        self.sender, self.recipients = "", list[str]()

    async def say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()

    async def hold(self) -> None:
        await self.say("220 mail.example ready")
        while line := (await self.reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            if moods := self.server.moods.get(verb):
                await self.say(moods.pop(0))
            elif verb == "QUIT":
                await self.say("221 bye")
                return
            else:
                await self.answer(verb, rest)

    async def answer(self, verb: str, rest: str) -> None:
        if verb == "EHLO":
            offers = ["STARTTLS"] if self.server.offers_starttls and not self.encrypted else []
            offers += ["AUTH PLAIN"] if self.server.wants_sign_in else []
            lines = ["mail.example", "SMTPUTF8", "8BITMIME", *offers]
            await self.say(*(f"250-{one}" for one in lines[:-1]), f"250 {lines[-1]}")
        elif verb == "STARTTLS":
            await self.say("220 go ahead")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            assert self.server.certificate is not None
            context.load_cert_chain(self.server.certificate, self.server.key)
            await self.writer.start_tls(context)
            self.encrypted = True
        elif verb == "AUTH":
            _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
            self.signed_in = (user, password) == (USER, PASSWORD)
            await self.say("235 welcome" if self.signed_in else "535 no")
        elif verb == "MAIL":
            refused = self.server.wants_sign_in and not self.signed_in
            self.sender = rest.partition("<")[2].partition(">")[0]
            await self.say("530 sign in first" if refused else "250 ok")
        elif verb == "RCPT":
            self.recipients.append(rest.partition("<")[2].partition(">")[0])
            await self.say("250 ok")
        elif verb == "DATA":
            await self.take()
        else:
            await self.say("250 ok")

    async def take(self) -> None:
        await self.say("354 go on")
        content = await self.reader.readuntil(b"\r\n.\r\n")
        letter = Letter(self.sender, self.recipients, content[:-5], self.encrypted, self.signed_in)
        self.server.letters.append(letter)
        await self.say("250 taken")


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Server]:
    """The server on a port of its own."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine that signs itself, and its key."""
    files = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run(
        [*command, *subject, "-out", str(files[0]), "-keyout", str(files[1])], check=True, capture_output=True
    )
    return files
