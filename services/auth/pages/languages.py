"""The language of a page, and times as people of that language write them."""

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request
from starlette.datastructures import URL

from libs.common.languages import Language, preferred
from services.auth.pages.cookies import cookie, set_cookie

NAMES: Final[dict[Language, str]] = {"zh-CN": "中文", "en": "English"}
#: the addresses of pages, without parameters, that can be asked for
SHOWN_BY_GET: Final[set[str]] = set()
_KEPT_DAYS: Final = 400
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def language_of(request: Request) -> Language:
    """What the person chose at the foot of a page, else what the client or the browser asks for."""
    for code in NAMES:
        if request.query_params.get("language") == code:
            set_cookie(request, "language", code, days=_KEPT_DAYS)
            return code
    chosen = cookie(request, "language")
    for code in NAMES:
        if chosen == code:
            return code
    for tag in (request.query_params.get("ui_locales") or "")[:200].split():
        if tag.lower().partition("-")[0] in ("zh", "en"):
            return preferred(tag)
    return preferred(request.headers.get("accept-language"))


def elsewhere(request: Request, here: str | None) -> list[tuple[Language, str, str]]:
    """Each language with its name and the address of this page in it; none for what cannot be asked again.

    `here` is where a page that answers a form is found, if not at the form's own address.
    """
    own = URL(here) if here is not None else request.url
    if here is None and request.method != "GET" and own.path not in SHOWN_BY_GET:
        return []
    kept = own.remove_query_params(["language"]) if own.query else own
    found = []
    for code, name in NAMES.items():
        other = kept.include_query_params(language=code)
        found.append((code, name, f"{other.path}?{other.query}"))
    return found


def moment(at: datetime, language: Language, zone: str) -> str:
    """A time in the platform's zone, to the minute."""
    try:
        local = at.astimezone(ZoneInfo(zone))
        mark = ""
    except (ZoneInfoNotFoundError, ValueError):
        local, mark = at.astimezone(UTC), " UTC"
    comma = "" if language == "zh-CN" else ","
    return f"{day(local, language)}{comma} {local:%H:%M}{mark}"


def day(on: date, language: Language) -> str:
    """A date as people of the language write it."""
    if language == "zh-CN":
        return f"{on.year}年{on.month}月{on.day}日"
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"
