"""Which of several credits count that may not count beside one another.

One outcome counts once, of a group of equivalent outcomes one counts, and whatever counts as a whole does
not count beside its parts. What belongs to one and the same result stands together.
"""

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Final

from services.creditbank.programmes.rules import Credit, RuleSet

#: ways of choosing that are weighed against one another; beyond these the preferred credits are taken
MOST_CHOICES: Final = 64
_MOST_TOGETHER: Final = 12


def exclude_one_another(rules: RuleSet, one: Credit, other: Credit) -> bool:
    """Whether only one of the two may count."""
    if one.attempt is not None and one.attempt == other.attempt and one.outcome == other.outcome:
        return False
    if one.outcome == other.outcome:
        return one.outcome not in rules.repeatable
    if one.group is not None and one.group == other.group:
        return True
    return one.outcome in other.above or other.outcome in one.above


def preference(rules: RuleSet, credit: Credit) -> tuple[bool, int, int, int, tuple[int, ...]]:
    """The order in which credits are taken where there is a choice: own, higher, larger, earlier ones."""
    level = rules.course(credit.outcome).level
    return (
        not credit.is_resident,
        -(level if level is not None else -1),
        -credit.amount,
        credit.earned_on.toordinal(),
        credit.key,
    )


def choices(rules: RuleSet, held: Sequence[Credit]) -> Iterator[list[Credit]]:
    """Sets of credits that may count together and to which none can be added, the preferred one first.

    All such sets, unless there are more than `MOST_CHOICES`.
    """
    ordered = sorted(held, key=lambda credit: preference(rules, credit))
    rivals = {
        one.key: {
            other.key for other in ordered if other is not one and exclude_one_another(rules, one, other)
        }
        for one in ordered
    }
    by_key = {one.key: one for one in ordered}
    free = [one for one in ordered if not rivals[one.key]]
    together = [
        list(islice(_largest(cluster, rivals), MOST_CHOICES)) for cluster in _clusters(ordered, rivals)
    ]
    for chosen in islice(product(*together), MOST_CHOICES):
        yield free + [by_key[key] for keys in chosen for key in keys]


def _clusters(
    ordered: Sequence[Credit], rivals: dict[tuple[int, ...], set[tuple[int, ...]]]
) -> Iterator[list[tuple[int, ...]]]:
    """The keys that hang together by rivalry, each cluster in the order of preference."""
    seen: set[tuple[int, ...]] = set()
    for one in ordered:
        if one.key in seen or not rivals[one.key]:
            continue
        cluster = {one.key}
        waiting = [one.key]
        while waiting:
            fresh = rivals[waiting.pop()] - cluster
            cluster |= fresh
            waiting += fresh
        seen |= cluster
        yield [credit.key for credit in ordered if credit.key in cluster]


def _largest(
    cluster: list[tuple[int, ...]], rivals: dict[tuple[int, ...], set[tuple[int, ...]]]
) -> Iterator[list[tuple[int, ...]]]:
    """Every set of keys without rivals in it to which no key can be added; of a large cluster the first."""
    greedy: list[tuple[int, ...]] = []
    for key in cluster:
        if not rivals[key].intersection(greedy):
            greedy.append(key)
    yield greedy
    if len(cluster) > _MOST_TOGETHER:
        return
    for mask in range(1, 1 << len(cluster)):
        some = [key for place, key in enumerate(cluster) if mask >> place & 1]
        chosen = set(some)
        if some == greedy or any(rivals[key] & chosen for key in some):
            continue
        if all(key in chosen or rivals[key] & chosen for key in cluster):
            yield some
