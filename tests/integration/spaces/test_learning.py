"""What becomes of the neighbours' events."""

from uuid import UUID

from libs.common.ids import new_id
from tests.integration.spaces.world import (
    CLASS,
    ORGANISATION,
    PERSON,
    World,
    organisation,
    person,
    school_class,
)


async def spaces_of(world: World, who: UUID) -> dict[str, list[str]]:
    """Kind of each space the person reads, to the roles there."""
    return {item["kind"]: item["roles"] for item in await world.items(who, "/v1/me/spaces")}


async def test_everybody_has_one_personal_space(world: World) -> None:
    who = await world.someone(("student", world.school), name="小明 王")
    await world.tell(PERSON, person("小明 王", [("student", world.school)], ident=who, version=2))
    spaces = await world.items(who, "/v1/me/spaces")
    assert [one["kind"] for one in spaces] == ["personal", "school"]
    assert spaces[0]["title"] == "王小明"
    assert spaces[0]["id"] == str(who)


async def test_the_personal_space_has_a_view_for_each_role(world: World) -> None:
    child = await world.someone(("student", world.school))
    both = await world.someone(("teacher", world.school), name="Bo Teacher")
    await world.tell(PERSON, person("Ann Lee", [("student", world.school)], [both], ident=child, version=2))
    spaces = await world.items(both, "/v1/me/spaces")
    assert spaces[0]["roles"] == ["guardian", "teacher"]


async def test_a_class_may_come_before_its_people(world: World) -> None:
    teacher, student = new_id(), new_id()
    of_class = await world.a_class(("teacher", teacher), ("student", student))
    await world.someone(("teacher", world.school), ident=teacher, name="Tom Teacher")
    members = await world.items(teacher, f"/v1/spaces/{of_class}/members")
    assert {one["name"] for one in members} == {None, "Tom Teacher"}
    await world.someone(("student", world.school), ident=student)
    members = await world.items(teacher, f"/v1/spaces/{of_class}/members")
    assert [(one["role"], one["name"]) for one in members] == [
        ("student", "Ann Lee"),
        ("teacher", "Tom Teacher"),
    ]


async def test_people_may_come_before_their_school(world: World) -> None:
    late = new_id()
    who = await world.someone(("teacher", late))
    assert await spaces_of(world, who) == {"personal": ["teacher"]}
    await world.tell(ORGANISATION, organisation("Late", "school", world.line, ident=late))
    assert await spaces_of(world, who) == {"personal": ["teacher"], "school": ["teacher"]}


async def test_a_snapshot_replaces_roles_and_members(world: World) -> None:
    who = await world.someone(("teacher", world.school), ("staff", world.school))
    of_class = await world.a_class(("student", who), ("teacher", who))
    await world.tell(PERSON, person("Ann Lee", [("teacher", world.other_school)], ident=who, version=2))
    await world.a_class(("student", who), ident=of_class, version=2)
    spaces = await world.items(who, "/v1/me/spaces")
    assert {(one["title"], *one["roles"]) for one in spaces} == {
        ("Ann Lee", "student", "teacher"),
        ("7A 数学", "student"),
        ("Other School", "teacher"),
    }


async def test_older_snapshots_are_ignored(world: World) -> None:
    who = await world.someone(("teacher", world.school), version=5)
    of_class = await world.a_class(("teacher", who), version=5)
    await world.tell(PERSON, person("Old Name", [], ident=who, version=4))
    await world.tell(CLASS, school_class("Old", world.other_school, [], ident=of_class, version=5))
    titles = [one["title"] for one in await world.items(who, "/v1/me/spaces")]
    assert titles == ["Ann Lee", "7A 数学", "第一中学"]


async def test_a_closed_class_is_frozen_and_stays_readable_to_its_members(world: World) -> None:
    teacher = await world.someone(("teacher", world.school))
    student = await world.someone(("student", world.school))
    of_class = await world.a_class(("teacher", teacher), ("student", student))
    post = await world.posted(teacher, of_class)
    await world.tell(CLASS, school_class("7A", world.school, [], ident=of_class, version=2, status="closed"))
    space = (await world.get(student, f"/v1/spaces/{of_class}")).json()
    assert space["status"] == "closed"
    assert space["may"] == {"read": True, "post": False, "see_members": True}
    assert [one["id"] for one in await world.items(student, f"/v1/spaces/{of_class}/posts")] == [post["id"]]
    for answer in (
        await world.post(teacher, of_class),
        await world.http.patch(
            f"/v1/posts/{post['id']}", json={"title": "New"}, headers=world.token(teacher)
        ),
        await world.http.delete(f"/v1/posts/{post['id']}", headers=world.token(teacher)),
    ):
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("/problems/space-closed")
    assert (await world.items(student, "/v1/me/spaces"))[-1]["id"] == str(of_class)


async def test_members_stay_when_change_and_closing_come_in_one_batch(world: World) -> None:
    student = await world.someone(("student", world.school))
    of_class = new_id()
    await world.tell(
        CLASS,
        school_class("7A", world.school, [("student", student)], ident=of_class, version=1),
        school_class("7A", world.school, [], ident=of_class, version=2, status="closed"),
    )
    assert (await world.get(student, f"/v1/spaces/{of_class}")).json()["status"] == "closed"


async def test_an_administrator_reads_along_above_and_does_not_speak_there(world: World) -> None:
    head = await world.someone(("administrator", world.school))
    spaces = {one["title"]: one for one in await world.items(head, "/v1/me/spaces")}
    assert set(spaces) == {"Ann Lee", "第一中学", "滨海区", "Country"}
    assert spaces["第一中学"]["may"]["post"] is True
    assert spaces["滨海区"]["may"] == {"read": True, "post": False, "see_members": True}
    teacher = await world.someone(("teacher", world.school))
    assert await spaces_of(world, teacher) == {"personal": ["teacher"], "school": ["teacher"]}


async def test_a_department_belongs_to_its_institution_in_any_order(world: World) -> None:
    university, faculty, institute = new_id(), new_id(), new_id()
    who = await world.someone(("staff", institute))
    line = [*world.line, university]
    await world.tell(ORGANISATION, organisation("Institute", "department", [*line, faculty], ident=institute))
    titles = {one["title"] for one in await world.items(who, "/v1/me/spaces")}
    assert titles == {"Ann Lee", "Institute"}
    await world.tell(ORGANISATION, organisation("University", "university", world.line, ident=university))
    await world.tell(ORGANISATION, organisation("Faculty", "department", line, ident=faculty))
    spaces = {one["title"]: one["may"]["post"] for one in await world.items(who, "/v1/me/spaces")}
    assert spaces == {"Ann Lee": False, "Institute": True, "University": False}


async def test_a_renamed_organisation_renames_its_space(world: World) -> None:
    who = await world.someone(("teacher", world.school))
    await world.tell(ORGANISATION, organisation("新名", "school", world.line, ident=world.school, version=2))
    assert [one["title"] for one in await world.items(who, "/v1/me/spaces")] == ["Ann Lee", "新名"]


async def test_who_is_not_known_yet_is_told_so(world: World) -> None:
    for path in ("/v1/me/spaces", "/v1/feed", "/v1/portfolio"):
        english = await world.get(new_id(), path)
        chinese = await world.get(new_id(), path, **{"Accept-Language": "zh-CN"})
        assert english.status_code == chinese.status_code == 404
        assert english.json()["title"] == "Not yet known here"
        assert chinese.json()["title"] == "此处尚无该用户的信息"
