"""Pages from templates, with everything a page of an identity provider must say in its headers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request, Response
from markupsafe import Markup

from libs.common.languages import Language, Text
from services.auth.pages.assets import ADDRESSES
from services.auth.pages.forms import TOKEN_FIELD, token
from services.auth.pages.languages import elsewhere, language_of
from services.auth.pages.rules import content_policy
from services.auth.pages.texts import LAYOUT

if TYPE_CHECKING:
    from jinja2 import Template

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer browsers send `Origin: null` with our own forms; other sites still learn nothing.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DEFAULT_ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page that another slice adds: its template sees `t` of its own texts, and `part`."""

    template: str
    texts: Mapping[str, Text]
    values: Mapping[str, Any]


class Texts:
    """The texts of a page in its language: `t.key`, or `t("key", name=value)` to fill placeholders."""

    def __init__(self, texts: Mapping[str, Text], language: Language) -> None:
        self._texts, self._language = texts, language

    def __getitem__(self, key: str) -> str:
        return self._texts[key].in_language(self._language)

    def __call__(self, key: str, **values: Any) -> str:
        text = self._texts[key].in_language(self._language)
        if any(isinstance(value, Markup) for value in values.values()):
            return Markup(text).format(**values)  # noqa: S704  the text is ours, the values are escaped
        return text.format(**values)


def page(
    request: Request,
    template: str,
    texts: Mapping[str, Text] | None = None,
    *,
    status: int = 200,
    form_targets: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
    here: str | None = None,
    **values: Any,
) -> Response:
    """One page. `values` go to the template; `form_targets` are where its forms' answers may redirect to.

    `here` is the address with which to ask for the page again, where that of the request will not do.
    """
    language = language_of(request)

    def form_token(purpose: str, bound_to: Any = "") -> Markup:
        value = token(request, purpose, str(bound_to))
        return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, value)

    body = _template(template).render(
        {name: said(value, language) for name, value in values.items()}
        | {
            "t": Texts({**LAYOUT, **(texts or {})}, language),
            "language": language,
            "languages": elsewhere(request, here),
            "form_token": form_token,
            "assets": ADDRESSES,
            "path": request.url.path,
            "zone": getattr(request.app.state.settings, "time_zone", _DEFAULT_ZONE),
        }
    )
    policy = {"Content-Language": language, "Content-Security-Policy": content_policy(form_targets)}
    return Response(body, status, {**_HEADERS, **policy, **(headers or {})}, "text/html")


@cache
def _template(name: str) -> "Template":
    from services.auth.pages.engine import environment  # here: 70 ms and 6 MiB, once a page is asked for

    return environment().get_template(name)


def said(value: Any, language: Language) -> Any:
    """Texts in the language, also those in lists and mappings."""
    if isinstance(value, Text):
        return value.in_language(language)
    if isinstance(value, Section):
        texts = Texts({**LAYOUT, **value.texts}, language)
        return {"template": value.template, "t": texts, "part": said(dict(value.values), language)}
    if isinstance(value, (list, tuple)):
        return [said(one, language) for one in value]
    if isinstance(value, dict):
        return {name: said(one, language) for name, one in value.items()}
    return value
