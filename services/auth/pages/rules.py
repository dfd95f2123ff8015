"""What pages may link to and embed: pure rules."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

DEFAULT_PATH: Final = "/account"
#: where a `next` may lead: pages of ours for people who are signed in, by their beginning
_OWN_PATH: Final = re.compile(r"/(?:account|invitations|activate)(?:/[A-Za-z0-9_-]{1,100}){0,4}", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9.-]{1,253}", re.ASCII)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,99}", re.ASCII)


def own_path(text: str | None) -> str:
    """The page of ours that `text` names, or the account page: no host, query or other spelling of one."""
    return text if text is not None and _OWN_PATH.fullmatch(text) else DEFAULT_PATH


def form_source(address: str) -> str | None:
    """The source expression (CSP 3, 2.3.1) for an address that a form's answer may redirect to."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if not _SCHEME.fullmatch(scheme) or scheme in ("javascript", "data"):
        return None
    if scheme in ("http", "https") and _HOST.fullmatch(host):
        return f"{scheme}://{host}" + (f":{port}" if port else "")
    return f"{scheme}:"  # of native apps, and of IPv6 literals, which the grammar lacks


def content_policy(form_targets: Iterable[str] = ()) -> str:
    """Nothing but our stylesheet and images; forms go to us and what their answers lead to."""
    sources = ["'self'", *(source for source in map(form_source, form_targets) if source)]
    return (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        f"form-action {' '.join(dict.fromkeys(sources))}; frame-ancestors 'none'; base-uri 'none'"
    )
