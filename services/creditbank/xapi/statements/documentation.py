"""What the description of the interface says of the statements resource."""

from typing import Any, Final

from services.creditbank.xapi.protocol.parameters import described

_STATEMENT: Final = {
    "type": "object",
    "description": "a statement of xAPI 1.0.3 or 2.0, by the version the request names",
    "required": ["actor", "verb", "object"],
}
BODY: Final[dict[str, Any]] = {
    **described(),
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"oneOf": [_STATEMENT, {"type": "array", "items": _STATEMENT}]}},
            "multipart/mixed": {"schema": {"type": "string", "format": "binary"}},
        },
    },
}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Ids of what was stored; one statement; or statements and where there are more",
        "content": {"application/json": {"schema": {}}, "multipart/mixed": {"schema": {"type": "string"}}},
    }
}
MEANINGS: Final = {
    "statementId": "UUID of one statement that is not voided",
    "voidedStatementId": "UUID of one statement that is voided",
    "agent": "JSON of an agent or identified group that acts or is the object",
    "verb": "IRI of a verb",
    "activity": "IRI of an activity that is the object",
    "related_activities": "true: the activity anywhere in the statement",
    "related_agents": "true: the agent anywhere in the statement",
    "since": "stored after this time",
    "until": "stored at this time or before",
    "limit": "how many at most; 0: as many as there may be",
    "format": "exact, ids or canonical",
    "attachments": "true: with the contents of attachments, as multipart/mixed",
    "ascending": "true: the oldest first",
    "more": "what a link to further statements says",
}
