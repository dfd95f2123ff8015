"""The main job as the demo tells it: roster, spaces, a post, credits and what comes of them, a portfolio."""

import datetime
import uuid
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.dev import bank_story, demo_names, demo_region, identities, roster_files
from infra.dev.calls import Api, CallFailedError, wait_for
from infra.dev.demo_region import SOURCE
from infra.dev.identities import Identities, SignedIn, full_name
from infra.dev.roster_files import RosterSet, ShownClass

BATCH = 1000
CONSENT_NEEDED = 403
#: how long the demo waits for a summary, which is behind while a large roster comes in
SUMMARY_SECONDS = 8.0
_SIXTEEN_YEARS = datetime.timedelta(days=16 * 366)
Run = Mapping[str, Any]


def play(run: Run, roster: RosterSet | None, credits_file: Path | None) -> Any:
    """Plays all steps against the product that `run` (run.json) describes; gives the portfolio."""
    where = run["services"]
    administrator = next(one for one in run["accounts"] if "administrator" in one["roles"])
    step("An administrator signs in")
    session = identities.sign_in(where["auth"], administrator["username"], administrator["password"])
    asked = Identities(Api(where["auth"], session.token))
    anchor, roster, client = _choose(run, asked, roster)

    step(f"The roster {roster.name} is imported")
    job = asked.import_roster(anchor, roster.archive, SOURCE, tell)
    tell(f"{job['state']} ({job['dialect']})")
    for kind, counts in job["counts"].items():
        tell(f"{kind}: {_numbers(counts)}")
    _wait_for_all(where, session.token, anchor)

    shown = roster.shown
    teacher, student = _sign_in_two(asked, anchor, shown)
    space = _post_announcement(where, teacher, student, shown)
    work = _homework(where, teacher, student, space)
    _post_credits(where, client, roster, credits_file)
    _bank(where, client, asked, teacher, student)
    return _look(where, student, work)


def _choose(run: Run, asked: Identities, roster: RosterSet | None) -> tuple[str, RosterSet, Run]:
    """Where the set is imported, the set, and the client of an institution that may post for its learners."""
    root = asked.root()
    if roster is None:
        today = datetime.datetime.now(datetime.UTC).date()
        client = next(one for one in run["clients"] if "credits.post" in one["scopes"])
        return root, roster_files.from_archive(demo_names.REGION, demo_region.archive(today)), client
    region = asked.ensure_organisation(root, "region", roster.name)["id"]
    return region, roster, asked.register_client("demo", region, ["credits.post"])


def _wait_for_all(where: Mapping[str, str], token: str, region: str) -> None:
    step("Everyone gets a space and every student an account")
    for service in ("spaces", "creditbank"):
        seconds = wait_until_known(where[service], "auth")
        coverage = Api(where[service], token).get(f"/v1/coverage?organisation={region}")
        tell(f"{service} after {seconds:.1f} s: {_numbers(coverage)}")


def wait_until_known(service: str, source: str) -> float:
    """Waits until a service knows everything that `source` has recorded until now; gives the seconds."""
    recorded = datetime.datetime.now(datetime.UTC)

    def known() -> bool:
        as_of = Api(service).get("/health/ready")["sources"][source]
        return as_of is not None and datetime.datetime.fromisoformat(as_of) >= recorded

    return wait_for(known, f"the news of {source} at {service}")


def _sign_in_two(asked: Identities, region: str, shown: ShownClass) -> tuple[SignedIn, SignedIn]:
    step(f"A teacher and a student of “{shown.title}” set their passwords and sign in")
    chosen = []
    for role, identity in (("teacher", shown.teachers[0]), ("student", shown.students[0])):
        person = asked.person(region, identity, role)
        account = asked.activate(person)
        tell(f"{role} {full_name(person)}: {account['username']} / {account['password']}")
        chosen.append(identities.sign_in(asked.api.address, account["username"], account["password"]))
    return chosen[0], chosen[1]


