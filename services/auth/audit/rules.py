"""What is worth remembering for ever."""

from typing import Final, Literal

Action = Literal[
    "account.activated",
    "account.activation_code_issued",
    "account.password_changed",
    "account.recovered",
    "account.recovery_requested",
    "account.resumed",
    "account.suspended",
    "application.allowed",
    "application.refused",
    "application.signed_in",
    "application.withdrawn",
    "authorization.refused",
    "class.imported",
    "client.changed",
    "client.refused",
    "client.registered",
    "client.resumed",
    "client.rights_decided",
    "client.secret_ended",
    "client.secret_issued",
    "client.suspended",
    "key.revoked",
    "key.rotated",
    "organisation.changed",
    "organisation.closed",
    "organisation.created",
    "organisation.moved",
    "person.changed",
    "person.created",
    "platform.bootstrapped",
    "role.activated",
    "role.ended",
    "role.granted",
    "roster.imported",
    "roster.refused",
    "roster.right_granted",
    "roster.right_withdrawn",
    "second_factor.enrolled",
    "second_factor.recovery_code_used",
    "second_factor.recovery_codes_renewed",
    "second_factor.refused",
    "second_factor.removed",
    "second_factor.reset",
    "session.ended",
    "session.refused",
    "session.renewed",
    "session.started",
    "tokens.granted",
    "tokens.replayed",
    "tokens.revoked",
]

# The statement that adds a row; its values stand for SQL. position, previous and hash are the trigger's,
# which takes the chain's lock until the transaction ends: add the row last.
INSERT: Final = """
insert into audit (position, action, actor_kind, actor_id, organisation_id, subject_id, data, previous, hash)
values (0, {action}, {actor_kind}, {actor_id}, {organisation_id}, {subject_id}, {data}, '', '')
"""
