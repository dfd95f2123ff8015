"""Turns statements into credits: once for a learner and rule, in one transaction with the books.

Statements are looked at in the order they were stored, up to where nothing can appear any more. What meets a
condition is written down with whose it is; of whom nobody knows waits until auth, or a link, tells of them.
Who has met all conditions of a rule has a claim, which is posted, refused, or waits, with the statements as
evidence. Everything of a step is in one transaction, which holds the organisation's row: two workers, or one
that is killed, change nothing about what comes of it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import orjson

from libs.common.database import Database, is_away, retrying
from libs.common.ids import new_id
from libs.common.recurring import Recurring
from services.creditbank.deposits.rules import Answer, Call, Item, Refused
from services.creditbank.deposits.service import PostingDesk
from services.creditbank.tables import Connection
from services.creditbank.xapi.learning.vocabulary import AUTHORITY
from services.creditbank.xapi.protocol.rules import agent_key
from services.creditbank.xapi.reactions import claiming, repository
from services.creditbank.xapi.reactions.claiming import Claimed, Proof
from services.creditbank.xapi.reactions.documents import ReactionDocument
from services.creditbank.xapi.reactions.repository import Matched
from services.creditbank.xapi.reactions.rules import (
    KEY_TAKEN,
    OWN_RULE,
    WAITS_FOR,
    Terms,
    acts_alone,
    attempt_of,
    claim_key,
    grade,
    is_met,
    scaled_score,
    vouched_for,
)
from services.creditbank.xapi.statements.horizon import Horizon
from services.creditbank.xapi.statements.keys import key
from services.creditbank.xapi.validation.statements import VOIDED

FAILED: Final = "xapi.reacting_failed"
_SHIFT: Final = 20


class CannotPost(Exception):
    """The institution may not post now: nothing is done until it may."""


@dataclass(frozen=True, slots=True)
class Homes:
    """Where accounts of people and clients are, and the key of the agent that is the product itself."""

    issuer: str
    platform: str

    @classmethod
    def of(cls, *, issuer: str, store: str) -> "Homes":
        """By the addresses of auth and of the record store."""
        return cls(issuer, f"account {store} {AUTHORITY}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A version of a rule, and the days on which what happened counts: from the first to before the last."""

    id: UUID
    code: str
    scheme: str
    terms: Terms
    begins: date
    ends: date | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "Rule":
        terms = ReactionDocument.model_validate_json(row["document"]).terms()
        return cls(row["id"], row["code"], row["scheme"], terms, row["begins"], row["ends"])

    def counts(self, day: date) -> bool:
        return self.begins <= day and (self.ends is None or day < self.ends)


@dataclass(frozen=True, slots=True)
class Wish:
    """Credits that a learner has met all conditions for, with the statement for each condition."""

    rule: Rule
    learner: int
    item: Item
    proofs: Sequence[Proof]


