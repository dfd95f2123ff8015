"""Times and days as callers write them in addresses: RFC 3339, with the offset from UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from libs.common.fields import fault

_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 4 * 10**15  # well after the year 2090, and within what PostgreSQL adds to a time


def moment(text: str) -> datetime:
    """The time of an RFC 3339 date-time, in UTC; raises ValueError for any other form."""
    if not _MOMENT.fullmatch(text):
        raise ValueError("not an RFC 3339 date-time")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("not within the years 1 to 9999") from None


def day(text: str) -> date:
    """The day of an RFC 3339 full-date, or that of a date-time in UTC; raises ValueError."""
    return date.fromisoformat(text) if _DAY.fullmatch(text) else moment(text).date()


def microseconds(at: datetime) -> int:
    """Since the beginning of 1970, exactly: the form in which a cursor holds a time."""
    passed = at - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def at_microseconds(count: int) -> datetime:
    """The time of a cursor; of one that nobody gave out the nearest there is."""
    return _EPOCH + timedelta(microseconds=max(-(10**15), min(count, _LATEST)))


def _moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return moment(value)
    except ValueError:
        raise PydanticCustomError("datetime_parsing", "must be an RFC 3339 time") from None


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return day(value)
    except ValueError:
        raise fault("day", "must be a date or an RFC 3339 time", "必须是日期或 RFC 3339 时间") from None


#: a time in a query: RFC 3339 date-time
Moment = Annotated[datetime, BeforeValidator(_moment)]
#: a day in a query: RFC 3339 full-date, or a date-time whose day in UTC is meant
Day = Annotated[date, BeforeValidator(_day)]
