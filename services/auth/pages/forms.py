"""Forms that only our own pages can send: token, Origin, a small body."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request

from libs.common.problems import MalformedRequest, PayloadTooLarge, UnsupportedMediaType
from services.auth.pages.cookies import browser_of, cookie
from services.auth.pages.refusals import STALE_FORM, STALE_FORM_DETAIL, PageRefusal

TOKEN_FIELD: Final = "form_token"  # noqa: S105  the name of a field
_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
_LARGEST_BODY: Final = 64 * 1024
_MOST_FIELDS: Final = 200


class Fields(Mapping[str, str]):
    """The fields of a form. One that came twice is read with `all`, anything else refuses it."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        values = self._values[name]
        if len(values) > 1:
            raise MalformedRequest
        return values[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def all(self, name: str) -> list[str]:
        """Every value of a field, for example of checkboxes."""
        return list(self._values.get(name, ()))


class Form:
    """The dependency that reads a form and proves that a page of ours, in this browser, sent it.

    With `bound_to`, the token is good only for the value which that field had when the page was shown.
    """

    def __init__(self, purpose: str, *, bound_to: str | None = None) -> None:
        self.purpose, self.bound_to = purpose, bound_to

    async def __call__(self, request: Request) -> Fields:
        fields = await read_fields(request)
        bound = fields.get(self.bound_to, "") if self.bound_to else ""
        if not is_own(request, fields, self.purpose, bound):
            raise PageRefusal(403, STALE_FORM, STALE_FORM_DETAIL)
        return fields


async def read_fields(request: Request) -> Fields:
    """The urlencoded body of a request; not yet proven to be from a page of ours."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise UnsupportedMediaType
    body = await request.body()
    if len(body) > _LARGEST_BODY:
        raise PayloadTooLarge(limit=_LARGEST_BODY)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:  # not urlencoded, not UTF-8, or too many
        raise MalformedRequest from None
    return Fields(pairs)


def is_own(request: Request, fields: Fields, purpose: str, bound_to: str = "") -> bool:
    """Whether a page of ours, shown in this browser and session for this purpose, sent the fields."""
    origin = request.headers.get("origin")
    if origin is not None and origin != _origin(request.app.state.settings.public_address):
        return False
    if origin is None and request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    sent = fields.get(TOKEN_FIELD, "")
    return hmac.compare_digest(sent.encode(), token(request, purpose, bound_to).encode())


def token(request: Request, purpose: str, bound_to: str = "") -> str:
    """The value that proves a form: of this browser, its session, the purpose and what it is bound to."""
    key = request.app.state.settings.key_encryption_key.get_secret_value()
    session = cookie(request, "session") or ""
    parts = [browser_of(request).secret, session, purpose, bound_to]
    message = b"\0".join(hashlib.sha256(part.encode("utf-8", "surrogatepass")).digest() for part in parts)
    return hmac.new(b"forms:" + key.encode(), message, hashlib.sha256).hexdigest()


@cache
def _origin(public_address: str) -> str:
    parts = urlsplit(public_address)
    return f"{parts.scheme}://{parts.netloc}"
