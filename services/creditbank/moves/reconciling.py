"""Whether two nodes tell the same of what went between them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

Transit = Mapping[str, Sequence[Mapping[str, Any]]]


def differences(own: Transit, theirs: Transit) -> list[dict[str, str]]:
    """Where what one sent is not what the other has, by direction and scheme.

    Of moves still open the other node may have all, some or nothing yet.
    """
    found: list[dict[str, str]] = []
    for direction, sent, got in (("out", own, theirs), ("in", theirs, own)):
        settled, under_way, arrived = (defaultdict[str, int](int) for _ in range(3))
        for row in sent["departed"]:
            if row["state"] != "returned":
                (settled if row["state"] == "settled" else under_way)[row["scheme"]] += _hundredths(row)
        for row in got["arrived"]:
            arrived[row["scheme"]] += _hundredths(row)
        found += [
            {
                "direction": direction,
                "scheme": scheme,
                "settled": _text(settled[scheme]),
                "under_way": _text(under_way[scheme]),
                "arrived": _text(arrived[scheme]),
            }
            for scheme in sorted({*settled, *under_way, *arrived})
            if not settled[scheme] <= arrived[scheme] <= settled[scheme] + under_way[scheme]
        ]
    return found


def _hundredths(row: Mapping[str, Any]) -> int:
    return int(str(row["credits"]).replace(".", ""))


def _text(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}"
