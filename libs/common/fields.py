"""Types of request fields that more than one service uses."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

# C0 and C1 controls, the bidirectional overrides that disguise text, and lone surrogates.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FORBIDDEN_IN_BLOCKS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def fault(code: str, en: str, zh: str) -> PydanticCustomError:
    """What a validator raises for a rule of its own: a stable code, and a sentence in both languages."""
    return PydanticCustomError(code, en, {"zh": zh})


def _line(value: str) -> str:
    if _FORBIDDEN.search(value):
        raise PydanticCustomError("control_characters", "must not contain control characters")
    return value


def _block(value: str) -> str:
    if _FORBIDDEN_IN_BLOCKS.search(value):
        raise PydanticCustomError("control_characters", "must not contain control characters")
    return value


#: one line of text without control characters, outer space removed
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_line)
]
#: text with line breaks
Block = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000), AfterValidator(_block)
]
#: a key a client chooses for idempotency or an identifier of its own system
Key = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_line)]
