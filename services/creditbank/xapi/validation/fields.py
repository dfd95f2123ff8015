"""Types of request fields that hold what statements hold."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from libs.common.fields import fault
from services.creditbank.xapi.validation.agents import check_identified
from services.creditbank.xapi.validation.findings import Invalid
from services.creditbank.xapi.validation.formats import is_iri


def _iri(value: str) -> str:
    if is_iri(value) is None:
        raise fault("iri", "must be an IRI with a scheme", "必须是带有方案名的 IRI")
    return value


def _agent(value: dict[str, Any]) -> dict[str, Any]:
    try:
        check_identified(value, "agent")
    except Invalid as wrong:
        raise fault(
            "agent", "must be an agent or an identified group", "必须是 Agent 或有标识的 Group"
        ) from wrong
    return value


Iri = Annotated[str, Field(max_length=2000), AfterValidator(_iri)]
#: an agent or an identified group, as statements name it
Identified = Annotated[dict[str, Any], AfterValidator(_agent)]
