"""Bodies of the recovery's interface."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.auth.accounts.schemas import Password, Username


class RecoveryRequest(BaseModel):
    """The user name of the account whose password was forgotten."""

    model_config = ConfigDict(extra="forbid")

    username: Username


class RecoveryChoice(BaseModel):
    """The secret of a mailed link and the password chosen with it."""

    model_config = ConfigDict(extra="forbid")

    link: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    password: Password