class Step:
    """One step for one organisation, in the caller's transaction. Of a trial, for one rule only."""

    def __init__(
        self,
        connection: Connection,
        desk: PostingDesk,
        organisation: UUID,
        homes: Homes,
        only: UUID | None = None,
    ) -> None:
        self._connection, self._desk = connection, desk
        self._organisation, self._homes, self._only = organisation, homes, only
        self._rules: dict[UUID, Rule] = {}

    async def look(self, last: int) -> tuple[int, bool, set[tuple[UUID, int]]]:
        """Look at the next statements, up to the one at the position `last`.

        How many with the verb of a condition; whether there are more; who has met something of which rule.
        """
        connection, organisation = self._connection, self._organisation
        rules = await repository.behind(connection, organisation, last, self._only)
        if not rules:
            return 0, False, set()
        reached, rows = await repository.walk(connection, organisation, rules, last)
        await self._know({row["rule"] for row in rows})
        credentials = await repository.credentials(connection, organisation) if rows else frozenset[str]()
        matches = [one for row in rows if (one := self._match(row, credentials)) is not None]
        touched = set(await repository.keep(connection, organisation, matches)) if matches else set()
        await repository.went(connection, rules, reached)
        return len(rows), reached < last or len(rules) >= repository.MOST_RULES, touched

    async def again(self) -> tuple[set[tuple[UUID, int]], list[UUID]]:
        """Whatever became due: who may have met something of which rule, and the claims among it."""
        touched = set(await repository.look_again(self._connection, self._organisation))
        claims = await claiming.claims_again(self._connection, self._organisation)
        return touched | {(row["rule"], row["learner"]) for row in claims}, [row["id"] for row in claims]

    async def claim(self, touched: Collection[tuple[UUID, int]]) -> list[Claimed]:
        """Claim and post what these learners have met all conditions for. Raises CannotPost."""
        rows = await claiming.met(self._connection, self._organisation, touched)
        await self._know({row["rule"] for row in rows})
        wishes = list(self._wishes(rows))
        if not wishes:
            return []
        owned = await claiming.own(self._connection, [(one.rule.id, one.learner) for one in wishes])
        answers = iter(await self._post([one for n, one in enumerate(wishes) if n not in owned]))
        claims = [
            self._claimed(one, *((None, _OWN_ANSWER) if n in owned else next(answers)))
            for n, one in enumerate(wishes)
        ]
        proofs = [
            proof._replace(claim=made.id)
            for made, one in zip(claims, wishes, strict=True)
            for proof in one.proofs
        ]
        await claiming.claim(self._connection, self._organisation, claims, proofs)
        return claims

    async def note_voided(self, after: int, last: int) -> None:
        """Say on claims which of their statements are voided."""
        verb = key(self._organisation.hex, "verb", VOIDED)
        await claiming.mark_voided(self._connection, self._organisation, verb, after=after, last=last)

    async def drop(self, claims: Sequence[UUID]) -> None:
        """These claims were due; those that nothing supports any more are none."""
        if claims:
            await claiming.drop_claims(self._connection, claims)

    async def _know(self, wanted: set[UUID]) -> None:
        missing = wanted - self._rules.keys()
        if missing:
            for row in await repository.rules(self._connection, missing):
                self._rules[row["id"]] = Rule.of(row)

    def _match(self, row: asyncpg.Record, credentials: frozenset[str]) -> Matched | None:
        rule = self._rules[row["rule"]]
        statement: Mapping[str, Any] = orjson.loads(row["body"])
        agent, authority = agent_key(statement["actor"]), statement["authority"]
        day = rule.terms.day(row["happened_at"])
        if (
            agent is None
            or not acts_alone(statement)
            or not rule.counts(day)
            or not is_met(rule.terms.conditions[row["condition"]], statement)
            or not vouched_for(
                authority,
                agent_key(authority),
                rule.terms,
                issuer=self._homes.issuer,
                platform=self._homes.platform,
                credentials=credentials,
            )
        ):
            return None
        digest = sha256(agent.encode()).digest()
        person = self._person(statement["actor"])
        return Matched(rule.id, row["position"], row["condition"], day, digest, person)

    def _person(self, actor: Mapping[str, Any]) -> UUID | None:
        """Whose account at auth an agent is."""
        account = actor.get("account", {})
        if account.get("homePage") != self._homes.issuer:
            return None
        try:
            person = UUID(account["name"])
        except ValueError:
            return None
        return person if str(person) == account["name"] else None

    def _wishes(self, rows: Sequence[asyncpg.Record]) -> Iterator[Wish]:
        """Of whoever met all conditions, by the first version of a rule by which they did."""
        seen: set[tuple[str, int]] = set()
        for (identifier, learner), group in groupby(rows, lambda row: (row["rule"], row["holder"])):
            rule, found = self._rules[identifier], list(group)
            if len(found) < len(rule.terms.conditions) or (rule.code, learner) in seen:
                continue
            seen.add((rule.code, learner))
            yield self._wish(rule, learner, found)

    def _wish(self, rule: Rule, learner: int, rows: Sequence[asyncpg.Record]) -> Wish:
        terms = rule.terms
        score = scaled_score(orjson.loads(rows[0]["body"])) if terms.grades else None
        item = Item(
            key=claim_key(rule.code, rows[0]["person"]),
            learner_id=rows[0]["person"],
            learner_sourced_id=None,
            course_id=terms.course,
            course_sourced_id=None,
            attempt=attempt_of(rule.code, terms),
            amount=terms.amount,
            grade=grade(terms, score),
            earned_on=max(row["day"] for row in rows),
        )
        proofs = [
            Proof(_NOBODY, row["condition"], row["id"], row["position"], sha256(row["body"]).digest())
            for row in rows
        ]
        return Wish(rule, learner, item, proofs)

    async def _post(self, wishes: Sequence[Wish]) -> list[tuple[UUID, Answer]]:
        """Post them, all accounts locked in one order; batch and answer of each."""
        by_rule = [list(group) for _, group in groupby(wishes, lambda one: one.rule.id)]
        calls = [
            Call(
                new_id(),
                self._organisation,
                self._organisation,
                str(some[0].rule.id),
                some[0].rule.scheme,
                [one.item for one in some],
            )
            for some in by_rule
        ]
        found: list[tuple[UUID, Answer]] = []
        for told in await self._desk.post_within(self._connection, calls) if calls else ():
            if isinstance(told, Refused):
                raise CannotPost(told.reason)
            found += [(told.batch, answer) for answer in told.items]
        return found

    def _claimed(self, wish: Wish, batch: UUID | None, answer: Answer) -> Claimed:
        state, reason = "refused", answer.reason
        if answer.outcome in ("posted", "replayed"):
            state, reason = "posted", None
        elif answer.outcome == "conflict":
            reason = KEY_TAKEN
        elif reason == WAITS_FOR:
            state = "waiting"
        rule, item = wish.rule, wish.item
        return Claimed(
            new_id(),
            rule.id,
            rule.code,
            wish.learner,
            state,
            reason,
            answer.entry,
            batch if state == "posted" else None,
            item.grade,
            item.earned_on,
        )


