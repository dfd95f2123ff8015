"""The life of a version of rules: draft, then approved by somebody else; superseded by the next one's day."""

from typing import Final, Literal

RuleKind = Literal["conversion", "programme"]
KINDS: Final = ("conversion", "programme")
State = Literal["draft", "approved", "rejected", "withdrawn"]
STATES: Final = ("draft", "approved", "rejected", "withdrawn")
