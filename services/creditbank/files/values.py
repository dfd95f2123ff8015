"""Values of a file's fields; what is wrong with one is told by its field."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Final

from services.creditbank.files.days import reader
from services.creditbank.ledger.rules import LARGEST_AMOUNT, hundredths

# As libs.common.fields.Key: no controls, no characters that disguise text.
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST: Final = 200
#: the form of days that every profile reads
ISO: Final = "YYYY-M-D"


class Fault(Exception):
    """Why a row is no item, and the field that shows it."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


def checked(found: Mapping[str, str], name: str, most: int = _LONGEST) -> str:
    """One line of text that is not empty."""
    value = found.get(name, "")
    if not value:
        raise Fault("value_missing", name)
    if len(value) > most or _FORBIDDEN.search(value):
        raise Fault("value_invalid", name)
    return value


def amount(found: Mapping[str, str], name: str, decimal_mark: str = ".") -> int:
    """Hundredths of a credit, more than nothing and at most ten thousand credits."""
    value = checked(found, name)
    if decimal_mark == ",":
        value = value.replace(".", "x").replace(",", ".")
    try:
        found_amount = hundredths(value)
    except ValueError:
        raise Fault("value_invalid", name) from None
    if not 0 < found_amount <= LARGEST_AMOUNT:
        raise Fault("value_invalid", name)
    return found_amount


def day(found: Mapping[str, str], name: str, date_format: str) -> date:
    """A day in the profile's form, or in that of ISO 8601."""
    value = checked(found, name)
    for form in (date_format, ISO):
        with suppress(ValueError):
            return reader(form)(value)
    raise Fault("value_invalid", name)
