"""Whatever names a person in the database is thought of by merges and erasures."""

from tests.integration.auth.life.records import Records

#: columns that lead to a person, and what a merge does with them | what an erasure does
REFERENCES = {
    "account.person_id": "released or taken | deleted",
    "activation_code.person_id": "deleted | deleted",
    "activation_code.issued_by": "kept: who did it | kept",
    "authorization_code.person_id": "deleted | deleted",
    "client_consent.person_id": "deleted | deleted",
    "client_right.decided_by": "kept: who did it | kept",
    "enrolment.person_id": "moved | deleted",
    "erasure.asked_by": "kept: who did it | kept",
    "erasure.cancelled_by": "kept: who did it | kept",
    "erasure.person_id": "kept: ended ones only | kept: that it was done",
    "guardian_consent.child_id": "moved | deleted",
    "guardian_consent.guardian_id": "moved | deleted",
    "guardian_invitation.accepted_by": "moved | deleted",
    "guardian_invitation.child_id": "moved | deleted",
    "guardian_invitation.invited_by": "kept: who did it | kept",
    "guardianship.child_id": "moved | deleted",
    "guardianship.guardian_id": "moved | deleted",
    "person.merged_into": "led on | kept: both are nobody",
    "person_identifier.person_id": "moved | deleted",
    "recovery_code.person_id": "deleted | deleted",
    "recovery_link.person_id": "deleted | deleted",
    "role_assignment.person_id": "moved or ended | deleted",
    "roster_right.granted_by": "kept: who did it | kept",
    "second_factor.person_id": "deleted | deleted",
    "session.person_id": "ended | deleted",
    "started_sign_in.person_id": "deleted | deleted",
    "token_family.person_id": "ended | deleted",
}
_QUERY = """
select r.relname || '.' || a.attname as name
from pg_constraint c join pg_class r on r.oid = c.conrelid
join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
where c.contype = 'f' and c.confrelid in ('person'::regclass, 'account'::regclass)
"""


async def test_every_reference_to_a_person_is_thought_of(records: Records) -> None:
    """A new column that names a person must be settled in `merging` and `erasure`, then here."""
    found = {row["name"] for row in await records.pool.fetch(_QUERY)}
    assert found == set(REFERENCES)
