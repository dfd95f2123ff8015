"""Who sees and does what: every endpoint, asked by everybody who has or has not to do with it."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from tests.integration.spaces.world import ORGANISATION, PERSON, World, organisation, person


@dataclass(frozen=True)
class Place:
    """Two classes in one school, one in another, a post in each place, and people of every kind."""

    people: dict[str, UUID]
    of_class: UUID
    post: str
    school_post: str
    region_post: str


@pytest.fixture
async def place(world: World) -> Place:
    school, other = world.school, world.other_school
    people = {
        "teacher": await world.someone(("teacher", school), name="Tom Teacher"),
        "second teacher": await world.someone(("teacher", school), name="Tina Teacher"),
        "student": await world.someone(("student", school), name="Stu Student"),
        "classmate": await world.someone(("student", school), name="Cla Classmate"),
        "aide": await world.someone(("staff", school), name="Aida Aide"),
        "guardian": await world.someone(name="Gus Guardian"),
        "school guardian": await world.someone(("guardian", school), name="Gil Guardian"),
        "other class": await world.someone(("student", school), name="Otto Other"),
        "other class teacher": await world.someone(("teacher", school), name="Olga Other"),
        "staff": await world.someone(("staff", school), name="Sta Staff"),
        "registrar": await world.someone(("registrar", school), name="Reg Istrar"),
        "administrator": await world.someone(("administrator", school), name="Adi Min"),
        "auditor": await world.someone(("auditor", school), name="Aud Itor"),
        "assessor": await world.someone(("assessor", school), name="Ass Essor"),
        "district administrator": await world.someone(("administrator", world.district), name="Dis Trict"),
        "district staff": await world.someone(("staff", world.district), name="Des Taff"),
        "country administrator": await world.someone(("administrator", world.country), name="Cou Ntry"),
        "other school teacher": await world.someone(("teacher", other), name="Far Teacher"),
        "other school student": await world.someone(("student", other), name="Far Student"),
        "other school administrator": await world.someone(("administrator", other), name="Far Admin"),
        "outsider": await world.someone(name="Out Sider"),
    }
    await world.tell(
        PERSON,
        person(
            "Stu Student",
            [("student", school)],
            [people["guardian"], people["school guardian"]],
            ident=people["student"],
            version=2,
        ),
    )
    of_class = await world.a_class(
        ("teacher", people["teacher"]),
        ("teacher", people["second teacher"]),
        ("student", people["student"]),
        ("student", people["classmate"]),
        ("staff", people["aide"]),
    )
    await world.a_class(("student", people["other class"]), ("teacher", people["other class teacher"]))
    await world.a_class(
        ("student", people["other school student"]),
        ("teacher", people["other school teacher"]),
        school=other,
    )
    return Place(
        people,
        of_class,
        (await world.posted(people["teacher"], of_class, title="class post"))["id"],
        (await world.posted(people["staff"], school, title="school post"))["id"],
        (await world.posted(people["district administrator"], world.district, title="region post"))["id"],
    )


MEMBERS = {"teacher", "second teacher", "student", "classmate", "aide"}
GUARDIANS = {"guardian", "school guardian"}
WORKING = {"teacher", "second teacher", "aide", "other class teacher", "staff", "registrar"} | {
    "administrator",
    "auditor",
    "assessor",
}
IN_SCHOOL = WORKING | {"student", "classmate", "other class", "school guardian"}
IN_REGION = {
    "district administrator",
    "district staff",
    "administrator",
    "other school administrator",
}


async def expect(
    world: World, place: Place, path: str, expected: dict[str, int], otherwise: int = 404
) -> None:
    """Ask as everybody; `expected` is the status for those named."""
    seen = {name: (await world.get(who, path)).status_code for name, who in place.people.items()}
    assert seen == {name: expected.get(name, 404) for name in place.people}, path


def allowed(*groups: set[str], status: int = 200) -> dict[str, int]:
    return dict.fromkeys(set().union(*groups), status)


async def test_a_class_is_for_its_members_and_their_guardians(world: World, place: Place) -> None:
    readers = allowed(MEMBERS, GUARDIANS)
    space = f"/v1/spaces/{place.of_class}"
    await expect(world, place, space, readers)
    await expect(world, place, f"{space}/posts", readers)
    await expect(world, place, f"/v1/posts/{place.post}", readers)
    await expect(world, place, f"{space}/members", {**allowed(MEMBERS), **allowed(GUARDIANS, status=403)})


async def test_a_school_is_for_those_with_a_role_in_it(world: World, place: Place) -> None:
    space = f"/v1/spaces/{world.school}"
    await expect(world, place, space, allowed(IN_SCHOOL))
    await expect(world, place, f"{space}/posts", allowed(IN_SCHOOL))
    await expect(world, place, f"/v1/posts/{place.school_post}", allowed(IN_SCHOOL))
    hidden = allowed(IN_SCHOOL - WORKING, status=403)
    await expect(world, place, f"{space}/members", {**hidden, **allowed(WORKING)})


async def test_a_region_is_for_its_office_and_the_heads_of_its_schools(world: World, place: Place) -> None:
    space = f"/v1/spaces/{world.district}"
    await expect(world, place, space, allowed(IN_REGION))
    await expect(world, place, f"{space}/members", allowed(IN_REGION))
    await expect(world, place, f"/v1/posts/{place.region_post}", allowed(IN_REGION))


async def test_a_personal_space_is_for_its_owner(world: World, place: Place) -> None:
    student = place.people["student"]
    for path in (f"/v1/spaces/{student}", f"/v1/spaces/{student}/members", f"/v1/spaces/{student}/posts"):
        await expect(world, place, path, {"student": 200})
    await expect(world, place, f"/v1/people/{student}/portfolio", allowed(GUARDIANS, {"student"}))


async def test_who_may_post_where(world: World, place: Place) -> None:
    reads = {
        place.of_class: MEMBERS | GUARDIANS,
        world.school: IN_SCHOOL,
        world.district: IN_REGION,
        place.people["student"]: {"student"},
    }
    speaks = {
        place.of_class: {"teacher", "second teacher"},
        world.school: {"staff", "aide", "administrator"},
        world.district: {"district administrator"},
        place.people["student"]: set[str](),
    }
    for space, readers in reads.items():
        seen = {name: (await world.post(who, space)).status_code for name, who in place.people.items()}
        expected = {
            name: 201 if name in speaks[space] else 403 if name in readers else 404 for name in place.people
        }
        assert seen == expected
        for name in readers:
            answer = await world.get(place.people[name], f"/v1/spaces/{space}")
            assert answer.json()["may"]["post"] is (name in speaks[space]), name


async def test_only_the_author_changes_and_removes(world: World, place: Place) -> None:
    for method in ("PATCH", "DELETE"):
        for name, who in place.people.items():
            if name == "teacher":
                continue
            answer = await world.http.request(
                method,
                f"/v1/posts/{place.post}",
                headers={**world.token(who), "Content-Type": "application/json"},
                content=b'{"title": "Mine"}' if method == "PATCH" else None,
            )
            assert answer.status_code == (403 if name in MEMBERS | GUARDIANS else 404), (method, name)


async def test_feeds_hold_what_one_may_read_and_nothing_else(world: World, place: Place) -> None:
    posts = {place.post: MEMBERS | GUARDIANS, place.school_post: IN_SCHOOL, place.region_post: IN_REGION}
    for name, who in place.people.items():
        expected = {post for post, readers in posts.items() if name in readers}
        assert {one["id"] for one in await world.items(who, "/v1/feed")} == expected, name
        in_portfolio = {one["id"] for one in (await world.get(who, "/v1/portfolio")).json()["posts"]}
        assert in_portfolio == expected - ({place.post} if name in GUARDIANS else set()), name


async def test_rights_follow_the_chosen_role(world: World) -> None:
    both = await world.someone(("teacher", world.school), name="Bo Th")
    child = await world.someone(("student", world.school), guardians=[both])
    of_class = await world.a_class(("teacher", both), ("student", child))
    await world.posted(both, of_class)
    for view, may in (("teacher", True), ("guardian", False)):
        answer = (await world.get(both, f"/v1/spaces/{of_class}?view={view}")).json()
        assert (answer["roles"], answer["may"]["post"], answer["may"]["see_members"]) == ([view], may, may)
        assert len(await world.items(both, f"/v1/feed?view={view}")) >= 1
        assert (await world.post(both, of_class, query=f"?view={view}")).status_code == (201 if may else 403)
    assert (await world.get(both, f"/v1/spaces/{of_class}?view=student")).status_code == 404
    for path in ("/v1/feed", "/v1/me/spaces"):
        refused = await world.get(both, f"{path}?view=student")
        assert refused.status_code == 403
        assert refused.json()["type"].endswith("/problems/role-not-held")
    spaces = await world.items(both, "/v1/me/spaces?view=guardian")
    assert [(one["kind"], one["roles"]) for one in spaces] == [
        ("personal", ["guardian"]),
        ("class", ["guardian"]),
    ]


async def test_rights_end_with_the_place(world: World) -> None:
    teacher = await world.someone(("teacher", world.school))
    student = await world.someone(("student", world.school))
    of_class = await world.a_class(("teacher", teacher), ("student", student))
    post = await world.posted(teacher, of_class)
    await world.a_class(ident=of_class, version=2)
    for who in (teacher, student):
        assert await world.items(who, "/v1/feed") == []
        assert (await world.get(who, f"/v1/posts/{post['id']}")).status_code == 404
    patched = await world.http.patch(
        f"/v1/posts/{post['id']}", json={"title": "x"}, headers=world.token(teacher)
    )
    assert patched.status_code == 404


async def test_tokens_are_asked_for_their_scope_and_their_holder(world: World) -> None:
    who = await world.someone(("teacher", world.school))
    of_class = await world.a_class(("teacher", who))
    paths = ["/v1/me/spaces", "/v1/feed", "/v1/portfolio", f"/v1/spaces/{of_class}", f"/v1/posts/{uuid4()}"]
    for path in paths:
        assert (await world.http.get(path)).status_code == 401
        client = world.issuer.client(world.school, "urn:xuebu:spaces", "spaces.read")
        refused = await world.http.get(path, headers={"Authorization": f"Bearer {client}"})
        assert refused.json()["type"].endswith("/problems/persons-only")
        for audience, scope, status in (
            ("urn:xuebu:spaces", "spaces.write", 403),
            ("urn:xuebu:auth", "spaces.read", 401),
        ):
            token = world.issuer.person(who, audience, scope)
            answer = await world.http.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status
    answer = await world.http.post(
        f"/v1/spaces/{of_class}/posts",
        json={"kind": "announcement", "title": "a", "text": "b"},
        headers={**world.token(who, "spaces.read"), "Idempotency-Key": "k"},
    )
    assert answer.status_code == 403


async def test_an_organisation_not_known_yet_lets_nobody_in(world: World) -> None:
    unknown = uuid4()
    who = await world.someone(("administrator", unknown))
    assert (await world.get(who, f"/v1/spaces/{unknown}")).status_code == 404
    assert (await world.post(who, unknown)).status_code == 404
    await world.tell(ORGANISATION, organisation("Now", "school", world.line, ident=unknown))
    assert (await world.post(who, unknown)).status_code == 201
