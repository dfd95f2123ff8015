"""The application of spaces: its slices, and the neighbours whose events it reads."""

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI

import services.spaces.metadata  # noqa: F401  an object is written only when all its neighbours are known
from libs.common.http import Service, create_app
from libs.common.http.app import Source
from libs.common.identity import KeySource
from libs.common.inbox import Handler
from services.spaces.classes.handlers import classes_changed
from services.spaces.coverage.routes import router as coverage
from services.spaces.credits.handlers import HANDLERS
from services.spaces.homework.routes import router as homework
from services.spaces.organisations.handlers import organisations_changed
from services.spaces.people.handlers import people_changed, people_erased, people_merged
from services.spaces.portfolio.routes import router as portfolio
from services.spaces.posts.routes import router as posts
from services.spaces.reading.routes import router as reading
from services.spaces.records.handlers import records_summarised
from services.spaces.settings import AUDIENCE, AUTH_AUDIENCE, SpacesSettings
from services.spaces.spaces.routes import router as spaces

_DESCRIPTION = """
Learning spaces: everyone has a personal one, every class, school and region has its own.
Teachers post to their classes; members, and nobody else, read it. The portfolio shows a person
what concerns them in one answer. 学习空间：人人有空间，班级、学校、区域各有其空间。
"""


#: what is done with the neighbours' events, in this order within a batch
AUTH_EVENTS: Final[dict[str, Handler]] = {
    # Whoever is no more is not made anew by older news of the same batch.
    "auth.person.erased.v1": people_erased,
    "auth.person.merged.v1": people_merged,
    "auth.organisation.changed.v1": organisations_changed,
    "auth.person.changed.v1": people_changed,
    "auth.class.changed.v1": classes_changed,
}
CREDITBANK_EVENTS: Final = {**HANDLERS, "creditbank.record.summarised.v1": records_summarised}


def build(
    settings: SpacesSettings,
    *,
    keys: Callable[[FastAPI], KeySource] | None = None,
    background: bool = True,
) -> FastAPI:
    """The application; `keys` replaces where keys of tokens come from, for tests."""
    return create_app(
        Service(
            name="spaces",
            title="Xuebu spaces",
            description=_DESCRIPTION,
            audience=AUDIENCE,
            settings=settings,
            routers=[portfolio, posts, reading, homework, spaces, coverage],
            sources={
                "auth": Source(
                    address=settings.auth_address,
                    audience=AUTH_AUDIENCE,
                    handlers=AUTH_EVENTS,
                ),
                "creditbank": Source(
                    address=settings.creditbank_address,
                    audience="urn:xuebu:creditbank",
                    handlers=CREDITBANK_EVENTS,
                ),
            },
            keys=keys,
            background=background,
        )
    )
