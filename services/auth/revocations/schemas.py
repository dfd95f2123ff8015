"""Bodies of the list of revocations."""

from pydantic import BaseModel, Field

from services.auth.revocations.rules import Kind


class ListedRevocation(BaseModel):
    """Access tokens that must not be believed, whatever their expiry; times are seconds since 1970."""

    kind: Kind
    value: str = Field(description="of the claim jti, family, sid, client_id or sub, as the kind says")
    issued_until: int | None = Field(description="only tokens whose iat is not later; null: all of them")
    until: int = Field(description="afterwards no such token is alive anyway")


class RevocationList(BaseModel):
    """What is new since the cursor; `next` is what to ask with the next time, after the last part too."""

    items: list[ListedRevocation]
    next: str
    more: bool = Field(description="whether the next part is there to be asked for at once")
    keys: str = Field(description="changes whenever the published key set does")
