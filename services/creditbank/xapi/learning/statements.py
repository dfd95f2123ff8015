"""Statements of the product's own, made of what events tell: the same event gives the same statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from services.creditbank.xapi.learning.vocabulary import (
    ATTEMPT,
    LATE,
    PLATFORM,
    TYPES,
    VERBS,
    VERSION,
    WRITTEN,
    TypeName,
    VerbName,
    subject,
    thing,
)

Told = Mapping[str, Any]

_CATEGORY: Final = {"id": VERSION, "definition": {"type": TYPES["profile"]}}


@dataclass(frozen=True, slots=True)
class Names:
    """What is known here of those an event names.

    `people` leads from each id to the present one and leaves the erased out; `titles` are of courses and
    organisations.
    """

    issuer: str
    people: Mapping[UUID, UUID]
    titles: Mapping[UUID, str] = field(default_factory=dict)


def of_reading(identifier: UUID, told: Told, names: Names) -> dict[str, Any]:
    """A student read a post (`spaces.post.read.v1`)."""
    kind: TypeName = "homework" if told["kind"] == "homework" else "announcement"
    thing_read = _activity(thing(told["id"]), kind, told["title"])
    context = _context(told["space"], names)
    return _statement(identifier, told["student"], "read", thing_read, context, told["read_at"], names)


def of_submission(identifier: UUID, told: Told, names: Names) -> dict[str, Any]:
    """A student handed work in (`spaces.work.submitted.v1`)."""
    statement = _statement(
        identifier,
        told["student"],
        "submitted",
        _homework(told),
        _of_work(told, names),
        told["handed_in_at"],
        names,
    )
    statement["result"] = {"completion": True, "extensions": {LATE: told["late"]}}
    return statement


def of_return(identifier: UUID, told: Told, names: Names) -> dict[str, Any]:
    """A student got work back, with a mark or without (`spaces.work.returned.v1`)."""
    mark, points = told["mark"], told["points"]
    verb: VerbName = "received" if mark is None else "scored"
    context = _of_work(told, names)
    teacher = names.people.get(UUID(told["teacher"]))
    if teacher is not None:
        context["instructor"] = _person(teacher, names)
    statement = _statement(
        identifier, told["student"], verb, _homework(told), context, told["returned_at"], names
    )
    if mark is not None:
        raw, most = _hundredths(mark), _hundredths(points)
        score = {"scaled": round(raw / most, 4), "raw": raw / 100, "min": 0, "max": most / 100}
        statement["result"] = {"score": score}
    return statement


def of_place(
    identifier: UUID, who: UUID, organisation: UUID, verb: VerbName, when: str, names: Names
) -> dict[str, Any]:
    """A student joined or left a school, as auth told."""
    place = _activity(thing(organisation), "organisation", names.titles.get(organisation))
    context = {"platform": PLATFORM, "contextActivities": {"category": [_CATEGORY]}}
    return _statement(identifier, str(who), verb, place, context, when, names)


def _statement(
    identifier: UUID,
    who: str,
    verb: VerbName,
    what: dict[str, Any],
    context: dict[str, Any],
    when: str,
    names: Names,
) -> dict[str, Any]:
    word = VERBS[verb]
    return {
        "id": str(identifier),
        "actor": _person(names.people[UUID(who)], names),
        "verb": {"id": word.iri, "display": {"en": word.name.en, "zh-CN": word.name.zh}},
        "object": what,
        "context": context,
        "timestamp": when.replace("+00:00", "Z"),
    }


def _person(who: UUID, names: Names) -> dict[str, Any]:
    """By the account alone: names are told by who may see them, and change."""
    return {"objectType": "Agent", "account": {"homePage": names.issuer, "name": str(who)}}


def _activity(iri: str, kind: TypeName, title: str | None) -> dict[str, Any]:
    definition: dict[str, Any] = {"type": TYPES[kind]}
    if title:
        definition["name"] = {WRITTEN: title}
    return {"objectType": "Activity", "id": iri, "definition": definition}


def _homework(told: Told) -> dict[str, Any]:
    return _activity(thing(told["post"]), "homework", told["title"])


def _of_work(told: Told, names: Names) -> dict[str, Any]:
    """All statements about one student's work at one homework have the same registration."""
    return {
        **_context(told["space"], names),
        "registration": told["submission"],
        "extensions": {ATTEMPT: told["attempt"]},
    }


def _context(space: Told, names: Names) -> dict[str, Any]:
    """Where it happened: the parent is the class (or the organisation), what that belongs to groups it."""
    kind: TypeName = "class" if space["kind"] == "class" else "organisation"
    grouping = [_activity(subject(one), "subject", one.strip()) for one in space["subjects"] if one.strip()]
    if space["course"] is not None:
        course = UUID(space["course"])
        grouping.append(_activity(thing(course), "course", names.titles.get(course)))
    if kind == "class":
        school = UUID(space["organisation"])
        grouping.append(_activity(thing(school), "organisation", names.titles.get(school)))
    related = {"parent": [_activity(thing(space["id"]), kind, space["title"])], "category": [_CATEGORY]}
    return {"platform": PLATFORM, "contextActivities": related | ({"grouping": grouping} if grouping else {})}


def _hundredths(text: str) -> int:
    """Decimal text with two places as a whole number."""
    return int(text.replace(".", ""))