_NOBODY: Final = UUID(int=0)
_OWN_ANSWER: Final = Answer("refused", None, OWN_RULE)


class Reactor:
    """Works for all organisations of one database. Several may: an organisation is one worker's at a time."""

    def __init__(
        self, database: Database, desk: PostingDesk, horizon: Horizon, homes: Homes, *, every_s: float
    ) -> None:
        self._database, self._desk, self._horizon = database, desk, horizon
        self._homes, self._every_s = homes, every_s

    async def run(self) -> None:
        """For ever; a store that is away is waited for."""
        await Recurring(self._work, failed=FAILED, retry_seconds=self._every_s).run()

    async def _work(self) -> float:
        failed: Exception | None = None
        for organisation in await repository.due(self._database.pool, await self.end()):
            try:
                while await self.work(organisation):
                    pass
            except Exception as error:  # one organisation must not hold up the others
                if is_away(error):
                    raise
                failed = error
        if failed is not None:
            raise failed
        return self._every_s

    def step(self, connection: Connection, organisation: UUID, only: UUID | None = None) -> Step:
        """What is done for an organisation, in the caller's transaction."""
        return Step(connection, self._desk, organisation, self._homes, only)

    async def end(self) -> int:
        """The position before which nothing appears any more."""
        return int((await self._horizon.through()).timestamp() * 1000) << _SHIFT

    async def work(self, organisation: UUID) -> bool:
        """One step for one organisation; whether there is another one to do at once."""
        end = await self.end()

        async def once() -> bool:
            async with self._database.pool.acquire() as pooled, pooled.transaction():
                return await self._step(cast("Connection", pooled), organisation, end)

        try:
            more = await retrying(once)
        except CannotPost:
            return False
        self._database.events_recorded()
        return more

    async def _step(self, connection: Connection, organisation: UUID, end: int) -> bool:
        voided = await repository.take(connection, organisation)
        if voided is None:
            return False
        step = self.step(connection, organisation)
        last = await repository.newest(connection, organisation, end)
        _, more, touched = await step.look(last)
        again, claims = await step.again()
        await step.claim(touched | again)
        await step.drop(claims)
        await step.note_voided(voided, last)
        return more or max(len(claims), len(again)) >= repository.MOST_DUE
