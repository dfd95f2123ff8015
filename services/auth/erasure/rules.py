"""How long an erasure waits, and for what."""

from typing import Final, Literal

#: what an erasure still waits for: its day, rosters that name the person, another administrator of the root
Reason = Literal["time", "roster", "last_administrator"]

#: at one time by one process
MOST_AT_ONCE: Final = 100
LOOK_SECONDS: Final = 600.0
