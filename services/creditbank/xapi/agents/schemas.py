"""Bodies of the agents resource."""

from typing import Literal

from pydantic import BaseModel


class Account(BaseModel):
    """A user account on some system (xAPI 1.0.3, part two, 2.4.2.4)."""

    homePage: str  # noqa: N815  the specification's name
    name: str


class Person(BaseModel):
    """What agents have in common (xAPI 1.0.3, part three, 2.4); what is not known is left out."""

    objectType: Literal["Person"]  # noqa: N815  the specification's name
    name: list[str] | None = None
    mbox: list[str] | None = None
    mbox_sha1sum: list[str] | None = None
    openid: list[str] | None = None
    account: list[Account] | None = None
