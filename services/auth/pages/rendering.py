"""Pages from templates, with everything a page of an identity provider must say in its headers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from libs.common.languages import Language, Text
from services.auth.pages.assets import ADDRESSES
from services.auth.pages.forms import TOKEN_FIELD, token
from services.auth.pages.languages import day, elsewhere, language_of, moment
from services.auth.pages.rules import content_policy
from services.auth.pages.texts import LAYOUT

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

    body = _ENVIRONMENT.get_template(template).render(
        {name: _said(value, language) for name, value in values.items()}
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


def _said(value: Any, language: Language) -> Any:
    """Texts in the language, also those in lists and mappings."""
    if isinstance(value, Text):
        return value.in_language(language)
    if isinstance(value, Section):
        texts = Texts({**LAYOUT, **value.texts}, language)
        return {"template": value.template, "t": texts, "part": _said(dict(value.values), language)}
    if isinstance(value, (list, tuple)):
        return [_said(one, language) for one in value]
    if isinstance(value, dict):
        return {name: _said(one, language) for name, one in value.items()}
    return value


@pass_context
def _say(context: Context, value: Any) -> Any:
    return _said(value, context["language"])


@pass_context
def _day(context: Context, on: str | date) -> Markup:
    """A date; as text in ISO form, too."""
    given = date.fromisoformat(on) if isinstance(on, str) else on
    text = day(given, context["language"])
    return Markup('<time datetime="{}">{}</time>').format(given.isoformat(), text)


@pass_context
def _moment(context: Context, at: datetime) -> Markup:
    text = moment(at, context["language"], context["zone"])
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), text)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["say"] = _say
    environment.filters["moment"] = _moment
    environment.filters["day"] = _day
    return environment


_ENVIRONMENT: Final = _environment()
