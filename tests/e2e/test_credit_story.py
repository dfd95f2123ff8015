"""The credits of a district: posted by file, converted to ECTS by a rule, redeemed, seen by the student.

Told of our own demo region, and of a real roster where it is there.
"""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from infra.dev import bank_story, demo_region, roster_files
from infra.dev.bank_story import award, convert, csv_text, lots_of, publish, send_file
from infra.dev.calls import Api, CallFailedError
from infra.dev.identities import Identities, client_token
from infra.dev.roster_files import RosterSet
from infra.dev.story import let_use_credits, wait_until_known
from tests.e2e.conftest import ROSTERS, Product
from tests.e2e.test_main_job import activated, read_credits, settle

pytestmark = pytest.mark.e2e
TITLE = {"en": "Story", "zh": "故事"}


@dataclass
class District:
    """An imported region with credits on offer, and those who act in the bank."""

    product: Product
    asked: Identities
    region: str
    roster: RosterSet
    offered: dict[str, Decimal]
    scheme: str
    terms: dict[str, Any]
    client: Api = field(init=False)
    registrar: Api = field(init=False)
    second: Api = field(init=False)
    student: Api = field(init=False)
    student_id: str = field(init=False)

    def enter(self) -> None:
        """A client, two registrars and a student of the region sign in."""
        made = self.asked.register_client("bank", self.region, ["credits.post", "credits.read"])
        self.client = self.bank(client_token(self.asked.api.address, made))
        teachers = list(
            dict.fromkeys(one.teachers[0] for one in self.roster.classes.values() if one.teachers)
        )
        shown = self.roster.shown.teachers[0]
        for name, sourced_id in (
            ("registrar", shown),
            ("second", next(one for one in teachers if one != shown)),
        ):
            signed_in = activated(self.asked, self.region, sourced_id, "teacher")
            self.asked.grant(signed_in.person["id"], self.region, "registrar")
            setattr(self, name, self.bank(signed_in.token))
        student = activated(self.asked, self.region, self.roster.shown.students[0], "student")
        self.student, self.student_id = self.bank(student.token), student.person["id"]
        settle(self.product)

    def bank(self, token: str) -> Api:
        return Api(self.product.run["services"]["creditbank"], token, "en")

    def rows(self) -> list[tuple[str, ...]]:
        """A row of a file for each student of each class with credits."""
        return [
            (
                f"{name}:{student}",
                student,
                self.roster.classes[name].course,
                name,
                f"{amount:.2f}",
                "2021-12-17",
                "A",
            )
            for name, amount in self.offered.items()
            for student in self.roster.classes[name].students
        ]

    def owed(self) -> Decimal:
        mine = self.roster.shown.students[0]
        return sum((Decimal(row[4]) for row in self.rows() if row[1] == mine), Decimal(0))


@pytest.fixture(scope="module", params=["demo region", "edfi_grandbend_v1p2"])
def district(product: Product, request: pytest.FixtureRequest) -> District:
    """Two credits are three ECTS; a Carnegie unit of 120 hours is 4.8 ECTS of 25."""
    if request.param == "demo region":
        archive = demo_region.archive(datetime.datetime.now(datetime.UTC).date())
        roster = roster_files.from_archive("demo", archive)
        offered = dict.fromkeys(roster.classes, Decimal(2))
        scheme, terms = "xuebu:credits", {"numerator": 3, "denominator": 2, "step": "0.50"}
    elif not (ROSTERS / request.param).is_dir():
        pytest.skip("the sample rosters (../shared/data/oneroster) are not there")
    else:
        roster = roster_files.read(ROSTERS / request.param)
        offered = read_credits(ROSTERS / "edfi_grandbend_section_credits.csv")
        scheme, terms = "us:course-units", {"numerator": 24, "denominator": 5, "step": "0.50"}
    asked = product.administrator()
    region = asked.ensure_organisation(asked.root(), "region", f"Story {uuid4().hex[:6]}")["id"]
    assert asked.import_roster(region, roster.archive, "story")["state"] == "applied"
    made = District(product, asked, region, roster, offered, scheme, terms)
    made.enter()
    return made


