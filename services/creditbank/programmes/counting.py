"""How credits that may count together are shared out among requirements: a flow through a network.

From the source to kinds of sources and their caps, on to groups of like credits, to the requirements they are
covered by, and to the total. Dear is what does not serve a minimum, and what lies below a level.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias
from uuid import UUID

from services.creditbank.programmes.flow import UNLIMITED, Network
from services.creditbank.programmes.rules import Allocation, Credit, Key, RuleSet

#: what caps bind a credit: none ("resident"), that of recognition, that of its provider
_Source: TypeAlias = str | UUID
_Group: TypeAlias = tuple[_Source, tuple[int, ...], int | None]
RESIDENT = "resident"
RECOGNISED = "recognised"


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts for what, and where it could not go on."""

    allocations: list[Allocation]
    is_complete: bool
    outside: int
    by_source: dict[_Source, int]

    def why_not(self, rules: RuleSet, credit: Credit) -> str:
        """Why a part of this credit is left that nothing but the others stands against."""
        if self.is_complete:
            return "not_needed"
        source = source_of(credit)
        cap = cap_of(rules, source)
        if cap is not None and self.by_source[source] >= cap:
            return "recognition_cap" if source == RECOGNISED else "provider_cap"
        if source != RESIDENT and self.outside >= rules.total - rules.residency:
            return "residency_cap"
        return "requirement_full"


def source_of(credit: Credit) -> _Source:
    """Under which cap a credit falls. What was recognised is nobody's teaching, not even the own."""
    if credit.origin == "recognition":
        return RECOGNISED
    return RESIDENT if credit.is_own else credit.issuer


def cap_of(rules: RuleSet, source: _Source) -> int | None:
    if source == RESIDENT:
        return None
    return rules.most_recognised if source == RECOGNISED else rules.most_of_a_provider


def count(
    rules: RuleSet, chosen: Sequence[Credit], usable: dict[Key, int], weights: Sequence[int]
) -> Counted:
    """Count as much as the total asks for, of that as much as can be for the minima, and at high levels."""
    groups: dict[_Group, list[Credit]] = defaultdict(list)
    for credit in chosen:
        course = rules.course(credit.outcome)
        covered = tuple(
            place for place, one in enumerate(rules.requirements) if one.covers(credit.outcome, course)
        )
        groups[source_of(credit), covered, course.level].append(credit)
    network = Network(4 + len(groups) + len(rules.requirements) + len({group[0] for group in groups}))
    source, outside, gathered, sink = range(4)
    first = 4 + len(groups)
    # Serving a minimum outweighs whatever it may cost in levels.
    reward = -(len(groups) + 1) * (sum(weights) + 1) * 2
    for place, requirement in enumerate(rules.requirements):
        network.arc(first + place, gathered, requirement.credits, reward)
        most = UNLIMITED if requirement.most is None else requirement.most
        network.arc(first + place, gathered, most - requirement.credits)
    network.arc(gathered, sink, rules.total)
    abroad = network.arc(source, outside, rules.total - rules.residency)
    sources: dict[_Source, tuple[int, int]] = {}
    ways: list[tuple[list[Credit], list[tuple[int, int]]]] = []
    for place, ((whence, covered, level), members) in enumerate(groups.items()):
        if whence not in sources:
            node = first + len(rules.requirements) + len(sources)
            cap = cap_of(rules, whence)
            room = UNLIMITED if cap is None else cap
            sources[whence] = node, network.arc(source if whence == RESIDENT else outside, node, room)
        price = sum(
            weight
            for weight, minimum in zip(weights, rules.levels, strict=True)
            if level is None or level < minimum.level
        )
        network.arc(sources[whence][0], 4 + place, sum(usable[one.key] for one in members), price)
        ways.append((members, [(to, network.arc(4 + place, first + to, UNLIMITED)) for to in covered]))
    total = network.send(source, sink)
    return Counted(
        [
            allocation
            for members, arcs in ways
            for allocation in _shared_out(
                rules, members, usable, [(to, network.sent(arc)) for to, arc in arcs]
            )
        ],
        total == rules.total,
        network.sent(abroad),
        defaultdict(int, {whence: network.sent(arc) for whence, (_, arc) in sources.items()}),
    )


def _shared_out(
    rules: RuleSet, members: Sequence[Credit], usable: dict[Key, int], amounts: Sequence[tuple[int, int]]
) -> list[Allocation]:
    """The lots of a group one after the other, those that expire first before the others, then the oldest."""
    ordered = sorted(members, key=lambda one: (one.expires_on or date.max, one.earned_on, one.key))
    left = [(one.key, usable[one.key]) for one in ordered]
    found = []
    for place, amount in amounts:
        while amount:
            key, rest = left[0]
            part = min(rest, amount)
            if part:
                found.append(Allocation(key, rules.requirements[place].code, part))
            amount -= part
            left[0] = key, rest - part
            if part == rest:
                left.pop(0)
    return found
