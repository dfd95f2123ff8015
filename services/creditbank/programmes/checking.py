"""Whether an award keeps the rules, told by looking at each rule alone: shares nothing with what made it."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from services.creditbank.programmes.choices import exclude_one_another
from services.creditbank.programmes.rules import Allocation, Credit, Key, RuleSet


def breaches(rules: RuleSet, held: Sequence[Credit], allocations: Sequence[Allocation]) -> list[str]:
    """The names of the rules that the allocations break; empty for an award that may stand.

    Judges what counts, not whether a credit was fit on the day: that changes with time, an award does not.
    """
    by_key = {credit.key: credit for credit in held}
    requirements = {one.code: one for one in rules.requirements}
    found = []
    if any(
        one.amount < 1
        or one.key not in by_key
        or one.requirement not in requirements
        or not requirements[one.requirement].covers(
            by_key[one.key].outcome, rules.course(by_key[one.key].outcome)
        )
        for one in allocations
    ):
        return ["allocation"]
    used: Counter[Key] = Counter()
    towards: Counter[str] = Counter()
    for one in allocations:
        used[one.key] += one.amount
        towards[one.requirement] += one.amount
    counted = [(by_key[key], amount) for key, amount in used.items()]
    if any(amount > credit.amount for credit, amount in counted):
        found.append("single_use")
    if any(exclude_one_another(rules, one, other) for (one, _), (other, _) in combinations(counted, 2)):
        found.append("equivalence")
    if used.total() != rules.total:
        found.append("total")
    for code, requirement in requirements.items():
        if towards[code] < requirement.credits or towards[code] > (requirement.most or towards[code]):
            found.append(f"requirement {code}")
    found += [
        f"level {minimum.level}"
        for minimum in rules.levels
        if sum(amount for one, amount in counted if _level(rules, one) >= minimum.level) < minimum.credits
    ]
    return found + _sources(rules, counted)


def _level(rules: RuleSet, credit: Credit) -> int:
    level = rules.course(credit.outcome).level
    return -1 if level is None else level


def _sources(rules: RuleSet, counted: Sequence[tuple[Credit, int]]) -> list[str]:
    """The rules about where credits come from and when."""
    found = []
    resident = recognised = 0
    providers: Counter[object] = Counter()
    years: Counter[int] = Counter()
    for credit, amount in counted:
        day = credit.earned_on
        years[day.year if day.month >= rules.year_begins_in else day.year - 1] += amount
        if rules.accepts == "own" and not credit.is_own:
            found.append("accepts")
        if credit.origin == "recognition":
            recognised += amount
        elif credit.is_own:
            resident += amount
        else:
            providers[credit.issuer] += amount
    if resident < rules.residency:
        found.append("residency")
    if rules.most_recognised is not None and recognised > rules.most_recognised:
        found.append("recognition_cap")
    if rules.most_of_a_provider is not None and any(
        amount > rules.most_of_a_provider for amount in providers.values()
    ):
        found.append("provider_cap")
    if rules.most_a_year is not None and any(amount > rules.most_a_year for amount in years.values()):
        found.append("year_cap")
    return list(dict.fromkeys(found))
