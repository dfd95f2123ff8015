"""How failed sign-ins slow down what follows them."""

import ipaddress
from functools import lru_cache
from typing import Final

# Failures of one account that cost nothing; then each doubles the wait, up to the cap.
FREE_FAILURES: Final = 5
LONGEST_WAIT_S: Final = 900
# So many straight failures are the most that guessing may have (NIST SP 800-63B-4, 3.2.2): from then on one
# attempt a day, until the holder signs in at a known device, recovers the account or gets a code from school.
MOST_FAILURES: Final = 100
WAIT_BEYOND_S: Final = 24 * 3600
# How long failures are remembered after the last one: a few mistypes a day, a series of them a month.
SHORT_MEMORY_S: Final = 24 * 3600
LONG_MEMORY_S: Final = 30 * 24 * 3600
# Failures from one network: a school behind one address mistypes a lot, a sprayer more.
NETWORK_FAILURES: Final = 300
NETWORK_WINDOW_S: Final = 600


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The network an address counts for: itself in IPv4, its /64 in IPv6, where a person has many."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
