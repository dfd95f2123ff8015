"""The chain of commitments, recomputed from an export by code that shares nothing with the bank's."""

import hashlib
import hmac
import json
from typing import Any
from uuid import UUID

import asyncpg
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.database import Database
from services.creditbank.learners.keys import KeyRing
from services.creditbank.ledger.rules import credits_text
from tests.integration.creditbank.conftest import Bank, item
from tests.integration.creditbank.world import District

_BUCKETS = ("issued", "provisional", "available", "held", "redeemed", "converted", "expired", "revoked")
_EXPORT = """
select a.learner, a.person, a.head, k.wrapped, s.code, e.*, l.attempt, l.grade, l.outcome,
  array(select (amount, bucket, lot, institution)::text from posting p
    where p.learner = e.learner and p.entry = e.sequence and p.scheme = e.scheme order by line) as lines
from account a join entry e using (learner, scheme) join scheme s on s.id = a.scheme
join shred_key k using (learner) left join lot l
  on l.learner = e.learner and l.scheme = e.scheme and l.number = e.sequence
where a.person = $1 order by e.sequence
"""


def jcs(value: Any) -> str:
    """RFC 8785, written from its text: sorted members, shortest escapes, no space, whole numbers only."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
        return "{" + ",".join(f"{jcs(name)}:{jcs(member)}" for name, member in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(jcs(one) for one in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(_escaped(character) for character in value) + '"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    assert isinstance(value, int)
    return str(value)


def _escaped(character: str) -> str:
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
    if character in short:
        return short[character]
    return f"\\u{ord(character):04x}" if ord(character) < 0x20 else character


def document(row: asyncpg.Record, previous: bytes | None) -> dict[str, Any]:
    """An entry as the bank commits to it, from its exported rows."""
    postings = []
    for line in row["lines"]:
        amount, bucket, lot, institution = line.strip("()").split(",")
        place = int(lot) if lot else institution
        postings.append([credits_text(int(amount)), _BUCKETS[int(bucket)], place])
    return {
        "batch": str(row["batch"]),
        "effective_on": row["effective_on"].isoformat(),
        "id": str(row["id"]),
        "kind": "deposit",
        "learner": str(row["person"]),
        "lot": {"attempt": row["attempt"], "grade": row["grade"], "outcome": str(row["outcome"])},
        "postings": postings,
        "prev": previous.hex() if previous else None,
        "recorded_at": row["recorded_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "scheme": row["code"],
        "sequence": row["sequence"],
    }


async def test_every_commitment_is_recomputed_from_an_export(
    bank: Bank, database: Database, keys: KeyRing, district: District
) -> None:
    student = district.students[0]
    for n in range(3):
        await bank.posted(
            district.school,
            item(student, district.course, attempt=f'"{n}\\ 期', grade="优/é😀"),
            item(student, district.district_course, credits="12.05"),
        )
    rows = await database.pool.fetch(_EXPORT, student)
    previous: bytes | None = None
    for number, row in enumerate(rows, start=1):
        assert row["sequence"] == number
        key = keys.open(row["learner"], row["wrapped"])
        salt = hmac.new(key, UUID(str(row["id"])).bytes, hashlib.sha256).digest()
        text = jcs(document(row, previous)).encode()
        previous = hashlib.sha256(b"xuebu creditbank entry\n" + salt + text).digest()
        assert row["commitment"] == previous
    assert len(rows) == 6
    assert rows[0]["head"] == previous
    shown = (await bank.entries(student))["items"]
    assert [one["commitment"] for one in shown] == [row["commitment"].hex() for row in reversed(rows)]


async def test_the_view_the_audit_reads_is_canonical(
    bank: Bank, database: Database, district: District
) -> None:
    await bank.posted(district.school, item("S-0", "C-1", attempt='a"\\/\u2028b', grade="é"))
    found = await database.pool.fetchval(
        "select document from entry_document d join account a using (learner, scheme) where a.person = $1",
        district.students[0],
    )
    assert jcs(json.loads(found)) == found


async def test_strings_are_escaped_as_rfc_8785_wants(database: Database) -> None:
    """Every control and many other characters, through the function the postings use."""
    texts: list[str] = [chr(code) for code in range(1, 0x100)]

    @settings(max_examples=300, database=None)
    @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    escaped = await database.pool.fetchval(
        "select array(select json_string(t) from unnest($1::text[]) t)", texts
    )
    assert escaped == [jcs(text) for text in texts]
