"""Attachments and signatures (part two, 2.4.11 and 2.6; part three, 1.5.2)."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha384, sha512
from typing import Any

import httpx
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.integration.creditbank.xapi.conftest import Tool
from tests.integration.creditbank.xapi.statements import PATH, agent, one, statement, stored

SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
BOUNDARY = "abcABC0123'()+_,-./:=?"
KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)
_HASHES = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}

Part = tuple[dict[str, str], bytes]


def header_of(content: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "usageType": "https://usage.example/essay",
        "display": {"en": "Essay"},
        "contentType": "text/plain; charset=utf-8",
        "length": len(content),
        "sha2": sha256(content).hexdigest(),
        **changes,
    }


def part_of(content: bytes, **changes: str | None) -> Part:
    headers = {
        "Content-Type": "text/plain",
        "Content-Transfer-Encoding": "binary",
        "X-Experience-API-Hash": sha256(content).hexdigest(),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return {name: value for name, value in headers.items() if value is not None}, content


def multipart(document: Any, parts: Iterable[Part], line: bytes = b"\r\n") -> bytes:
    pieces = [({"Content-Type": "application/json"}, orjson.dumps(document)), *parts]
    return _whole(pieces, line)


def _whole(pieces: Iterable[Part], line: bytes) -> bytes:
    found = b""
    for headers, content in pieces:
        lines = [f"{name}: {value}".encode() for name, value in headers.items()]
        found += line.join([b"--" + BOUNDARY.encode(), *lines, b"", content]) + line
    return found + b"--" + BOUNDARY.encode() + b"--" + line


async def send(tool: Tool, body: bytes, **headers: str) -> httpx.Response:
    told = {"Content-Type": f'multipart/mixed; boundary="{BOUNDARY}"', **headers}
    return await tool.post(PATH, content=body, headers=told)


def parts_in(answer: httpx.Response) -> list[tuple[dict[str, str], bytes]]:
    """What a multipart answer consists of."""
    media_type, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert media_type == "multipart/mixed"
    pieces = (b"\r\n" + answer.content).split(b"\r\n--" + boundary.encode())
    assert pieces[-1] == b"--\r\n"
    found = []
    for piece in pieces[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        lines = [line.decode().split(": ", 1) for line in head.split(b"\r\n") if line]
        found.append(({name.lower(): value for name, value in lines}, content))
    return found


BINARY = bytes(range(256)) + b"\r\n--" + BOUNDARY[:5].encode() + b"\r\n\n" * 3


@pytest.mark.parametrize("line", [b"\r\n", b"\n"], ids=["CRLF", "LF"])
async def test_1_5_2_contents_go_in_and_come_out(either: Tool, line: bytes) -> None:
    essay = "作文\r\n".encode()
    sent = statement(attachments=[header_of(essay), header_of(BINARY, contentType="image/png")])
    body = multipart(sent, [part_of(essay), part_of(BINARY, Content_Type="image/png")], line)
    answer = await send(either, b"preamble" + line + body)
    assert answer.status_code == 200, answer.text
    plain = await either.get(PATH, params={"statementId": sent["id"]})
    assert plain.headers["content-type"] == "application/json"
    assert plain.json()["attachments"] == sent["attachments"]
    for query in ({"statementId": sent["id"]}, {"verb": sent["verb"]["id"]}):
        first, *rest = parts_in(await either.get(PATH, params={**query, "attachments": "true"}))
        assert first[0]["content-type"] == "application/json"
        assert sent["id"] in first[1].decode()
        told = {headers["x-experience-api-hash"]: (headers, content) for headers, content in rest}
        assert {content for _, content in told.values()} == {essay, BINARY}
        headers, _ = told[sha256(BINARY).hexdigest()]
        assert headers["content-transfer-encoding"] == "binary"
        assert headers["content-type"] == "image/png"


async def test_1_5_2_an_answer_without_attachments_is_multipart_if_asked_for(either: Tool) -> None:
    sent = statement()
    await stored(either, sent)
    (only,) = parts_in(await either.get(PATH, params={"statementId": sent["id"], "attachments": "true"}))
    assert orjson.loads(only[1])["id"] == sent["id"]


async def test_1_5_2_one_copy_serves_several_statements(either: Tool) -> None:
    content = b"shared"
    sent = [statement(attachments=[header_of(content)]) for _ in range(2)]
    assert (await send(either, multipart(sent, [part_of(content)]))).status_code == 200
    answer = await either.get(PATH, params={"attachments": "true", "limit": "2"})
    assert [content for _, content in parts_in(answer)[1:]] == [content]


@pytest.mark.parametrize("make", [sha256, sha384, sha512])
async def test_2_4_11_hashes_of_every_length(either: Tool, make: Any) -> None:
    content = b"x"
    told = make(content).hexdigest().upper()
    sent = statement(attachments=[header_of(content, sha2=told)])
    answer = await send(either, multipart(sent, [part_of(content, X_Experience_API_Hash=told)]))
    assert answer.status_code == 200, answer.text
    parts = parts_in(await either.get(PATH, params={"statementId": sent["id"], "attachments": "true"}))
    assert parts[1][1] == content


async def test_1_5_1_json_alone_carries_what_stands_elsewhere(either: Tool) -> None:
    header = header_of(b"x", fileUrl="https://files.example/x")
    sent = statement(attachments=[header])
    await stored(either, sent)
    assert (await send(either, multipart(statement(attachments=[header]), []))).status_code == 200
    refused = await either.post(PATH, json=statement(attachments=[header_of(b"x")]))
    assert refused.status_code == 400
    assert refused.json()["path"] == "attachments[0]"
    assert (await send(either, multipart(statement(), []))).status_code == 200


async def test_attachments_named_without_content_show_nobodys(either: Tool) -> None:
    """Naming the hash of what another statement brought does not bring it again."""
    content = b"somebody's essay"
    owner = statement(attachments=[header_of(content)])
    assert (await send(either, multipart(owner, [part_of(content)]))).status_code == 200
    other = statement(attachments=[header_of(content, fileUrl="https://files.example/x")])
    await stored(either, other)
    answer = await either.get(PATH, params={"statementId": other["id"], "attachments": "true"})
    assert len(parts_in(answer)) == 1


SENT = b"content"
BAD_PARTS: dict[str, list[Part]] = {
    "missing": [],
    "one too many": [part_of(SENT), part_of(b"other")],
    "no hash": [part_of(SENT, X_Experience_API_Hash=None)],
    "another hash": [part_of(SENT, X_Experience_API_Hash=sha256(b"x").hexdigest())],
    "no hash at all": [part_of(SENT, X_Experience_API_Hash="x")],
    "no encoding": [part_of(SENT, Content_Transfer_Encoding=None)],
    "another encoding": [part_of(SENT, Content_Transfer_Encoding="base64")],
    "another type": [part_of(SENT, Content_Type="text/html")],
    "another length": [part_of(SENT, Content_Length="3")],
    "changed content": [(part_of(SENT)[0], b"Content")],
}


@pytest.mark.parametrize("name", BAD_PARTS)
async def test_1_5_2_parts_that_do_not_fit_are_400(either: Tool, name: str) -> None:
    sent = statement(attachments=[header_of(SENT)])
    answer = await send(either, multipart([sent], BAD_PARTS[name]))
    assert answer.status_code == 400
    assert answer.json()["path"].startswith(("statements[0].attachments[0]", "parts["))
    assert (await either.get(PATH, params={"statementId": sent["id"]})).status_code == 404


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed", multipart(statement(), [])),
        ("multipart/mixed; boundary=", multipart(statement(), [])),
        ('multipart/mixed; boundary="other"', multipart(statement(), [])),
        ('multipart/mixed; boundary="' + "x" * 200 + '"', b""),
        (f'multipart/mixed; boundary="{BOUNDARY}"', b""),
        (f'multipart/mixed; boundary="{BOUNDARY}"', multipart(statement(), [])[:-8]),
        (f'multipart/mixed; boundary="{BOUNDARY}"', b"--" + BOUNDARY.encode() + b"--\r\n"),
        (f'multipart/mixed; boundary="{BOUNDARY}"', b"--" + BOUNDARY.encode() + b"x\r\n\r\n{}\r\n--"),
        (
            f'multipart/mixed; boundary="{BOUNDARY}"',
            _whole([({"Content-Type": "text/plain"}, b"{}")], b"\r\n"),
        ),
        (f'multipart/mixed; boundary="{BOUNDARY}"', _whole([({}, orjson.dumps(statement()))], b"\r\n")),
        (f'multipart/mixed; boundary="{BOUNDARY}"', _whole([part_of(SENT)], b"\r\n")),
    ],
)
async def test_1_5_2_bodies_without_the_parts_they_promise_are_400(
    either: Tool, content_type: str, body: bytes
) -> None:
    answer = await either.post(PATH, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 400, answer.text


def jws(payload: Any, *, algorithm: str = "RS256", key: rsa.RSAPrivateKey = KEY, **more: Any) -> bytes:
    def encoded(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    said = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    head = encoded(orjson.dumps({"alg": algorithm, **more}))
    signed = head + b"." + encoded(said)
    signature = key.sign(signed, padding.PKCS1v15(), _HASHES.get(algorithm, hashes.SHA256()))
    return signed + b"." + encoded(signature)


def certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 5, now, now + timedelta(days=1))
    return base64.b64encode(made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)).decode()


async def sign(tool: Tool, sent: dict[str, Any], signature: bytes, **changes: Any) -> httpx.Response:
    told = {"usageType": SIGNATURE, "contentType": "application/octet-stream", **changes}
    whole = {**sent, "attachments": [header_of(signature, **told)]}
    part = part_of(signature, Content_Type=told["contentType"])
    return await send(tool, multipart(whole, [part]))


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
async def test_2_6_signed_statements_are_stored_with_their_signature(either: Tool, algorithm: str) -> None:
    sent = statement(timestamp="2026-06-30T08:00:00Z")
    signature = jws(sent, algorithm=algorithm)
    answer = await sign(either, sent, signature)
    assert answer.status_code == 200, answer.text
    parts = parts_in(await either.get(PATH, params={"statementId": sent["id"], "attachments": "true"}))
    assert parts[1][1] == signature
    assert (await one(either, sent["id"]))["attachments"][0]["usageType"] == SIGNATURE


async def test_2_6_a_certificate_must_be_that_of_the_signature(either: Tool) -> None:
    sent = statement()
    good = jws(sent, x5c=[certificate(KEY), certificate(OTHER_KEY)])
    assert (await sign(either, sent, good)).status_code == 200
    other = statement()
    for chain in ([certificate(OTHER_KEY)], [], ["x"], "x", [base64.b64encode(b"x").decode()]):
        answer = await sign(either, other, jws(other, x5c=chain))
        assert answer.status_code == 400
        assert answer.json()["path"] == "attachments[0]"


async def test_2_6_what_differs_in_nothing_that_counts_may_be_signed(either: Tool) -> None:
    sent = statement(result={"duration": "PT1.239S"}, timestamp="2026-06-30T08:00:00Z")
    signed = {**sent, "result": {"duration": "PT1.23S"}, "timestamp": "2026-06-30T16:00:00+08:00"}
    del signed["id"]
    assert (await sign(either, sent, jws(signed))).status_code == 200


@pytest.mark.parametrize(
    "make",
    [
        lambda sent: jws({**sent, "actor": agent()}),
        lambda sent: jws({**sent, "id": statement()["id"]}),
        lambda sent: jws(sent, algorithm="HS256"),
        lambda sent: jws(sent, algorithm="none"),
        lambda sent: jws(sent, crit=["x"]),
        lambda sent: jws(orjson.dumps(sent).replace(b'"', b"'", 1)),
        lambda sent: jws({**sent, "verb": {}}),
        lambda _: jws([]),
        lambda sent: jws(sent).rpartition(b".")[0],
        lambda _: b"a.b.c",
        lambda _: b"{}",
        lambda _: orjson.dumps({"payload": "", "signatures": []}),
    ],
)
async def test_2_6_malformed_signatures_are_400(either: Tool, make: Any) -> None:
    sent = statement()
    answer = await sign(either, sent, make(sent))
    assert answer.status_code == 400
    assert answer.json()["path"].startswith("attachments[0]")
    assert (await either.get(PATH, params={"statementId": sent["id"]})).status_code == 404


async def test_2_6_a_signature_has_its_own_media_type(either: Tool) -> None:
    sent = statement()
    answer = await sign(either, sent, jws(sent), contentType="text/plain")
    assert (answer.status_code, answer.json()["path"]) == (400, "attachments[0].contentType")
