"""Telling of courses and classes."""

from collections.abc import Iterable
from uuid import UUID

from services.auth.sql import Where, record_changes


async def record_courses(where: Where, ids: Iterable[UUID]) -> None:
    """Record the present state of these courses as events."""
    await record_changes(where, "record_courses", ids)


async def record_classes(where: Where, ids: Iterable[UUID]) -> None:
    """Record the present state of these classes, with terms and members, as events."""
    await record_changes(where, "record_classes", ids)