@pytest.fixture(scope="module")
def posted(district: District) -> dict[str, Any]:
    """The file, after all of it is posted."""
    return send_file(district.client, csv_text(district.rows()), scheme=district.scheme)


def test_the_district_posts_its_credits_by_file(district: District, posted: dict[str, Any]) -> None:
    rows = district.rows()
    assert (posted["state"], posted["posted"], posted["items"]) == ("posted", len(rows), len(rows))
    assert posted["done"] == posted["total"] == len(rows)
    again = send_file(district.client, csv_text(rows), scheme=district.scheme)
    assert (again["posted"], again["replayed"]) == (0, len(rows))
    lots = lots_of(district.student, district.scheme)
    assert sum(Decimal(one["credits"]) for one in lots) == district.owed()


def balance(district: District, scheme: str) -> dict[str, str]:
    accounts = district.student.get("/v1/accounts/me")["accounts"]
    return next(dict(one) for one in accounts if one["scheme"] == scheme)


def refusal(api: Api, path: str, body: dict[str, Any]) -> int:
    with pytest.raises(CallFailedError) as refused:
        api.post(path, body)
    return refused.value.status


@pytest.mark.usefixtures("posted")
def test_they_are_converted_to_ects_and_redeemed_and_the_student_sees_it(district: District) -> None:
    student, owed = district.student, district.owed()
    draft = bank_story.draft(
        district.region, "to-ects", TITLE, {"kind": "conversion", "target": "ects", **district.terms},
        scheme=district.scheme,
    )  # fmt: skip
    proposed = district.registrar.post("/v1/rules", draft)
    decision = f"/v1/rules/{proposed['id']}/decision"
    assert refusal(district.registrar, decision, {"decision": "approve"}) == 403, "nobody approves alone"
    assert district.second.post(decision, {"decision": "approve"})["in_force"]
    lots = lots_of(student, district.scheme)
    every = [{"lot": one["sequence"], "credits": one["credits"]} for one in lots]
    asked = {"rule": proposed["id"], "lots": every, "key": "without consent"}
    assert refusal(student, "/v1/conversions", asked) == 403, "under 14, or of an age nobody knows"
    let_use_credits(district.asked, district.student_id)
    settle(district.product)
    assert len(lots) == len([row for row in district.rows() if row[1] == district.roster.shown.students[0]])
    converted = convert(student, proposed["id"], lots, "all of it")
    assert convert(student, proposed["id"], lots, "all of it") == converted
    assert converted["spent"] == f"{owed:.2f}"
    issued = Decimal(converted["issued"])
    exact = owed * district.terms["numerator"] / district.terms["denominator"]
    assert 0 <= exact - issued < Decimal("0.50") * len(lots)
    assert balance(district, "ects")["available"] == f"{issued:.2f}"

    programme = programme_of(district, issued - Decimal("0.50"))
    too_much = programme_of(district, issued + 60)
    unmet = Api(student.address, student.token, "zh-CN").post(f"/v1/programmes/{too_much}/audit", {})
    assert not unmet["met"]
    assert "60.00" in unmet["measures"][0]["explanation"] or "总共需要" in unmet["measures"][0]["explanation"]
    assert refusal(student, "/v1/awards", {"programme": too_much, "key": "too much"}) == 409
    granted = award(student, district.registrar, programme, "certificate")
    assert granted["state"] == "certified"

    mine = balance(district, "ects")
    assert (mine["redeemed"], mine["available"]) == (f"{issued - Decimal('0.50'):.2f}", "0.50")
    assert balance(district, district.scheme)["converted"] == f"{owed:.2f}"
    (shown,) = student.pages("/v1/awards")
    assert (shown["id"], shown["programme"]["title"]) == (granted["id"], TITLE)
    kinds = [one["kind"] for one in student.pages("/v1/accounts/me/entries?scheme=ects")]
    assert kinds == ["redemption", "hold", *["conversion_deposit"] * len(converted["lots"])]
    wait_until_known(district.product.run["services"]["spaces"], "creditbank")
    portfolio = Api(district.product.run["services"]["spaces"], student.token).get("/v1/portfolio")
    totals = {one["scheme"]: one for one in portfolio["credits"]["totals"]}
    assert (totals["ects"]["amount"], totals["ects"]["redeemed"]) == (f"{issued:.2f}", mine["redeemed"])
    assert totals[district.scheme]["amount"] == "0.00"


