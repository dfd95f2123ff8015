"""Bodies of the people's interface."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from libs.common.fields import Line
from services.auth.mail.rules import address
from services.auth.organisations.rules import OrganisationType
from services.auth.people.rules import Origin, PersonStatus, Role


def _mail_address(value: str) -> str:
    found = address(value)
    if found is None:
        raise PydanticCustomError("string_pattern_mismatch", "does not have the documented form")
    return found


Email = Annotated[
    str,
    StringConstraints(max_length=254, pattern=r"^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+$"),
    AfterValidator(_mail_address),
]
Phone = Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9+() .-]+$")]


def _birth_date(day: date) -> date:
    # By the birth date one is a child or not: a slip of the hand must not decide that.
    earliest, latest = date(1900, 1, 1), datetime.now(UTC).date() + timedelta(days=1)  # tomorrow somewhere
    if day < earliest:
        raise PydanticCustomError("greater_than_equal", "must be at least {ge}", {"ge": earliest.isoformat()})
    if day > latest:
        raise PydanticCustomError("less_than_equal", "must be at most {le}", {"le": latest.isoformat()})
    return day


BirthDate = Annotated[date, AfterValidator(_birth_date)]


class OrganisationName(BaseModel):
    """An organisation, named."""

    id: UUID
    name: str
    type: OrganisationType


class Tenure(BaseModel):
    """An open role, in an organisation known from the context."""

    id: UUID
    role: Role
    primary: bool
    from_: Annotated[date | None, Field(alias="from")]
    to: date | None
    origin: Origin


class HeldRole(Tenure):
    """An open role of a person."""

    organisation: OrganisationName


class OwnRole(HeldRole):
    """An open role of the caller; tokens name the active one."""

    in_force: bool = Field(description="it has begun and is not over")
    active: bool


class Relative(BaseModel):
    """A guardian or a child."""

    person: UUID
    given_name: str
    family_name: str
    relation: str


class PrivateFacts(BaseModel):
    """What only the person, the guardians and the administrators in charge see."""

    birth_date: date | None
    email: str | None
    phone: str | None
    address: str | None
    decided: list[str] = Field(description="fields fixed by hand, which no import overwrites")
    username: str | None
    account: Literal["invited", "active", "disabled"] | None


class Person(BaseModel):
    """A person as the caller may see them."""

    id: UUID
    version: int
    status: PersonStatus
    given_name: str
    family_name: str
    middle_name: str | None
    preferred_name: str | None
    roles: list[HeldRole]
    guardians: list[Relative]
    children: list[Relative]
    private: PrivateFacts | None


class Me(Person):
    """The caller, with the role that is active in the session of this request."""

    roles: list[OwnRole]  # type: ignore[assignment]


class ActiveRoleWish(BaseModel):
    """Which of the caller's roles is to be active."""

    model_config = ConfigDict(extra="forbid")

    role: UUID = Field(description="the id of one of the caller's roles, in force today")


class ListedPerson(BaseModel):
    """A person in the list of an organisation, with the roles held there."""

    id: UUID
    version: int
    status: PersonStatus
    given_name: str
    family_name: str
    preferred_name: str | None
    roles: list[Tenure]


class PersonFacts(BaseModel):
    """Facts of a person that are not necessary."""

    model_config = ConfigDict(extra="forbid")

    middle_name: Line | None = None
    preferred_name: Line | None = None
    email: Email | None = None
    phone: Phone | None = None
    address: Line | None = Field(default=None, description="postal, as written on a letter, in one line")
    birth_date: BirthDate | None = None


class NewPerson(PersonFacts):
    """A person entered by hand, with a first role."""

    given_name: Line
    family_name: Line
    role: Role


class PersonChange(PersonFacts):
    """Facts set by hand; what is left out stays as it is."""

    given_name: Annotated[Line, Field(default=None)]
    family_name: Annotated[Line, Field(default=None)]


class NewRole(BaseModel):
    """A role to be given."""

    model_config = ConfigDict(extra="forbid", validate_by_alias=True)

    person: UUID
    organisation: UUID
    role: Role
    primary: bool = False
    from_: Annotated[date | None, Field(alias="from", default=None)]
    to: date | None = None


class GivenRole(BaseModel):
    """The id under which a role can be ended."""

    id: UUID
