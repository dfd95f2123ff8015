"""Small HTTP calls of the runner and the demo to the running services. Standard library only."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

TIMEOUT_SECONDS = 60.0
WAIT_SECONDS = 300.0


class CallFailedError(Exception):
    """A service answered with a problem, or did not answer (`status` 0)."""

    def __init__(self, call: str, status: int, body: bytes | str) -> None:
        self.status = status
        super().__init__(f"{call}: {_told(status, body)}")


@dataclass(frozen=True)
class Answer:
    """A successful answer."""

    status: int
    headers: Message  # names in any case
    body: Any


@dataclass(frozen=True)
class Api:
    """One service as one caller; `token` is empty before sign-in."""

    address: str
    token: str = ""
    language: str = "zh-CN"

    def get(self, path: str) -> Any:
        """The JSON document at `path`."""
        return self.call("GET", path).body

    def pages(self, path: str) -> list[Any]:
        """All items of a paged list."""
        items: list[Any] = []
        mark = "&" if "?" in path else "?"
        cursor = ""
        while True:
            page = self.get(path + (f"{mark}cursor={cursor}" if cursor else ""))
            items += page["items"]
            if not (cursor := page["next"] or ""):
                return items

    def post(self, path: str, document: Any, *, idempotency_key: str = "") -> Any:
        """Posts JSON and gives the JSON answer."""
        extra = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self.send("POST", path, document, **extra)

    def send(self, method: str, path: str, document: Any, **headers: str) -> Any:
        """Sends JSON by any method and gives the JSON answer."""
        extra = {"Content-Type": "application/json", **headers}
        return self.call(method, path, json.dumps(document).encode(), extra).body

    def upload(
        self,
        path: str,
        file: bytes,
        *,
        name: str = "roster.zip",
        kind: str = "application/zip",
        **fields: str,
    ) -> Answer:
        """Posts a form with one file in the field `file`, of this file name and media type."""
        border = uuid.uuid4().hex
        parts = [
            f'--{border}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
            for field, value in fields.items()
        ]
        parts.append(
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n".encode()
        )
        body = b"".join([*parts, file, f"\r\n--{border}--\r\n".encode()])
        return self.call("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={border}"})

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request; raises CallFailedError for every answer that is no success."""
        address = path if path.startswith("http") else self.address + path
        given = {"Accept-Language": self.language, **(headers or {})}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(address, data=body, headers=given, method=method)  # noqa: S310 ours
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
                text = response.read()
                return Answer(response.status, response.headers, json.loads(text) if text else None)
        except urllib.error.HTTPError as answer:
            raise CallFailedError(f"{method} {address}", answer.code, answer.read()) from None
        except OSError as failure:
            raise CallFailedError(f"{method} {address}", 0, str(failure)) from None


def wait_for(condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> float:
    """Asks with growing pauses until `condition` holds; gives the seconds waited."""
    began = time.monotonic()
    pause = 0.05
    while not condition():
        if time.monotonic() - began > seconds:
            raise CallFailedError(what, 0, f"did not happen within {seconds:.0f} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
    return time.monotonic() - began


def _told(status: int, body: bytes | str) -> str:
    if not status:
        return str(body)
    try:
        problem = json.loads(body)
        return (
            f"{status} {problem.get('title', problem.get('error', ''))} {problem.get('detail', '')}".rstrip()
        )
    except ValueError:
        return f"{status} {body[:500]!r}"
