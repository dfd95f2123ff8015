"""Bodies of the accounts' interface."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

# Longer than any password may be, in any form of its letters; the rules count exactly.
Password = Annotated[str, StringConstraints(max_length=1024)]
Username = Annotated[str, StringConstraints(max_length=256)]


class CodeWish(BaseModel):
    """How the account is to be named, if there is none yet."""

    model_config = ConfigDict(extra="forbid")

    username: Username | None = None


class ActivationCode(BaseModel):
    """A code to hand to the person; shown this once."""

    code: str
    expires_at: datetime


class Activation(BaseModel):
    """A code and the password chosen with it: at least 15 characters, several words make a good one."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    password: Password


class ActivatedAccount(BaseModel):
    """The user name with which to sign in."""

    username: str