def programme_of(district: District, total: Decimal) -> str:
    document = {
        "kind": "programme",
        "total": f"{total:.2f}",
        "residency_percent": 50,
        "requirements": [{"code": "all", "title": {"en": "Everything", "zh": "全部"}}],
    }
    code = f"programme-{total}"
    return publish(district.registrar, district.second, district.region, code, TITLE, document, scheme="ects")


def graded(institution: str, code: str) -> dict[str, Any]:
    """A profile of files in which only some grades are any, and F is not passed."""
    names = [*bank_story.HEADER.split(","), "course_id"]
    document = {
        "columns": {name: name for name in names},
        "grades": {"A": "A", "B": "B", "F": None},
        "unknown_grades": "refuse",
    }
    return {"institution": institution, "code": code, "document": document}


@pytest.mark.usefixtures("posted")
def test_a_deliberately_wrong_file_is_answered_item_by_item(district: District) -> None:
    elsewhere = district.asked.ensure_organisation(district.asked.root(), "region", f"Else {uuid4().hex[:6]}")
    settle(district.product)
    theirs = district.bank(district.asked.api.token).post(
        "/v1/outcomes",
        {"organisation": elsewhere["id"], "kind": "unit", "title": "Theirs", "code": f"T-{uuid4().hex[:6]}"},
    )
    mine = district.roster.shown.students[0]
    known = next(row for row in district.rows() if row[1] != mine)
    profile = f"grades-{uuid4().hex[:8]}"
    district.client.post("/v1/posting-profiles", graded(district.region, profile))
    student, course = known[1], known[2]

    def row(*, course_id: str = "", **changes: str) -> tuple[str, ...]:
        given = {
            "key": uuid4().hex, "learner": student, "course": course, "attempt": uuid4().hex,
            "credits": "1.00", "earned_on": "2021-12-17", "grade": "B", **changes,
        }  # fmt: skip
        if course_id:
            given["course"] = ""
        return (*given.values(), course_id)

    wrong = [
        (row(learner="nobody"), "refused", "learner_unknown"),
        ((*known[:4], "9.99", *known[5:], ""), "conflict", "key_conflict"),
        (row(attempt=known[3]), "refused", "attempt_already_posted"),
        (row(grade="F"), "refused", "not_passed"),
        (row(grade="Z"), "refused", "grade_unknown"),
        (row(course="of-nobody"), "refused", "course_unknown"),
        (row(course_id=theirs["id"]), "refused", "course_unknown"),
        (row(earned_on="2021-02-30"), "refused", "value_invalid"),
        (row(earned_on="17.12.2021"), "refused", "value_invalid"),
        (row(earned_on="2999-01-01"), "refused", "earned_in_future"),
        (row(earned_on="1899-12-31"), "refused", "earned_too_early"),
        (row(credits="10000.01"), "refused", "value_invalid"),
        (row(credits="-1.00"), "refused", "value_invalid"),
        (row(credits="1.005"), "refused", "value_invalid"),
        (row(learner=""), "refused", "value_missing"),
        ((*known, ""), "replayed", None),
        (row(), "posted", None),
    ]
    text = csv_text([one for one, _, _ in wrong]).replace(",grade\n", ",grade,course_id\n", 1)
    judged = send_file(district.client, text, scheme=district.scheme, profile=profile, dry_run="true")
    assert (judged["state"], judged["accepted"], judged["posted"]) == ("judged", 1, 0)
    file = send_file(district.client, text, scheme=district.scheme, profile=profile)
    items = district.client.pages(f"/v1/deposit-files/{file['id']}/items?limit=200")
    found = [(one["outcome"], one["reason"]) for one in items]
    assert found == [(outcome, reason) for _, outcome, reason in wrong]
    assert [one["line"] for one in items] == list(range(2, len(wrong) + 2))
    assert all(one["message"] for one in items if one["reason"])
    assert (file["posted"], file["replayed"], file["conflicts"]) == (1, 1, 1)
