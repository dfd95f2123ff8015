"""The language of a page, and times as people of that language write them."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request

from libs.common.languages import Language, preferred
from services.auth.pages.cookies import cookie, set_cookie

NAMES: Final[dict[Language, str]] = {"zh-CN": "中文", "en": "English"}
_KEPT_DAYS: Final = 400


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


def elsewhere(request: Request) -> list[tuple[Language, str, str]]:
    """Each language with its name and the address of this page in it."""
    own = request.url
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
    if language == "zh-CN":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}{mark}"
    return f"{local.day} {local:%B} {local.year}, {local:%H:%M}{mark}"
