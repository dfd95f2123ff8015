"""What is worth remembering for ever."""

from typing import Literal

Action = Literal[
    "account.activated",
    "account.activation_code_issued",
    "account.resumed",
    "account.suspended",
    "class.imported",
    "client.registered",
    "client.resumed",
    "client.suspended",
    "key.rotated",
    "organisation.changed",
    "organisation.closed",
    "organisation.created",
    "organisation.moved",
    "person.changed",
    "person.created",
    "platform.bootstrapped",
    "role.ended",
    "role.granted",
    "roster.imported",
    "session.ended",
    "session.refused",
    "session.started",
]
