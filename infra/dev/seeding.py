"""Fills a new checkout: the demo region through the roster import, a demo account for each kind of user."""

import datetime
from collections.abc import Mapping
from typing import Any

from infra.dev import demo_names, demo_region
from infra.dev.calls import Api, CallFailedError
from infra.dev.credentials import Credentials
from infra.dev.environment import say
from infra.dev.identities import Identities, consent, full_name, sign_in
from infra.dev.processes import StartError

INSTITUTION = "示例大学 Sample University"


def ensure_demo_region(where: Mapping[str, str], credentials: Credentials) -> None:
    """Loads the region unless an earlier run has; an interrupted load is taken up where it stopped."""
    if credentials.document.get("demo", {}).get("consented"):
        return
    say("loading the demo region")
    try:
        _load(where["auth"], credentials)
    except CallFailedError as failure:
        raise StartError(f"The demo region could not be loaded. {failure}") from failure


def _load(auth: str, credentials: Credentials) -> None:
    administrator = credentials.document["administrator"]
    session = sign_in(auth, administrator["username"], administrator["password"])
    asked = Identities(Api(auth, session.token))
    root = asked.root()
    archive = demo_region.archive(datetime.datetime.now(datetime.UTC).date())
    asked.import_roster(root, archive, demo_region.SOURCE)
    region = asked.ensure_organisation(root, "region", demo_names.REGION)
    # An institution posts for learners and courses of its own line: so the university lies in the region.
    university = asked.ensure_organisation(region["id"], "university", INSTITUTION)
    # What is shown once is kept at once: an interruption must lose no secret.
    done = credentials.document.get("demo", {"accounts": [], "clients": []})
    done["organisations"] = {"root": root, "region": region["id"], "university": university["id"]}
    if not done["clients"]:
        done["clients"].append(
            asked.register_client(INSTITUTION, university["id"], ["credits.post", "credits.read"])
        )
        credentials.keep("demo", done)
    for person, roles in _chosen(asked, region["id"])[len(done["accounts"]) :]:
        done["accounts"].append({**asked.activate(person), "roles": roles, "name": full_name(person)})
        credentials.keep("demo", done)
    _consent(auth, done["accounts"])
    credentials.keep("demo", {**done, "consented": True})


def _consent(auth: str, accounts: list[dict[str, Any]]) -> None:
    """The demo student is a child under 14: the guardian consents. Of other children nobody has yet."""
    student, guardian = (
        next(one for one in accounts if role in one["roles"]) for role in ("student", "guardian")
    )
    consent(auth, sign_in(auth, guardian["username"], guardian["password"]), student["person"])


def _chosen(asked: Identities, region: str) -> list[tuple[dict[str, Any], list[str]]]:
    """A student, a guardian of that student, a teacher of the same school, and a registrar of the region."""
    name = demo_names.SCHOOLS[0][0]
    school = next(one["id"] for one in asked.children(region) if one["name"] == name)
    student = asked.people(school, "student")[0]
    guardian = asked.relatives(student["id"], "guardians")[0]
    teacher, registrar = asked.people(school, "teacher")[:2]
    asked.grant(registrar["id"], region, "registrar")
    return [
        (student, ["student"]),
        (guardian, ["guardian"]),
        (teacher, ["teacher"]),
        (registrar, ["registrar", "teacher"]),
    ]
