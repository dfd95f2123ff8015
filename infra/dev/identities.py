"""What the runner and the demo ask of auth: sign in, organisations, rosters, accounts, clients."""

import datetime
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.dev import code_flow
from infra.dev.calls import Api, CallFailedError, wait_for
from infra.dev.credentials import PERSON_SCOPES, new_password

#: states of a roster import that change no more
FINAL = ("applied", "unchanged", "refused", "failed")
#: the platform's own frontend, as the runner registers it
FRONTEND = code_flow.Frontend("xuebu-frontend", " ".join(PERSON_SCOPES))


@dataclass(frozen=True)
class SignedIn:
    """A person's session."""

    token: str
    person: dict[str, Any]


def sign_in(auth: str, username: str, password: str) -> SignedIn:
    """Opens a session through the sign-in page, as the platform's own frontend does."""
    try:
        answer = code_flow.run(code_flow.code_flow(auth, FRONTEND, username, password))
    except code_flow.SignInFailedError as failure:
        raise CallFailedError(f"sign in at {auth}", failure.status, str(failure)) from None
    except OSError as failure:
        raise CallFailedError(f"sign in at {auth}", 0, str(failure)) from None
    token = str(answer["access_token"])
    return SignedIn(token, dict(Api(auth, token).get("/v1/me")))


def client_token(auth: str, client: Mapping[str, Any]) -> str:
    """A token by client credentials, for a registered client as run.json describes it."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "scope": " ".join(client["scopes"]),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = Api(auth).call("POST", "/oauth/token", urllib.parse.urlencode(form).encode(), headers)
    return str(answer.body["access_token"])


def consent(auth: str, guardian: SignedIn, child: str) -> bool:
    """A guardian consents for a child in the text's newest version; False where none is needed any more."""
    api = Api(auth, guardian.token)
    mine = api.get("/v1/me/children")
    (found,) = [one for one in mine["items"] if one["person"] == child]
    if found["consent"] in ("given", "not-needed"):
        return False
    wish = {"decision": "given", "text_version": mine["text"]["version"]}
    api.send("PUT", f"/v1/me/children/{child}/consent", wish)
    return True


@dataclass(frozen=True)
class Identities:
    """auth, asked by an administrator."""

    api: Api

    def root(self) -> str:
        """The organisation that the administrator is in charge of."""
        roles = self.api.get("/v1/me")["roles"]
        return next(str(held["organisation"]["id"]) for held in roles if held["role"] == "administrator")

    def children(self, parent: str) -> list[dict[str, Any]]:
        """The organisations right below, by name."""
        return self.api.pages(f"/v1/organisations/{parent}/children?limit=200")

    def ensure_organisation(self, parent: str, kind: str, name: str) -> dict[str, Any]:
        """The organisation of that name below `parent`, made when there is none."""
        for organisation in self.children(parent):
            if organisation["name"] == name and organisation["type"] == kind:
                return dict(organisation)
        return dict(self.api.post("/v1/organisations", {"parent": parent, "type": kind, "name": name}))

    def import_roster(
        self, organisation: str, archive: bytes, source: str, stage_begun: Callable[[str], None] | None = None
    ) -> dict[str, Any]:
        """Uploads a set and follows the job to its end; raises with the findings when it is refused."""
        answer = self.api.upload("/v1/roster-imports", archive, organisation=organisation, source=source)
        where = answer.headers["Location"]
        job: dict[str, Any] = {}

        def ended() -> bool:
            before = job.get("state"), job.get("stage")
            job.update(self.api.get(where))
            if stage_begun and before != (job["state"], job["stage"]) and job["state"] not in FINAL:
                stage_begun(f"{job['state']} {job['stage'] or ''}".rstrip())
            return job["state"] in FINAL

        wait_for(ended, f"import {where}", 900)
        if job["state"] in ("refused", "failed"):
            findings = self.api.get(f"{where}/findings?severity=error")["items"]
            shown = [f"\n  {one['file']}:{one['row']} {one['field']}: {one['message']}" for one in findings]
            raise CallFailedError(f"import {where}", 0, job["state"] + "".join(shown[:20]))
        return job

    def people(self, organisation: str, role: str, limit: int = 200) -> list[dict[str, Any]]:
        """The first people with that role in the organisation, by name."""
        page = self.api.get(f"/v1/organisations/{organisation}/people?role={role}&limit={limit}")
        return list(page["items"])

    def person(self, organisation: str, sourced_id: str, role: str) -> dict[str, Any]:
        """The person with that role whom the organisation's roster knows by that sourcedId."""
        quoted = urllib.parse.quote(sourced_id)
        found = self.api.get(f"/v1/organisations/{organisation}/people?sourced_id={quoted}")["items"]
        if len(found) == 1:
            person = dict(self.api.get(f"/v1/people/{found[0]['id']}"))
            if role in {held["role"] for held in person["roles"]}:
                return person
        raise CallFailedError(f"{role} {sourced_id}", 0, f"{len(found)} people found, or not with this role")

    def relatives(self, person: str, kind: str) -> list[dict[str, Any]]:
        """The "guardians" or "children" of a person."""
        found = self.api.get(f"/v1/people/{person}")[kind]
        return [self.api.get(f"/v1/people/{one['person']}") for one in found]

    def activate(self, person: dict[str, Any]) -> dict[str, str]:
        """Gives the person an account with a new password: a code by the administrator, then its use."""
        code = self.api.post(f"/v1/people/{person['id']}/activation-codes", {})["code"]
        password = new_password()
        answer = Api(self.api.address).post("/v1/activations", {"code": code, "password": password})
        return {"username": answer["username"], "password": password, "person": person["id"]}

    def consent_by_guardian(self, child: str) -> dict[str, Any] | None:
        """The guardian who signed in and consented for the child; None of a child who has no guardian."""
        for guardian in self.relatives(child, "guardians")[:1]:
            account = self.activate(guardian)
            consent(
                self.api.address, sign_in(self.api.address, account["username"], account["password"]), child
            )
            return guardian
        return None

    def tell_birth_date(self, person: str, day: datetime.date) -> None:
        """Sets by hand when somebody was born, which no roster overwrites."""
        self.api.send("PATCH", f"/v1/people/{person}", {"birth_date": day.isoformat()})

    def grant(self, person: str, organisation: str, role: str) -> None:
        """Grants a role by hand."""
        self.api.post("/v1/roles", {"person": person, "organisation": organisation, "role": role})

    def register_client(self, name: str, organisation: str, scopes: list[str]) -> dict[str, Any]:
        """Registers an institution's machine client; its secret is shown this once."""
        made = self.api.post("/v1/clients", {"name": name, "organisation": organisation, "scopes": scopes})
        return {
            "client_id": made["client_id"],
            "client_secret": made["client_secret"],
            "name": name,
            "organisation": organisation,
            "scopes": scopes,
        }


def full_name(person: dict[str, Any]) -> str:
    """Family name first where it is written in Chinese characters, else last."""
    given, family = person["given_name"], person["family_name"]
    return f"{family}{given}" if family and ord(family[0]) > 0x2E80 else f"{given} {family}"
