"""Learning events as spaces records them."""

from typing import Any
from uuid import UUID

from libs.common.ids import new_id

READ = "spaces.post.read.v1"
SUBMITTED = "spaces.work.submitted.v1"
RETURNED = "spaces.work.returned.v1"


def space(organisation: UUID, **changes: Any) -> dict[str, Any]:
    """The class in which something happened."""
    return {
        "id": str(new_id()),
        "kind": "class",
        "title": "7A 数学",
        "organisation": str(organisation),
        "course": None,
        "subjects": ["Mathematics"],
        "grades": ["07"],
        **changes,
    }


def reading(student: UUID, where: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A post was read."""
    return {
        "id": str(new_id()),
        "kind": "announcement",
        "title": "家长会",
        "student": str(student),
        "space": where,
        "read_at": "2026-11-20T08:15:30.123456+00:00",
        **changes,
    }


def submission(student: UUID, where: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Work was handed in."""
    return {
        "id": str(new_id()),
        "submission": str(new_id()),
        "post": str(new_id()),
        "title": "第三课 练习",
        "student": str(student),
        "attempt": 1,
        "late": False,
        "due_at": None,
        "handed_in_at": "2026-11-20T09:00:00+00:00",
        "space": where,
        **changes,
    }


def returned(handed_in: dict[str, Any], teacher: UUID, **changes: Any) -> dict[str, Any]:
    """It came back."""
    kept = {name: handed_in[name] for name in ("submission", "post", "title", "student", "attempt", "space")}
    return {
        **kept,
        "id": str(new_id()),
        "teacher": str(teacher),
        "mark": "8.50",
        "points": "10.00",
        "returned_at": "2026-11-21T10:00:00+00:00",
        **changes,
    }
