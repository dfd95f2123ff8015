"""The life of a version of rules: draft, then approved by somebody else; superseded when the next begins.

Rules come to an end by a day of their own; earlier, by a next version that ends.
"""

from typing import Final, Literal

RuleKind = Literal["conversion", "programme", "reaction"]
KINDS: Final = ("conversion", "programme", "reaction")
State = Literal["draft", "approved", "rejected"]
STATES: Final = ("draft", "approved", "rejected")