def _post_announcement(
    where: Mapping[str, str], teacher: SignedIn, student: SignedIn, shown: ShownClass
) -> str:
    step(f"The teacher posts to {shown.title}")
    api = Api(where["spaces"], teacher.token)
    read_by_student = {one["id"] for one in Api(where["spaces"], student.token).pages("/v1/me/spaces")}
    # Titles repeat in a school: it is the class that both are in.
    common = [
        one
        for one in api.pages("/v1/me/spaces")
        if one["kind"] == "class" and one["title"] == shown.title and one["id"] in read_by_student
    ]
    if not common:
        raise ValueError(f"teacher and student have no space “{shown.title}” in common")
    space = common[0]
    post = api.post(
        f"/v1/spaces/{space['id']}/posts",
        {
            "kind": "announcement",
            "title": "欢迎 Welcome",
            "text": "请大家下周一带上课本。 Please bring your books on Monday.",
            "links": [{"url": "https://www.w3.org/TR/WCAG22/", "title": "WCAG 2.2"}],
        },
        idempotency_key=str(uuid.uuid4()),
    )
    tell(f"“{post['title']}” by {post['author']['name']} in {post['space']['title']}")
    return str(space["id"])


def _homework(where: Mapping[str, str], teacher: SignedIn, student: SignedIn, space: str) -> str:
    """Homework given, handed in and given back with a mark; its id."""
    step("The teacher gives homework, the student hands it in, and gets it back with a mark")
    theirs, mine = Api(where["spaces"], teacher.token), Api(where["spaces"], student.token)
    due = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=7)
    post = theirs.post(
        f"/v1/spaces/{space}/posts",
        {
            "kind": "homework",
            "title": "第一课作业 Homework of lesson one",
            "text": "写一写你的校园。 Write about your school.",
            "assignment": {"due_at": due.isoformat(), "points": "10"},
        },
        idempotency_key=str(uuid.uuid4()),
    )
    work = mine.send(
        "PUT", f"/v1/posts/{post['id']}/submission", {"text": "我的校园很美。 My school is lovely."}
    )
    attempt = work["attempts"][-1]["id"]
    given = {"attempt": attempt, "mark": "9.00", "comment": "很好！ Well done!"}
    theirs.send("PUT", f"/v1/posts/{post['id']}/submissions/{student.person['id']}/return", given)
    [back] = mine.get(f"/v1/posts/{post['id']}/submission")["attempts"][-1]["returns"]
    tell(f"“{post['title']}”: {back['mark']} of {post['assignment']['points']}, “{back['comment']}”")
    return str(post["id"])


def _post_credits(
    where: Mapping[str, str], client: Run, roster: RosterSet, credits_file: Path | None
) -> None:
    step(f"The institution's client “{client['name']}” posts credits")
    today = datetime.datetime.now(datetime.UTC).date()
    offered = roster_files.read_credits(credits_file) if credits_file else {roster.shown.identity: Decimal(1)}
    items = [
        {
            "key": f"{one.identity}:{student}",
            "learner": {"sourced_id": student},
            "course": {"sourced_id": one.course},
            "attempt": one.identity,
            "credits": f"{amount:.2f}",
            "earned_on": one.earned_on(today),
        }
        for identity, amount in offered.items()
        if (one := roster.classes.get(identity))
        for student in one.students
    ]
    api = Api(where["creditbank"], identities.client_token(where["auth"], client))
    for start in range(0, len(items), BATCH):
        answer = api.post("/v1/deposits", {"items": items[start : start + BATCH]})
        tell(f"{min(start + BATCH, len(items))} of {len(items)}: {_numbers(answer)}")
        for refused in [one for one in answer["items"] if one["outcome"] in ("refused", "conflict")][:3]:
            tell(f"  {refused['key']}: {refused['outcome']} {refused.get('reason', '')}")


def _bank(
    where: Mapping[str, str], client: Run, asked: Identities, teacher: SignedIn, student: SignedIn
) -> None:
    """Rules by two people, and what the student makes of the credits. Told again it changes nothing."""
    step("Two people publish a conversion to ECTS and the rules of a certificate")
    institution = client["organisation"]
    if not any(
        one["role"] == "registrar" for one in asked.api.get(f"/v1/people/{teacher.person['id']}")["roles"]
    ):
        asked.grant(teacher.person["id"], institution, "registrar")
    wait_until_known(where["creditbank"], "auth")
    registrar, second, mine = (
        Api(where["creditbank"], token) for token in (teacher.token, asked.api.token, student.token)
    )
    rules = [
        bank_story.publish(registrar, second, institution, code, title, document, scheme=scheme)
        for code, title, document, scheme in bank_story.DEMO_RULES
    ]
    tell("proposed by the teacher, now a registrar of the institution; approved by the administrator")
    _let_use(asked, student, mine, rules[0])
    step("The student converts and asks for the certificate; the registrar grants it")
    try:
        for lot in bank_story.lots_of(mine, "xuebu:credits"):
            made = bank_story.convert(mine, rules[0], [lot], f"demo {lot['sequence']}")
            tell(f"{made['spent']} {made['scheme']} became {made['issued']} {made['target']}")
        made = bank_story.award(mine, registrar, rules[1], "demo")
    except CallFailedError as refused:  # too few credits for a whole step, or for the certificate
        tell(str(refused))
        return
    tell(f"“{made['programme']['title']['zh']} {made['programme']['title']['en']}”: {made['state']}")


