"""What events about credits change, for each of their entries."""

from typing import Final, Literal, NamedTuple

Of = Literal["scheme", "target"]


class Part(NamedTuple):
    """In one scheme, the event's own or the one converted into: how many times the entry's members count.

    `amount`, `issued` and `expired` are those of the entry; `lots` is how many entries more there are.
    """

    scheme: Of = "scheme"
    amount: int = 0
    issued: int = 0
    expired: int = 0
    redeemed: int = 0
    entries: int = 0
    lots: int = 0


Change = tuple[Part, ...]

#: what expired before it was taken back is not taken off twice
CHANGES: Final[dict[str, Change]] = {
    "creditbank.credits.posted.v1": (Part(amount=1, entries=1),),
    "creditbank.credits.redeemed.v1": (Part(redeemed=1),),
    "creditbank.credits.rescinded.v1": (Part(redeemed=-1),),
    "creditbank.credits.expired.v1": (Part(amount=-1),),
    "creditbank.credits.revoked.v1": (Part(amount=-1, expired=1, entries=-1),),
    "creditbank.credits.converted.v1": (Part(amount=-1), Part("target", issued=1, lots=1)),
    "creditbank.credits.conversion_reversed.v1": (
        Part(amount=1),
        Part("target", issued=-1, expired=1, lots=-1),
    ),
}
