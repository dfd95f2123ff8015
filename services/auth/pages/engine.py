"""What turns templates into pages; loaded with the first page that is asked for, not with the service."""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from services.auth.pages.languages import day, moment
from services.auth.pages.rendering import said


@pass_context
def _say(context: Context, value: Any) -> Any:
    return said(value, context["language"])


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


@cache
def environment() -> Environment:
    """Escapes everything, and fails on what a template names and nobody gave."""
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
