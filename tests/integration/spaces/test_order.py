"""Events about different subjects in any order, in any batches, repeated, give the same state."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.common.events import Event
from libs.common.ids import new_id
from tests.integration.spaces.world import (
    CLASS,
    CREDITS,
    ORGANISATION,
    PERSON,
    World,
    credits_posted,
    event,
    organisation,
    person,
    school_class,
)

STATE = (
    "select id, status, type, name, ancestors, institution from organisation where id = any($1)",
    "select id, version, status, name from person where id = any($1)",
    "select person, organisation, role from person_role where person = any($1)",
    "select child, guardian from guardian_link where child = any($1)",
    "select id, version, status, title, school, teachers from school_class where id = any($1)",
    "select id, kind, title, status from space where id = any($1)",
    "select person, space, role, basis, is_primary from membership where person = any($1)",
    "select person, scheme, institution, amount, redeemed, entries from credit_total where person = any($1)",
)


def story(world: World) -> tuple[list[Event], list[UUID]]:
    """Everything neighbours told, in the order in which they recorded it, and the ids it is about."""
    university, faculty, institute = (new_id() for _ in range(3))
    one, two, three, guardian = (new_id() for _ in range(4))
    first, second = new_id(), new_id()
    line = [world.country, university]
    told = [
        (ORGANISATION, organisation("U", "university", [world.country], ident=university)),
        (ORGANISATION, organisation("F", "department", line, ident=faculty)),
        (ORGANISATION, organisation("I", "department", [*line, faculty], ident=institute)),
        (PERSON, person("Gus Guardian", [], ident=guardian)),
        (PERSON, person("One", [("student", institute)], [guardian], ident=one)),
        (PERSON, person("Two", [("teacher", faculty), ("administrator", institute)], [guardian], ident=two)),
        (PERSON, person("Three", [("staff", university)], ident=three)),
        (CLASS, school_class("A", university, [("student", one), ("teacher", two)], ident=first)),
        (CLASS, school_class("B", institute, [("student", three)], ident=second)),
        (CREDITS, credits_posted(university, [(one, "1.50"), (three, "2.00"), (one, "0.25")])),
        (ORGANISATION, organisation("U2", "university", [world.country], ident=university, version=2)),
        (PERSON, person("One", [("student", faculty), ("assessor", university)], ident=one, version=3)),
        (
            CLASS,
            school_class("A", university, [("student", three), ("teacher", two)], ident=first, version=2),
        ),
        (CREDITS, credits_posted(university, [(one, "-0.50")])),
        (CLASS, school_class("A", university, [], ident=first, version=3, status="closed")),
        (PERSON, person("Three", [], ident=three, version=2, status="closed")),
    ]
    ids = [university, faculty, institute, one, two, three, guardian, first, second]
    return [event(kind, data) for kind, data in told], ids


def renamed(events: Sequence[Event], old: Sequence[UUID], new: Sequence[UUID]) -> list[Event]:
    """The same story about others."""
    found = []
    for one in events:
        text = one.data.decode()
        for before, after in zip(old, new, strict=True):
            text = text.replace(str(before), str(after))
        found.append(event(one.type, json.loads(text)))
    return found


async def state(world: World, ids: Sequence[UUID]) -> list[list[tuple[Any, ...]]]:
    """What is known of these ids, with each id replaced by its place in the list."""
    place = {one: f"#{n}" for n, one in enumerate(ids)}

    def plain(value: Any) -> Any:
        if isinstance(value, bytes):
            return [(place[UUID(one["id"])], one["name"], one["primary"]) for one in json.loads(value)]
        return [plain(one) for one in value] if isinstance(value, list) else place.get(value, value)

    found = []
    for statement in STATE:
        rows = await world.pool.fetch(statement, list(ids))
        found.append(sorted((tuple(map(plain, row)) for row in rows), key=repr))
    return found


@st.composite
def deliveries(draw: Callable[..., Any], events: Sequence[Event]) -> list[list[Event]]:
    """The events in batches: each subject's in order, subjects in any order, old snapshots again."""
    waiting: dict[str, list[Event]] = {}
    for one in events:
        waiting.setdefault(one.subject + one.type, []).append(one)
    ordered: list[Event] = []
    while waiting:
        subject = draw(st.sampled_from(sorted(waiting)))
        ordered.append(waiting[subject].pop(0))
        if not waiting[subject]:
            del waiting[subject]
        seen = [one for one in ordered if one.type != CREDITS]
        if seen and draw(st.integers(0, 2)) == 0:
            ordered.append(draw(st.sampled_from(seen)))
    batches: list[list[Event]] = [[]]
    for one in ordered:
        batches[-1].append(one)
        if draw(st.booleans()):
            batches.append([])
    return batches


async def test_any_order_gives_the_same_state(world: World) -> None:
    events, ids = story(world)
    await world.apply(events)
    expected = await state(world, ids)
    assert all(expected), "the story touches every table"
    plans: list[tuple[list[list[Event]], list[UUID]]] = []

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def draw_plans(data: st.DataObject) -> None:
        others = [new_id() for _ in ids]
        plans.append((data.draw(deliveries(renamed(events, ids, others))), others))

    draw_plans()
    for plan, others in plans:
        for batch in plan:
            await world.apply(batch)
        told = [[(one.type, one.data) for one in batch] for batch in plan]
        assert await state(world, others) == expected, told