def _let_use(asked: Identities, student: SignedIn, mine: Api, rule: str) -> None:
    """A child under 14, or of unknown age, uses credits by consent, or once the school has told the age."""
    try:
        for lot in bank_story.lots_of(mine, "xuebu:credits")[:1]:
            bank_story.convert(mine, rule, [lot], f"demo {lot['sequence']}")
        return
    except CallFailedError as refused:
        if refused.status != CONSENT_NEEDED:
            return
        step("The student is a child, as far as the school knows, and a guardian's consent is missing")
        tell(str(refused))
    tell(let_use_credits(asked, student.person["id"]))
    wait_until_known(mine.address, "auth")


def let_use_credits(asked: Identities, student: str) -> str:
    """A guardian consents for the student; where there is none, the school tells an age. Says which."""
    guardian = asked.consent_by_guardian(student)
    if guardian is not None:
        return f"guardian {full_name(guardian)} consents"
    asked.tell_birth_date(student, datetime.datetime.now(datetime.UTC).date() - _SIXTEEN_YEARS)
    return "there is no guardian: the administrator tells a birth date, some 16 years ago"


def _look(where: Mapping[str, str], student: SignedIn, work: str) -> Any:
    step("The student looks")
    spaces = Api(where["spaces"], student.token)
    bank = Api(where["creditbank"], student.token)
    for entry in spaces.get("/v1/feed")["items"][:3]:
        tell(f"feed: {entry['title']} · {entry['space']['title']}")
    for account in bank.get("/v1/accounts/me")["accounts"]:
        tell(f"account {account['scheme']}: {account['available']} available, {_numbers(account)}")
    for entry in bank.get("/v1/accounts/me/entries")["items"][:5]:
        of = f" for {entry['course']['title']} by {entry['institution']['name']}" if entry["course"] else ""
        tell(f"entry {entry['sequence']}: {entry['kind']} of {entry['credits']}{of}")
    _look_at_record(bank, student.person["id"], f"urn:uuid:{work}")
    tell(f"spaces knows of it all after {wait_until_known(where['spaces'], 'creditbank'):.1f} s")
    return spaces.get("/v1/portfolio")


def _look_at_record(bank: Api, student: str, work: str) -> None:
    """The homework in the timeline, and counted in the summary, a few seconds behind."""
    wait_until_known(bank.address, "spaces")
    try:
        lines = bank.get(f"/v1/learners/{student}/record?activity={work}")["items"]
    except CallFailedError as refused:  # a child without a guardian's consent has no record to show
        if refused.status != CONSENT_NEEDED:
            raise
        tell(str(refused))
        return
    for line in lines:
        score = ((line["result"] or {}).get("score") or {}).get("raw")
        marked = "" if score is None else f", {score}"
        tell(f"record: {line['verb']['name']} {line['activity']['name']}{marked}")
    verbs, kinds = {line["verb"]["id"] for line in lines}, {}

    def are_counted() -> bool:
        summary = bank.get(f"/v1/learners/{student}/record/summary")
        kinds.update({one["id"]: one["statements"] for one in summary["kinds"]})
        return verbs <= set(kinds)

    try:
        seconds = wait_for(are_counted, "counting the record", SUMMARY_SECONDS)
    except CallFailedError:
        tell("much else is being counted: the record's summary will have it later")
        return
    counted = ", ".join(f"{verb.rpartition('/')[2]} {count}" for verb, count in kinds.items())
    tell(f"counted by kind after {seconds:.1f} s: {counted}")


def step(text: str) -> None:
    """A visible step."""
    print(f"\n▸ {text}", flush=True)


def tell(text: str) -> None:
    """What came of it."""
    print(f"  {text}", flush=True)


def _numbers(document: Mapping[str, Any]) -> str:
    """The counts in a document, in one line."""
    return ", ".join(f"{name} {value}" for name, value in document.items() if type(value) is int)
