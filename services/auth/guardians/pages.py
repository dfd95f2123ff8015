"""Children on pages: their part of the account page, consent, and inviting another guardian."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Depends, Request, Response
from pydantic import TypeAdapter, ValidationError

from libs.common.database import Database, DatabaseOf, Writing
from libs.common.languages import Text
from libs.common.problems import MalformedRequest, NotFound
from services.auth.guardians import service
from services.auth.guardians.problems import ConsentTextChanged
from services.auth.guardians.rules import DECISIONS, Decision
from services.auth.guardians.texts import BODY, CHILD, SECTION, STATES, TITLE, VERSION, relation
from services.auth.invitations import service as invitations
from services.auth.invitations.schemas import Relation
from services.auth.pages import Fields, Form, Section, page, page_router, see_other
from services.auth.people.schemas import Email
from services.auth.sessions.browser import SignedIn
from services.auth.sessions.service import Session
from services.auth.sql import Row, Where
from services.auth.userinfo.rules import full_name

router: Final = page_router()
_NEWEST: Final = 2**63 - 1
_SHOWN: Final = 20
_RELATION: Final = TypeAdapter[str](Relation)
_EMAIL: Final = TypeAdapter[str](Email)
_KINDS: Final = {
    "given": "",
    "not-needed": "calm",
    "missing": "bad",
    "refused": "calm",
    "withdrawn": "calm",
}


def _shown(row: Row) -> dict[str, Any]:
    return {
        **row,
        "id": row["person"],
        "name": row["preferred_name"] or full_name(row["given_name"], row["family_name"], None),
        "relation": relation(row["relation"]),
        "state": STATES[row["consent"]],
        "kind": _KINDS[row["consent"]],
        "is_asked": row["consent"] == "missing" or (row["consent"] != "not-needed" and not row["decision"]),
        "mine": STATES[row["decision"]] if row["decision"] else None,
    }


async def account_section(database: Database, session: Session) -> Section | None:
    """The children's part of the account page; None for whoever is nobody's guardian."""
    rows = await service.children_of(database.pool, session.person)
    if not rows:
        return None
    return Section("account/children.html", SECTION, {"children": [_shown(row) for row in rows]})


@router.get("/account/children/{child}")
async def show_child(child: UUID, request: Request, database: DatabaseOf, who: SignedIn) -> Response:
    """The consent and its text, what was decided, and the form that invites another guardian."""
    return await _page(request, database.pool, who, child)


@router.post("/account/children/{child}/consent")
async def decide(
    child: UUID,
    request: Request,
    session: Writing,
    who: SignedIn,
    form: Annotated[Fields, Depends(Form("consent-for-child", bound_to="child"))],
) -> Response:
    """Records the decision, and shows the account again."""
    _require_bound(form, child)
    wish = form.get("decision", "")
    if wish not in DECISIONS:
        raise MalformedRequest
    decision: Decision = wish  # type: ignore[assignment]
    try:
        await service.decide(session, who.actor, child, decision, text_version=form.get("text_version"))
    except ConsentTextChanged:
        return await _page(request, session, who, child, status=409, trouble=CHILD["changed"])
    return see_other("/account?done=consent")


@router.post("/account/children/{child}/guardians")
async def invite_guardian(
    child: UUID,
    request: Request,
    session: Writing,
    who: SignedIn,
    form: Annotated[Fields, Depends(Form("invite-guardian", bound_to="child"))],
) -> Response:
    """Sends the invitation, or shows its code this once."""
    _require_bound(form, child)
    relation, email = form.get("relation", "").strip(), form.get("email", "").strip()
    again = {"relation": relation[:60], "email": email[:254]}
    if not _fits(_RELATION, relation):
        return await _page(
            request, session, who, child, status=422, relation_error=CHILD["no_relation"], **again
        )
    if email and not _fits(_EMAIL, email):
        return await _page(request, session, who, child, status=422, email_error=CHILD["no_email"], **again)
    made = await invitations.invite_guardian(
        session,
        who.actor,
        child=child,
        relation=relation,
        email=email or None,
        public_address=request.app.state.settings.public_address,
    )
    done = CHILD["code"].format(code=made.code) if made.code else CHILD["mailed"]
    return await _page(request, session, who, child, done=done)


@router.post("/account/children/{child}/end")
async def leave(
    child: UUID,
    session: Writing,
    who: SignedIn,
    form: Annotated[Fields, Depends(Form("leave-child", bound_to="child"))],
) -> Response:
    """Ends the guardianship for good."""
    _require_bound(form, child)
    await service.leave(session, who.actor, child)
    return see_other("/account?done=consent")


def _require_bound(form: Fields, child: UUID) -> None:
    """The form was shown for this very child."""
    if form.get("child") != str(child):
        raise NotFound


def _fits(kind: TypeAdapter[str], value: str) -> bool:
    try:
        kind.validate_python(value)
    except ValidationError:
        return False
    return True


async def _page(
    request: Request, where: Where, who: Session, child: UUID, *, status: int = 200, **values: Any
) -> Response:
    row = await service.child_of(where, who.person, child)
    decided = await service.decisions(where, who.actor, child, _NEWEST, _SHOWN)
    blank: dict[str, Text | str | None] = dict.fromkeys(("done", "trouble", "relation_error", "email_error"))
    return page(
        request,
        "child.html",
        CHILD,
        status=status,
        child=_shown(row),
        title=TITLE,
        body=BODY,
        version=VERSION,
        history=[_decided(orjson.loads(one["document"])) for one in decided],
        **({**blank, "relation": "", "email": ""} | values),
    )


def _decided(record: dict[str, Any]) -> dict[str, Any]:
    guardian = record["guardian"]
    return {
        "state": STATES[record["decision"]],
        "name": full_name(guardian["given_name"], guardian["family_name"], None),
        "decided_at": datetime.fromisoformat(record["decided_at"]),
        "text_version": record["text_version"],
    }
