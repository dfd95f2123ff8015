"""Types of request fields that hold what statements hold."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from services.creditbank.xapi.validation.agents import check_identified
from services.creditbank.xapi.validation.findings import Invalid
from services.creditbank.xapi.validation.formats import is_iri


def _iri(value: str) -> str:
    if is_iri(value) is None:
        raise PydanticCustomError("iri", "must be an IRI with a scheme")
    return value


def _agent(value: dict[str, Any]) -> dict[str, Any]:
    try:
        check_identified(value, "agent")
    except Invalid as wrong:
        raise PydanticCustomError("agent", "must be an agent or an identified group") from wrong
    return value


Iri = Annotated[str, Field(max_length=2000), AfterValidator(_iri)]
#: an agent or an identified group, as statements name it
Identified = Annotated[dict[str, Any], AfterValidator(_agent)]
