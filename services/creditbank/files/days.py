"""Days as files write them: in the order of year, month and day that a profile says."""

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Final

_TOKENS: Final = {"YYYY": "(?P<year>[0-9]{4})", "MM": "(?P<month>[0-9]{2})", "DD": "(?P<day>[0-9]{2})"}
_SHORT: Final = {"M": "(?P<month>[0-9]{1,2})", "D": "(?P<day>[0-9]{1,2})"}
#: year, month and day, each once, among anything but letters, digits and percent signs
_FORM: Final = re.compile(r"(YYYY|MM?|DD?|[^A-Za-z0-9%\x00-\x1f\x7f])+")
_PART: Final = re.compile(r"YYYY|MM?|DD?|.")
LONGEST: Final = 40

ReadDay = Callable[[str], date]


@cache
def reader(form: str) -> ReadDay:
    """What reads days of a form such as "YYYY-MM-DD", "D/M/YYYY" or "YYYY年M月D日".

    M and D are of one or two digits, MM and DD of two. Raises ValueError for a form that does not name year,
    month and day once each, or in which a number of one or two digits stands beside another number. The
    reader raises ValueError for what is no such day.
    """
    if len(form) > LONGEST or not _FORM.fullmatch(form):
        raise ValueError("not a form of days")
    parts = _PART.findall(form)
    named = [part[0] for part in parts if part in _TOKENS or part in _SHORT]
    if sorted(named) != ["D", "M", "Y"]:
        raise ValueError("year, month and day are each named once")
    for one, other in pairwise(parts):
        if {one, other} & _SHORT.keys() and one in _TOKENS | _SHORT and other in _TOKENS | _SHORT:
            raise ValueError("it is not clear where a number ends")
    pattern = re.compile("".join(_TOKENS.get(part) or _SHORT.get(part) or re.escape(part) for part in parts))

    def read(text: str) -> date:
        found = pattern.fullmatch(text)
        if found is None:
            raise ValueError("not of the form")
        return date(int(found["year"]), int(found["month"]), int(found["day"]))

    return read
