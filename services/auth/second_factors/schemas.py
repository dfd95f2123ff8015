"""Bodies of the second factors' interface."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class SecondFactorState(BaseModel):
    """Whether signing in asks for a second factor, since when, and how many recovery codes are unused."""

    enrolled: bool
    since: datetime | None
    recovery_codes_left: int


class EnrolmentAnswer(BaseModel):
    """What the authenticator app must learn; shown this once."""

    secret: str = Field(description="in base32, to be typed")
    uri: str = Field(description="otpauth address, to be shown as a picture")


class SecondFactorCode(BaseModel):
    """A code of the authenticator app or, where it says so, a recovery code."""

    model_config = ConfigDict(extra="forbid")

    code: Code


class RecoveryCodes(BaseModel):
    """Ten codes, each of which stands in for the telephone once; shown this once."""

    recovery_codes: list[str]
