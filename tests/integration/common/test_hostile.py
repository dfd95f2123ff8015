"""What strangers send to find a way in, or to wear the service out."""

import base64
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.common.settings import ServiceSettings
from tests.integration.common.floor_app import AUDIENCE, floor_app
from tests.issuer import Issuer, bearer

WRITER = "notes.write"


@pytest.mark.parametrize(
    "key",
    [["\ud800", 1], ["a\0", 1], ["a", 10**30], ["a", "x"], ["a", "9" * 300], ["a"], [["a"], 1], [True, 1]],
)
async def test_a_cursor_nobody_gave_out_is_refused(client: httpx.AsyncClient, key: list[Any]) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
    answer = await client.get("/listed", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "invalid-cursor")


async def test_a_length_of_thousands_of_digits_is_a_length(client: httpx.AsyncClient, issuer: Issuer) -> None:
    headers = bearer(issuer.person(uuid4(), AUDIENCE, WRITER)) | {"Content-Type": "application/json"}
    body = b'{"text": "a"}'
    padded = f"{len(body):05000d}"
    answer = await client.post("/notes", content=body, headers={**headers, "Content-Length": padded})
    assert answer.status_code == 201
    large = await client.post("/notes", content=body, headers={**headers, "Content-Length": "9" * 5000})
    assert large.status_code == 413


async def test_only_known_callers_send_more_than_usual(client: httpx.AsyncClient, issuer: Issuer) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%b\r\n--x--\r\n'
    content = {"Content-Type": "multipart/form-data; boundary=x"}
    person = uuid4()
    known = bearer(issuer.person(person, AUDIENCE, WRITER))
    for length, headers, status in [
        (2_000_000, known, 200),
        (5_000_000, known, 413),
        (1_000, {}, 401),
        (2_000_000, {}, 401),
        (2_000_000, {"Authorization": "Bearer nonsense"}, 401),
    ]:
        answer = await client.post("/uploads", content=form % (b"a" * length), headers=content | headers)
        assert answer.status_code == status, (length, answer.text)

    read = 0

    async def endless() -> Any:
        nonlocal read
        for _ in range(50):
            read += 1
            yield b"a" * 100_000

    answer = await client.post("/uploads", content=endless(), headers=content)
    assert (answer.status_code, read) == (401, 0), "nothing of a stranger's upload is read"


async def test_a_path_makes_no_lines_of_its_own_in_the_log(
    settings: ServiceSettings, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    app = floor_app(settings.model_copy(update={"log_format": "console"}), issuer)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://floor.example") as http,
    ):
        capsys.readouterr()
        assert (await http.get("/nothing%0A200%20forged%1B%5B2J%00")).status_code == 404
        lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "nothing" in line] == [line for line in lines if "forged" in line]
    assert all(line.isprintable() for line in lines)


async def test_no_cache_keeps_what_was_said_to_somebody(client: httpx.AsyncClient, issuer: Issuer) -> None:
    known = bearer(issuer.person(uuid4(), AUDIENCE, WRITER))
    assert (await client.get("/me", headers=known)).headers["cache-control"] == "no-store"
    assert "cache-control" not in (await client.get("/notes")).headers
