"""Fills a new checkout: the demo region through the roster import, a demo account for each kind of user."""

import datetime
from collections.abc import Mapping
from typing import Any

from infra.dev import demo_names, demo_region
from infra.dev.calls import Api, CallFailedError
from infra.dev.credentials import Credentials
from infra.dev.environment import say
from infra.dev.identities import Identities, full_name, sign_in
from infra.dev.processes import StartError

INSTITUTION = "示例大学 Sample University"


def ensure_demo_region(where: Mapping[str, str], credentials: Credentials) -> None:
    """Loads the region unless an earlier run has; an interrupted load is taken up again."""
    if credentials.document.get("demo"):
        return
    say("loading the demo region")
    try:
        credentials.keep("demo", _load(where["auth"], credentials))
    except CallFailedError as failure:
        raise StartError(f"The demo region could not be loaded. {failure}") from failure


def _load(auth: str, credentials: Credentials) -> dict[str, Any]:
    administrator = credentials.document["administrator"]
    session = sign_in(auth, administrator["username"], administrator["password"])
    asked = Identities(Api(auth, session.token))
    root = _root_of(session.person)
    region = asked.ensure_organisation(root, "region", demo_names.REGION)
    archive = demo_region.archive(datetime.datetime.now(datetime.UTC).date())
    asked.import_roster(region["id"], archive, lambda _job: None)
    university = asked.ensure_organisation(root, "university", INSTITUTION)
    client = asked.register_client(INSTITUTION, university["id"], ["credits.post"])
    return {
        "accounts": _accounts(asked, region["id"]),
        "clients": [client],
        "organisations": {"root": root, "region": region["id"], "university": university["id"]},
    }


def _accounts(asked: Identities, region: str) -> list[dict[str, Any]]:
    """A student, a guardian of that student, a teacher, and a registrar of the region."""
    student = asked.people(region, "student")[0]
    teachers = asked.people(region, "teacher")
    guardian = asked.people(region, "guardian")[0]
    registrar = teachers[-1]
    asked.grant(registrar["id"], region, "registrar")
    chosen = (
        (student, ["student"]),
        (teachers[0], ["teacher"]),
        (guardian, ["guardian"]),
        (registrar, ["registrar", "teacher"]),
    )
    return [{**asked.activate(person), "roles": roles, "name": full_name(person)} for person, roles in chosen]


def _root_of(person: dict[str, Any]) -> str:
    """The organisation in which the administrator is one."""
    return next(str(role["organisation"]) for role in person["roles"] if role["role"] == "administrator")
