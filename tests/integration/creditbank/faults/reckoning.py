"""What the books must hold after everything: what was acknowledged, once, and nothing else."""

from collections import Counter
from typing import Any

from services.creditbank.ledger.rules import Kind
from tests.integration.creditbank.faults.callers import Acknowledged, Teller


async def entries_of(connection: Any, kind: Kind, spenders: list[int]) -> list[str]:
    """Ids of the entries of a kind, but for those of the books that are spent from without HTTP."""
    rows = await connection.fetch(
        "select id from entry where kind = $1 and (kind = 1 or learner <> all($2))", kind, spenders
    )
    return [str(row["id"]) for row in rows]


async def the_books_hold_what_was_told(connection: Any, told: Acknowledged, spenders: list[int]) -> None:
    """Sets of ids on both sides: what is missing was lost, what is more was doubled."""

    async def are(kind: Kind, expected: list[str]) -> None:
        found = await entries_of(connection, kind, spenders)
        assert Counter(found) == Counter(expected), kind.name

    awards = [award for _, _, award in told.awards.values()]
    corrections = told.corrections.values()
    replacing = [one["replaced_by"] for one in corrections if one["replaced_by"]]
    await are(Kind.DEPOSIT, [*told.entries.values(), *replacing])
    await are(Kind.REVOCATION, [one["revocation"] for one in corrections])
    await are(Kind.CONVERSION, [answer["id"] for _, _, answer in told.conversions])
    await are(Kind.REDEMPTION, [entry for award in awards for entry in award["entries"] or []])
    states = Counter(award["state"] for award in awards)
    counts = {
        Kind.HOLD: len(awards),
        Kind.RELEASE: states["withdrawn"] + states["refused"],
        Kind.RESCISSION: states["rescinded"],
        Kind.CONVERSION_DEPOSIT: sum(len(answer["lots"]) for _, _, answer in told.conversions),
        Kind.LAPSE: 0,
    }
    for kind, count in counts.items():
        assert len(await entries_of(connection, kind, spenders)) == count, kind.name
    assert min(states[one] for one in ("withdrawn", "refused", "certified", "rescinded")) > 0


async def everything_over_is_expired(connection: Any) -> None:
    """Of lots whose last day is over nothing is left to spend, and each expired once."""
    assert await connection.fetchval("select count(*) from lot where scheme = 902 and expired = issued") > 0
    assert not await connection.fetchval("select count(*) from lot where scheme = 902 and available > 0")
    doubled = (
        "select count(*) from posting where bucket = 6 group by learner, scheme, lot having count(*) > 1"
    )
    assert not await connection.fetch(doubled)


#: by what an event tells, the kind of entry that does it
_TOLD = {
    "posted": Kind.DEPOSIT,
    "redeemed": Kind.REDEMPTION,
    "rescinded": Kind.RESCISSION,
    "converted": Kind.CONVERSION,
    "expired": Kind.EXPIRY,
    "revoked": Kind.REVOCATION,
}


async def everything_is_told_once(connection: Any) -> None:
    """The events name each entry that others learn of once, and are numbered without a gap."""
    for what, kind in _TOLD.items():
        named = await connection.fetch(
            "select json_array_elements(data -> 'entries') ->> 'id' as id from outbox where type = $1",
            f"creditbank.credits.{what}.v1",
        )
        entries = await connection.fetch("select id::text from entry where kind = $1", kind)
        assert entries, what
        assert Counter(row["id"] for row in named) == Counter(row["id"] for row in entries), what
    numbered = await connection.fetchrow(
        "select count(sequence) as events, count(distinct sequence) as numbers, max(sequence) as last"
        " from outbox"
    )
    assert numbered["events"] == numbered["numbers"] == numbered["last"]


async def sent_again_answers_the_same(tellers: list[Teller], told: Acknowledged) -> None:
    """All that was acknowledged, under the same keys, to a bank whose processes have all died since."""
    teller = tellers[0]
    for body, entries in told.calls:
        answer = await teller.done("POST", "/v1/deposits", teller.machine, json=body)
        assert [one["entry"] for one in answer["items"]] == entries
        assert answer["replayed"] == len(entries)
    for content, entries in told.files:
        assert await teller.posted_by(content) == entries
    for student, body, answer in told.conversions:
        assert await teller.done("POST", "/v1/conversions", teller.person(student), json=body) == answer
    for student, body, award in told.awards.values():
        assert await teller.done("POST", "/v1/awards", teller.person(student), json=body) == award
    for identifier, correction in told.corrections.items():
        shown = await teller.done("GET", f"/v1/corrections/{identifier}", teller.machine)
        assert shown == correction
