"""Bodies that belong to no resource of their own."""

from pydantic import BaseModel


class About(BaseModel):
    """What a learning record store says of itself."""

    version: list[str]
