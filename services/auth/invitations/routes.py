"""Invitations over HTTP."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from libs.common.database import DatabaseOf, Reading, Writing
from services.auth.answers import answer
from services.auth.callers import AccountHolder, AccountHolderInPerson, Manager
from services.auth.invitations import service
from services.auth.invitations.schemas import (
    Agreement,
    AnsweredInvitation,
    GuardianInvitation,
    GuardianRequest,
    GuardianRequests,
    GuardianWish,
    InvitationAnswer,
    InvitedPerson,
    InvitingChild,
    PersonInvitation,
    WaitingInvitations,
)

router: Final = APIRouter(prefix="/v1", tags=["invitations"])


@router.post(
    "/organisations/{organisation}/invitations",
    status_code=201,
    response_model=InvitedPerson,
    summary="Invite a person who is on no roster",
)
async def invite_person(
    organisation: UUID,
    body: PersonInvitation,
    request: Request,
    session: Writing,
    actor: Manager,
    response: Response,
) -> InvitedPerson:
    """For administrators in charge: the person is entered by hand, with a role and an account to activate."""
    made = await service.invite_person(
        session,
        actor,
        organisation=organisation,
        role=body.role,
        fields=body.model_dump(exclude_unset=True, exclude={"role", "username"}),
        username=body.username,
        public_address=request.app.state.settings.public_address,
    )
    response.headers["Cache-Control"] = "no-store"
    return InvitedPerson(person=made.id, code=made.code, expires_at=made.expires_at)


@router.post(
    "/people/{person}/guardian-invitations",
    status_code=201,
    response_model=GuardianInvitation,
    summary="Invite somebody to be a child's guardian",
)
async def invite_guardian(
    person: UUID,
    body: GuardianWish,
    request: Request,
    session: Writing,
    actor: AccountHolderInPerson,
    response: Response,
) -> GuardianInvitation:
    """For administrators in charge of the child and for its guardians; the code works once, for 14 days."""
    made = await service.invite_guardian(
        session,
        actor,
        child=person,
        relation=body.relation,
        email=body.email,
        public_address=request.app.state.settings.public_address,
    )
    response.headers["Cache-Control"] = "no-store"
    return GuardianInvitation(id=made.id, code=made.code, expires_at=made.expires_at)


@router.get(
    "/people/{person}/guardian-invitations",
    response_model=WaitingInvitations,
    summary="Invitations that wait for an answer",
)
async def list_invitations(person: UUID, database: DatabaseOf, actor: AccountHolder) -> Response:
    """For the child, the guardians and the administrators in charge."""
    items = await service.waiting_of(database.pool, actor, person)
    return answer(b'{"items":' + items + b"}")


@router.delete("/guardian-invitations/{invitation}", status_code=204, summary="Take an invitation back")
async def revoke_invitation(invitation: UUID, session: Writing, actor: AccountHolderInPerson) -> None:
    """For the one who gave it and for the administrators in charge of the child."""
    await service.revoke(session, actor, invitation)


@router.post(
    "/me/guardian-invitations", response_model=AnsweredInvitation, summary="Accept or refuse to be a guardian"
)
async def answer_invitation(
    body: InvitationAnswer, session: Writing, actor: AccountHolderInPerson, response: Response
) -> AnsweredInvitation:
    """With the code of the invitation. A child of 14 or more must agree as well."""
    answered = await service.answer(session, actor, body.code, accepts=body.accept)
    response.headers["Cache-Control"] = "no-store"
    child = InvitingChild(
        person=answered.child, given_name=answered.given_name, family_name=answered.family_name
    )
    return AnsweredInvitation(state=answered.state, child=child)


@router.get("/me/guardian-requests", response_model=GuardianRequests, summary="Who would be one's guardian")
async def list_requests(session: Reading, actor: AccountHolder, response: Response) -> GuardianRequests:
    """People who accepted an invitation to be the caller's guardian, and whom the caller has to agree to."""
    assert actor.id is not None
    response.headers["Cache-Control"] = "no-store"
    rows = await service.requests_to(session, actor.id)
    return GuardianRequests(items=[GuardianRequest.model_validate(dict(row)) for row in rows])


@router.put("/me/guardian-requests/{invitation}", status_code=204, summary="Agree to a guardian or not")
async def agree_to_guardian(
    invitation: UUID, body: Agreement, session: Writing, actor: AccountHolderInPerson
) -> None:
    """For children of 14 and more."""
    await service.agree(session, actor, invitation, agrees=body.agree)
