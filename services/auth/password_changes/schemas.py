"""Bodies of changing one's password."""

from pydantic import BaseModel, ConfigDict

from services.auth.accounts.schemas import Password


class PasswordChange(BaseModel):
    """The password until now and the one from now on: at least 15 characters, or 8 with a second factor."""

    model_config = ConfigDict(extra="forbid")

    current: Password
    new: Password
