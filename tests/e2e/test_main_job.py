"""The main job on real rosters: spaces, accounts, a post, credits, portfolios; and the same again."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.dev import roster_files
from infra.dev.calls import Api, CallFailedError
from infra.dev.identities import Identities, SignedIn, client_token, sign_in
from infra.dev.processes import wait_until
from infra.dev.roster_files import RosterSet
from infra.dev.story import wait_until_known
from tests.e2e.conftest import Product

pytestmark = pytest.mark.e2e

#: people, students, classes and enrolments of each sample set, counted in its files
SAMPLES = {
    "edfi_grandbend_v1p2": (2900, 960, 260, 5060),
    "synthetic_zh_v1p1": (738, 354, 64, 1480),
    "microsoft_sds_v2p1": (8, 4, 2, 6),
}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_roster_becomes_spaces_and_accounts_once(product: Product, rosters: Path, name: str) -> None:
    people, students, classes, members = SAMPLES[name]
    region, roster, asked = imported(product, rosters / name)
    settle(product)
    spaces = product.api("spaces", asked.api.token).get(f"/v1/coverage?organisation={region}")
    assert (spaces["people"], spaces["people_with_space"]) == (people, people)
    assert (spaces["classes"], spaces["classes_with_space"]) == (classes, classes)
    assert spaces["class_members"] == members
    bank = product.api("creditbank", asked.api.token).get(f"/v1/coverage?organisation={region}")
    assert (bank["students"], bank["students_with_account"], bank["accounts"]) == (students,) * 3

    before = heads(product)
    again = asked.import_roster(region, roster.archive, name)
    assert again["state"] == "unchanged"
    settle(product)
    assert heads(product) == before, "a set that says nothing new must tell the neighbours nothing"


def test_a_district_from_roster_to_portfolio(product: Product, rosters: Path) -> None:
    """Credits of every class of the district; then what one student, a classmate and an outsider see."""
    region, roster, asked = imported(product, rosters / "edfi_grandbend_v1p2")
    settle(product)
    offered = read_credits(rosters / "edfi_grandbend_section_credits.csv")
    client = asked.register_client("district", region, ["credits.post"])
    bank = Api(product.run["services"]["creditbank"], client_token(asked.api.address, client), "en")
    items, owed = deposits(roster, offered)
    assert len(items) > 4000
    answers = [
        bank.post("/v1/deposits", {"items": items[at : at + 1000]}) for at in range(0, len(items), 1000)
    ]
    assert sum(answer["posted"] for answer in answers) == len(items)
    repeated = bank.post("/v1/deposits", {"items": items[:1000]})
    assert (repeated["posted"], repeated["replayed"]) == (0, 1000)

    shown = roster.shown
    teacher = activated(asked, region, shown.teachers[0], "teacher")
    student = activated(asked, region, shown.students[0], "student")
    post = announce(product, teacher, student, shown.title)
    wait_until_known(product.run["services"]["spaces"], "creditbank")
    portfolio = product.api("spaces", student.token).get("/v1/portfolio")
    assert sum(Decimal(one["amount"]) for one in portfolio["credits"]["totals"]) == owed[shown.students[0]]
    assert portfolio["posts"][0]["id"] == post["id"]
    assert shown.title in [one["title"] for one in portfolio["classes"]]
    assert portfolio["sources"]["auth"]["current"]
    assert portfolio["sources"]["creditbank"]["current"]

    outsider = product.sign_in("student")
    for path in (f"/v1/posts/{post['id']}", f"/v1/spaces/{post['space']['id']}"):
        assert product.api("spaces", student.token).get(path)
        with pytest.raises(CallFailedError) as refused:
            product.api("spaces", outsider.token).get(path)
        assert refused.value.status == 404


def test_while_the_bank_is_away_the_portfolio_says_so(product: Product) -> None:
    student = product.api("spaces", product.sign_in("student").token)
    whole = student.get("/v1/portfolio")
    product.process("creditbank").kill()
    try:
        settled = wait_for_sources(student, {"auth": True, "creditbank": False})
        assert settled["credits"] == whole["credits"]
        assert settled["classes"] == whole["classes"]
    finally:
        product.start_again()
    wait_for_sources(student, {"auth": True, "creditbank": True})


def wait_for_sources(student: Api, wanted: dict[str, bool]) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def as_wanted() -> bool:
        found.update(student.get("/v1/portfolio"))
        return {name: state["current"] for name, state in found["sources"].items()} == wanted

    assert wait_until(as_wanted, 30), found["sources"]
    return found


def imported(product: Product, folder: Path) -> tuple[str, RosterSet, Identities]:
    asked = product.administrator()
    roster = roster_files.read(folder)
    region = asked.ensure_organisation(asked.root(), "region", f"{folder.name} {uuid4().hex[:6]}")["id"]
    job = asked.import_roster(region, roster.archive, folder.name)
    assert job["state"] == "applied"
    return region, roster, asked


def settle(product: Product) -> None:
    for service in ("spaces", "creditbank"):
        wait_until_known(product.run["services"][service], "auth")


def heads(product: Product) -> int:
    """How many events auth has numbered."""
    settings = product.process("spaces").environ()
    reader = {
        "client_id": settings["SPACES_CLIENT_ID"],
        "client_secret": settings["SPACES_CLIENT_SECRET"],
        "scopes": ["events.read"],
    }
    token = client_token(product.run["services"]["auth"], reader)
    return int(product.api("auth", token).get("/events?after=0&limit=1")["head"])


def read_credits(path: Path) -> dict[str, Decimal]:
    with path.open(newline="") as lines:
        return {row["classSourcedId"]: Decimal(row["availableCredits"]) for row in csv.DictReader(lines)}


def deposits(
    roster: RosterSet, offered: dict[str, Decimal]
) -> tuple[list[dict[str, Any]], dict[str, Decimal]]:
    """One item for each student of each class with credits, and what each student is owed in all."""
    items: list[dict[str, Any]] = []
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for identity, amount in offered.items():
        for student in roster.classes[identity].students:
            owed[student] += amount
            items.append(
                {
                    "key": f"{identity}:{student}",
                    "learner": {"sourced_id": student},
                    "course": {"sourced_id": roster.classes[identity].course},
                    "attempt": identity,
                    "credits": f"{amount:.2f}",
                    "earned_on": "2021-12-17",
                }
            )
    return items, owed


def activated(asked: Identities, region: str, sourced_id: str, role: str) -> SignedIn:
    account = asked.activate(asked.person(region, sourced_id, role))
    return sign_in(asked.api.address, account["username"], account["password"])


def announce(product: Product, teacher: SignedIn, student: SignedIn, title: str) -> dict[str, Any]:
    mine = product.api("spaces", teacher.token)
    theirs = {one["id"] for one in product.api("spaces", student.token).pages("/v1/me/spaces")}
    space = next(one for one in mine.pages("/v1/me/spaces") if one["title"] == title and one["id"] in theirs)
    body = {"kind": "announcement", "title": "Books", "text": "Bring them on Monday.", "links": []}
    return dict(mine.post(f"/v1/spaces/{space['id']}/posts", body, idempotency_key=str(uuid4())))
