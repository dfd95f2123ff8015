"""Merging two records of one person: the one stays, the other becomes an old id of it, for good.

There is no way back: the audit tells which rows moved. What reads by an old id is led to the survivor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.common.database import Database, retrying
from libs.common.problems import NotFound
from services.auth.actors import Actor
from services.auth.audit.service import remember
from services.auth.authority import service as authority
from services.auth.authority.problems import NotInCharge
from services.auth.classes.service import record_classes
from services.auth.families import service as families
from services.auth.merging import repository, rules
from services.auth.merging.problems import OneRecordOnly, RecordsConflict, RosterAtWork
from services.auth.merging.repository import survivor_of
from services.auth.merging.rules import AccountOf, Conflict, Record
from services.auth.people.service import record_people
from services.auth.revocations import service as revocations
from services.auth.sessions.service import end_all_sessions
from services.auth.sql import Where, record_changes

__all__ = ["Plan", "merge", "preview", "survivor_of"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge would do, and what stands in its way."""

    survivor: Record
    other: Record
    conflicts: Sequence[Conflict]
    account: AccountOf | None
    filled: Sequence[str]
    differing: Sequence[str]


async def preview(where: Where, actor: Actor, *, survivor: UUID, other: UUID) -> Plan:
    """What `merge` would do now. Raises NotFound, NotInCharge, OneRecordOnly."""
    await _require_charge(where, actor, survivor, other)
    return await _plan(where, actor, survivor, other)


async def merge(database: Database, actor: Actor, *, survivor: UUID, other: UUID) -> None:
    """Make `other` an old id of `survivor`, as an administrator in charge of everything about both.

    Raises NotFound, NotInCharge, OneRecordOnly, RecordsConflict, RosterAtWork.
    """

    async def once() -> None:
        async with database.transaction() as session:
            await _merge(session, actor, survivor, other)

    await retrying(once)


async def _require_charge(where: Where, actor: Actor, survivor: UUID, other: UUID) -> UUID | None:
    """The organisation for which the actor decides; raises NotFound, NotInCharge, OneRecordOnly."""
    if survivor == other:
        raise OneRecordOnly
    standing = await authority.require_charge_of_whole_person(where, actor, survivor)
    await authority.require_charge_of_whole_person(where, actor, other)
    if await repository.is_outside(where, survivor, other, actor.person):
        raise NotInCharge
    return standing.organisation


async def _plan(where: Where, actor: Actor, survivor: UUID, other: UUID) -> Plan:
    kept = await repository.record(where, survivor)
    gone = await repository.record(where, other)
    if kept is None or gone is None or kept.is_gone or gone.is_gone:
        raise NotFound
    care_between = await repository.is_care_between(where, survivor, other)
    return Plan(
        survivor=kept,
        other=gone,
        conflicts=rules.conflicts(kept, gone, actor=actor.person, care_between=care_between),
        account=rules.kept_account(kept, gone),
        filled=rules.filled(kept, gone),
        differing=rules.differing(kept, gone),
    )


async def _merge(session: Where, actor: Actor, survivor: UUID, other: UUID) -> None:
    await _require_charge(session, actor, survivor, other)
    if not await repository.hold_rosters(session, survivor, other):
        raise RosterAtWork
    await repository.lock(session, survivor, other)
    # Whatever changed while the locks were waited for counts.
    organisation = await _require_charge(session, actor, survivor, other)
    plan = await _plan(session, actor, survivor, other)
    if plan.conflicts:
        raise RecordsConflict(conflicts=list(plan.conflicts))
    await _settle_accounts(session, plan)
    owner = plan.survivor.source_id or plan.other.source_id
    moved = await repository.move(session, other, survivor, owner)
    status = "active" if "active" in (plan.survivor.status, plan.other.status) else "closed"
    await repository.become_one(session, plan.other, plan.survivor, list(plan.filled), status)
    await _tell(session, survivor, other, moved)
    await remember(
        session,
        actor,
        "person.merged",
        organisation=organisation,
        subject=survivor,
        other=other,
        account=plan.account,
        filled=list(plan.filled),
        **{name: moved[name] for name in ("rosters", "roles", "enrolments", "guardianships")},
    )


async def _settle_accounts(session: Where, plan: Plan) -> None:
    """One account stays. Whoever was signed in as the other is signed out: tokens name the person."""
    survivor, other = plan.survivor.id, plan.other.id
    await end_all_sessions(session, other)
    await families.end_of_person(session, other, "suspended")
    await revocations.revoke(session, "person", other)
    await repository.drop_credentials(session, other)
    if plan.account == "other":
        await repository.release_account(session, survivor)
        await repository.take_account(session, other, survivor)
    else:
        await repository.release_account(session, other)


async def _tell(session: Where, survivor: UUID, other: UUID, moved: dict[str, Any]) -> None:
    """The merge comes first: what follows then finds everybody under one id."""
    await record_changes(session, "record_mergers", [other])
    await record_people(session, [survivor, *moved["children"]])
    if moved["classes"]:
        await record_classes(session, moved["classes"])
