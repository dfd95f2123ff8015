"""The limits the main job is measured against: the same work with nothing of ours around it.

Bare FastAPI routes on the databases of the running product: the portfolio's own statement on asyncpg, the
same document through SQLModel objects, and a token signed without any check.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.signing import sign
from libs.common.database import Database
from services.spaces.classes.tables import SchoolClass
from services.spaces.credits.tables import CreditTotal
from services.spaces.memberships.tables import Membership
from services.spaces.organisations.tables import Organisation
from services.spaces.people.tables import Person, PersonRole
from services.spaces.portfolio import repository
from services.spaces.posts.tables import Post
from services.spaces.spaces.tables import Space


def bare() -> FastAPI:
    """All limits in one application, on the store the environment names."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = await Database(os.environ["BENCH_DATABASE"]).start()
        app.state.engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(os.environ["BENCH_DATABASE"])
        )
        yield
        await app.state.engine.dispose()
        await app.state.database.stop()

    app = FastAPI(lifespan=lifespan)
    app.add_api_route("/health/live", _live)
    app.add_api_route("/portfolio/{person}", _portfolio)
    app.add_api_route("/portfolio-through-objects/{person}", _through_objects)
    app.add_api_route("/signed", sign, methods=["POST"])
    return app


async def _live() -> Response:
    return Response(b"{}", media_type="application/json")


async def _portfolio(request: Request, person: UUID) -> Response:
    found = await repository.portfolio(request.app.state.database.pool, person, person)
    return Response(found, media_type="application/json")


class _Card(BaseModel):
    id: UUID
    title: str
    school: str | None
    teachers: list[str]


class _Shown(BaseModel):
    id: UUID
    space: str
    title: str
    text: str
    author: str | None


class _Document(BaseModel):
    """The portfolio as an application written with objects would answer it."""

    name: str
    roles: list[tuple[str, str | None]]
    classes: list[_Card]
    posts: list[_Shown]
    credits: list[tuple[str, str | None, int]]


async def _through_objects(request: Request, person: UUID) -> _Document:
    async with AsyncSession(request.app.state.engine) as session:
        found = (await session.exec(select(Person).where(col(Person.id) == person))).one()
        roles = (await session.exec(select(PersonRole).where(col(PersonRole.person) == person))).all()
        memberships = (await session.exec(select(Membership).where(col(Membership.person) == person))).all()
        spaces = [one.space for one in memberships]
        classes = (await session.exec(select(SchoolClass).where(col(SchoolClass.id).in_(spaces)))).all()
        teachers = (
            await session.exec(
                select(Membership, Person)
                .join(Person, col(Person.id) == col(Membership.person))
                .where(col(Membership.space).in_(spaces), col(Membership.role) == "teacher")
            )
        ).all()
        posts = (
            await session.exec(
                select(Post, Space, Person)
                .join(Space, col(Space.id) == col(Post.space))
                .join(Person, col(Person.id) == col(Post.author))
                .where(col(Post.space).in_(spaces), col(Post.status) == "published")
                .order_by(col(Post.id).desc())
                .limit(5)
            )
        ).all()
        totals = (await session.exec(select(CreditTotal).where(col(CreditTotal.person) == person))).all()
        wanted = {one.school for one in classes} | {one.organisation for one in roles}
        wanted |= {one.institution for one in totals}
        names = {
            one.id: one.name
            for one in (
                await session.exec(select(Organisation).where(col(Organisation.id).in_(wanted)))
            ).all()
        }
    return _Document(
        name=found.name,
        roles=[(one.role, names.get(one.organisation)) for one in roles],
        classes=[
            _Card(
                id=one.id,
                title=one.title,
                school=names.get(one.school),
                teachers=[who.name for membership, who in teachers if membership.space == one.id],
            )
            for one in classes
        ],
        posts=[
            _Shown(id=post.id, space=space.title, title=post.title, text=post.text, author=who.name)
            for post, space, who in posts
        ],
        credits=[(one.scheme, names.get(one.institution), one.amount) for one in totals],
    )
