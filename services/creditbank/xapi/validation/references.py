"""References to other statements (Data 2.4.4.3)."""

from typing import Final

from libs.common.languages import Text
from services.creditbank.xapi.validation import findings
from services.creditbank.xapi.validation.findings import OBJECT_STATEMENT, Clause, refuse
from services.creditbank.xapi.validation.shapes import a_uuid, an_object, unknown

_TYPE: Final = Text("must be StatementRef", "必须是 StatementRef")


def check_reference(value: object, at: str, clause: Clause = OBJECT_STATEMENT) -> None:
    """A statement by its id; whether there is one does not matter."""
    reference = an_object(value, at, clause)
    if reference.get("objectType") != "StatementRef":
        refuse(f"{at}.objectType", clause, _TYPE)
    if "id" not in reference:
        refuse(f"{at}.id", clause, findings.REQUIRED)
    for name, item in reference.items():
        if name == "id":
            a_uuid(item, f"{at}.id", clause)
        elif name != "objectType":
            unknown(name, at, clause)
