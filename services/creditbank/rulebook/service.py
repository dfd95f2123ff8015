"""Rules as versioned data: drafted by one person of an institution, approved by another, never altered."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from libs.common.database import Database
from libs.common.identity import Caller
from libs.common.ids import new_id
from services.creditbank.approvals import service as approvals
from services.creditbank.approvals.problems import DecisionNotDue
from services.creditbank.approvals.rules import RULING
from services.creditbank.conversions.documents import ConversionDocument
from services.creditbank.conversions.rules import faults as faults_of_terms
from services.creditbank.programmes.documents import ProgrammeDocument
from services.creditbank.programmes.rules import faults as faults_of_rule_set
from services.creditbank.rulebook import repository
from services.creditbank.rulebook.problems import RuleFaulty, RuleNotInForce, RuleUnknown
from services.creditbank.tables import Connection, Where
from services.creditbank.xapi.reactions import service as reactions
from services.creditbank.xapi.reactions.documents import ReactionDocument

page = repository.page


@dataclass(frozen=True, slots=True)
class Draft:
    """A version somebody proposes."""

    institution: UUID
    code: str
    title: tuple[str, str]
    scheme: str
    effective: tuple[date, date | None]
    document: ConversionDocument | ProgrammeDocument | ReactionDocument


@dataclass(frozen=True, slots=True)
class Rule:
    """A version in force, with the institution's line from the root to itself."""

    id: UUID
    institution: UUID
    code: str
    scheme: int
    scheme_code: str
    target: int | None
    ancestors: tuple[UUID, ...]
    document: bytes
    authors: tuple[UUID, UUID]


async def propose(database: Database, caller: Caller, draft: Draft) -> bytes:
    """Write down a further version; it has no effect until another person approves it."""
    pool = database.pool
    await approvals.may_decide(pool, draft.institution, caller, RULING)
    document = draft.document
    codes = [draft.scheme]
    if isinstance(document, ConversionDocument):
        wrong = faults_of_terms(document.terms())
        outcomes, institutions = document.courses or [], document.issuers or []
        codes.append(document.target)
        if document.target == draft.scheme:
            wrong.append("target")
    elif isinstance(document, ReactionDocument):
        wrong, outcomes, institutions = [], [document.course], []
    else:
        wrong = faults_of_rule_set(document.rule_set())
        outcomes = [one.course for one in document.courses]
        outcomes += [course for one in document.requirements for course in one.courses or []]
        institutions = []
        if len({one.course for one in document.courses}) != len(document.courses):
            wrong.append("courses")
    schemes = await repository.schemes(pool, codes)
    if draft.scheme not in schemes:
        wrong.append("scheme")
    if codes[-1] not in schemes and len(codes) > 1:
        wrong.append("target")
    strange = await repository.unknown(
        pool, outcomes=outcomes, institutions=institutions, root=draft.institution
    )
    wrong += [name for name, found in zip(("courses", "issuers"), strange, strict=True) if found]
    if wrong:
        raise RuleFaulty(wrong)
    identifier = new_id()
    await repository.add(
        pool,
        identifier,
        draft.institution,
        (document.kind, draft.code),
        draft.title,
        (schemes[draft.scheme], schemes[codes[1]] if len(codes) > 1 else None),
        document.model_dump_json().encode(),
        draft.effective,
        caller.subject,
    )
    return await repository.document(pool, identifier)


async def read(where: Where, caller: Caller, identifier: UUID) -> bytes:
    """One version: for everybody once it was approved, before for those who may decide."""
    found = await repository.find(where, identifier)
    if found is None:
        raise RuleUnknown
    if found["state"] != "approved":
        await approvals.may_decide(where, found["institution"], caller, RULING)
    return await repository.document(where, identifier)


async def drafts_of(where: Where, caller: Caller) -> list[UUID]:
    """The institutions whose drafts the caller may read."""
    return list(await repository.ruled(where, caller.subject, RULING)) if caller.is_person else []


async def decide(
    database: Database, caller: Caller, identifier: UUID, *, approve: bool, reason: str | None
) -> bytes:
    """Approve or reject a draft; never by the one who made it."""
    found = await repository.find(database.pool, identifier)
    if found is None:
        raise RuleUnknown
    await approvals.may_decide(database.pool, found["institution"], caller, RULING)
    await approvals.refuse_the_same_person(database.pool, caller, found["made_by"])
    after = "approved" if approve else "rejected"
    async with database.pool.acquire() as pooled, pooled.transaction():
        connection: Connection = pooled  # type: ignore[assignment]  # stands for its own
        if not await repository.decide(
            connection, identifier, before="draft", after=after, person=caller.subject, reason=reason
        ):
            raise DecisionNotDue(state=found["state"])
        if approve and found["kind"] == "reaction":
            await reactions.begin(connection, identifier)
    return await repository.document(database.pool, identifier)


async def in_force(where: Where, identifier: UUID, kind: str) -> Rule:
    """A version that may be applied today; raises `RuleUnknown` or `RuleNotInForce`."""
    found = await repository.find(where, identifier)
    if found is None or found["kind"] != kind or found["state"] != "approved":
        raise RuleUnknown
    if not found["in_force"] or not found["is_registered"]:
        raise RuleNotInForce
    return _rule(found)


async def as_it_was(where: Where, identifier: UUID) -> Rule:
    """A version by which something was decided earlier, whatever became of it since."""
    found = await repository.find(where, identifier)
    if found is None:
        raise RuleUnknown
    return _rule(found)


def _rule(found: asyncpg.Record) -> Rule:
    return Rule(
        found["id"],
        found["institution"],
        found["code"],
        found["scheme"],
        found["scheme_code"],
        found["target"],
        tuple(found["ancestors"]),
        found["document"],
        (found["made_by"], found["decided_by"]),
    )
