"""Second factors: how long things are valid, and how typed codes are read."""

from typing import Final, Literal

Method = Literal["otp", "recovery"]

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20  # RFC 4226, section 4: 160 bits
#: codes of the step before and after are right too: clocks differ, and people type slowly
WINDOW_S: Final = STEP_S
#: whoever enrols or removes a factor must have signed in this lately (attack 52)
FRESH_S: Final = 300
ENROLMENT_S: Final = 600
#: wrong codes in a row after which the telephone's codes no longer count (NIST SP 800-63B-4, section 3.2.2)
MOST_FAILURES: Final = 100

RECOVERY_CODES: Final = 10
#: with fewer left, people are told to make new ones
FEW_CODES: Final = 4
RECOVERY_CHARACTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32, none of which reads like another
RECOVERY_LENGTH: Final = 16


def read_code(typed: str) -> tuple[Method, str] | None:
    """What kind of code was typed, without the spaces, hyphens and small letters of its typing."""
    code = "".join(typed.split()).replace("-", "").upper()
    if len(code) == DIGITS and code.isascii() and code.isdigit():
        return "otp", code
    if len(code) == RECOVERY_LENGTH and set(code) <= set(RECOVERY_CHARACTERS):
        return "recovery", code
    return None


def in_groups(code: str) -> str:
    """A recovery code as it is shown, in groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
