"""One call gives a student what a frontend needs, and says how far the news has come."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

from services.spaces.portfolio.schemas import Portfolio
from tests.integration.spaces.world import (
    CREDITS,
    ORGANISATION,
    PERSON,
    World,
    credits_moved,
    credits_posted,
    event,
    organisation,
    person,
)


async def test_a_portfolio_holds_profile_classes_posts_and_credits(world: World) -> None:
    university = uuid4()
    await world.tell(ORGANISATION, organisation("大学", "university", world.line, ident=university))
    teacher = await world.someone(("teacher", world.school), name="芳 李")
    student = await world.someone(("student", world.school), name="小明 王")
    of_class = await world.a_class(("teacher", teacher), ("student", student))
    posts = [(await world.posted(teacher, of_class, title=f"{n}"))["id"] for n in range(7)]
    await world.tell(
        CREDITS,
        credits_posted(world.school, [(student, "1.00"), (student, "2.50"), (teacher, "9.00")]),
        credits_posted(university, [(student, "0.05")]),
        credits_posted(university, [(student, "3.00")], scheme="vocational"),
    )
    await world.tell(CREDITS, credits_posted(world.school, [(student, "-0.50")]))
    answer = await world.get(student, "/v1/portfolio")
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    Portfolio.model_validate(found)
    assert found["person"]["name"] == "王小明"
    school = {"id": str(world.school), "name": "第一中学", "type": "school"}
    assert found["roles"] == [{"role": "student", "primary": True, "organisation": school}]
    assert found["views"] == ["student"]
    (card,) = found["classes"]
    assert (card["id"], card["title"], card["school"]) == (str(of_class), "7A 数学", school)
    assert card["teachers"] == [{"id": str(teacher), "name": "李芳", "primary": True}]
    assert [one["id"] for one in found["posts"]] == posts[:1:-1]
    assert found["credits"]["totals"] == [
        {"scheme": "school", "amount": "3.05", "redeemed": "0.00", "entries": 4},
        {"scheme": "vocational", "amount": "3.00", "redeemed": "0.00", "entries": 1},
    ]
    by_institution = {
        (one["scheme"], one["institution"]["name"]): (one["amount"], one["entries"])
        for one in found["credits"]["institutions"]
    }
    assert by_institution == {
        ("school", "第一中学"): ("3.00", 3),
        ("school", "大学"): ("0.05", 1),
        ("vocational", "大学"): ("3.00", 1),
    }


async def test_totals_are_right_after_whatever_happens_to_credits(world: World) -> None:
    """In any order, and all in one batch: what creditbank tells adds up."""
    school = world.school
    for seed in range(6):
        who = await world.someone()
        told = [
            event(CREDITS, credits_posted(school, [(who, "4.00"), (who, "2.00"), (who, "1.00")])),
            credits_moved("redeemed", school, who, "1.50"),
            credits_moved("redeemed", school, who, "0.75"),
            credits_moved("rescinded", school, who, "0.75", reverses=str(uuid4())),
            credits_moved("expired", school, who, "0.25"),
            # a quarter of it had expired before it was taken back
            credits_moved("revoked", school, who, "1.00", expired="0.25", reverses=str(uuid4())),
            credits_moved("converted", school, who, "2.00", target="ects", issued="3.00", lots=1, rule="r"),
            credits_moved("redeemed", school, who, "3.00", scheme="ects"),
        ]
        Random(seed).shuffle(told)  # noqa: S311  the same orders each time
        for batch in (told[:seed], told[seed:]):
            await world.apply(batch)
        assert (await world.get(who, "/v1/portfolio")).json()["credits"]["totals"] == [
            {"scheme": "ects", "amount": "3.00", "redeemed": "3.00", "entries": 1},
            {"scheme": "school", "amount": "4.00", "redeemed": "1.50", "entries": 2},
        ]


async def test_who_has_nothing_yet_has_an_empty_portfolio(world: World) -> None:
    found = (await world.get(await world.someone(), "/v1/portfolio")).json()
    Portfolio.model_validate(found)
    assert found["credits"] == {"totals": [], "institutions": []}
    assert (found["roles"], found["views"], found["classes"], found["posts"]) == ([], [], [], [])


async def test_credits_below_zero_and_large_ones_keep_their_form(world: World) -> None:
    who = await world.someone()
    for amount, total in (("-0.05", "-0.05"), ("12345678901234.56", "12345678901234.51")):
        await world.tell(CREDITS, credits_posted(world.school, [(who, amount)]))
        found = (await world.get(who, "/v1/portfolio")).json()["credits"]
        assert [one["amount"] for one in (*found["totals"], *found["institutions"])] == [total, total]


async def test_news_that_has_not_come_leaves_names_empty(world: World) -> None:
    unknown, teacher = uuid4(), uuid4()
    who = await world.someone(("student", unknown))
    await world.a_class(("student", who), ("teacher", teacher), school=unknown)
    await world.tell(CREDITS, credits_posted(unknown, [(who, "1.00")]))
    found = (await world.get(who, "/v1/portfolio")).json()
    Portfolio.model_validate(found)
    nameless = {"id": str(unknown), "name": None, "type": None}
    assert found["roles"][0]["organisation"] == found["classes"][0]["school"] == nameless
    assert found["classes"][0]["teachers"] == [{"id": str(teacher), "name": None, "primary": True}]
    for version, name in ((1, "Tom Teacher"), (2, "Tom New")):
        await world.someone(name=name, ident=teacher, version=version)
        (card,) = (await world.get(who, "/v1/portfolio")).json()["classes"]
        assert card["teachers"] == [{"id": str(teacher), "name": name, "primary": True}]


async def test_a_closed_class_leaves_the_portfolio(world: World) -> None:
    who = await world.someone()
    of_class = await world.a_class(("student", who))
    await world.a_class(ident=of_class, version=2, status="closed")
    assert (await world.get(who, "/v1/portfolio")).json()["classes"] == []


async def test_a_guardian_reads_the_childs_portfolio_until_the_link_ends(world: World) -> None:
    guardian = await world.someone()
    child = await world.someone(("student", world.school), guardians=[guardian], name="Kit Child")
    path = f"/v1/people/{child}/portfolio"
    assert (await world.get(guardian, path)).json()["person"]["name"] == "Kit Child"
    assert (await world.get(guardian, "/v1/portfolio")).json()["views"] == ["guardian"]
    assert (await world.get(child, f"/v1/people/{guardian}/portfolio")).status_code == 404
    await world.tell(PERSON, person("Kit Child", [("student", world.school)], ident=child, version=2))
    assert (await world.get(guardian, path)).status_code == 404


async def test_sources_say_how_far_the_news_has_come(world: World) -> None:
    who = await world.someone()
    auth, creditbank = world.app.state.inboxes
    now = datetime.now(UTC)
    try:
        auth.as_of, creditbank.as_of = now, now - timedelta(minutes=5)
        sources = (await world.get(who, "/v1/portfolio")).json()["sources"]
        assert sources["auth"]["current"] is True
        assert datetime.fromisoformat(sources["auth"]["as_of"]) == now
        assert sources["creditbank"]["current"] is False
        assert datetime.fromisoformat(sources["creditbank"]["as_of"]) == creditbank.as_of
    finally:
        auth.as_of = creditbank.as_of = None
    sources = (await world.get(who, "/v1/portfolio")).json()["sources"]
    assert sources == {name: {"as_of": None, "current": False} for name in ("auth", "creditbank")}
