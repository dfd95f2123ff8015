"""The body of the userinfo endpoint; OpenID Connect Core (section 5.1) fixes the names."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel


class PostalAddress(BaseModel):
    """A postal address (section 5.1.1), as it is written on a letter."""

    formatted: str


class UserInfo(BaseModel):
    """Claims about the person; those that are not known, or not asked for, are left out."""

    sub: UUID
    name: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    nickname: str | None = None
    preferred_username: str | None = None
    birthdate: date | None = None
    email: str | None = None
    email_verified: bool | None = None
    phone_number: str | None = None
    phone_number_verified: bool | None = None
    address: PostalAddress | None = None


class BearerError(BaseModel):
    """A refusal (RFC 6750, section 3.1)."""

    error: str
    error_description: str
