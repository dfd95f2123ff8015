"""The states of a correction, and who decides on one."""

from typing import Final

STATES: Final = ("requested", "approved", "rejected", "withdrawn")
#: roles that ask for corrections of their institution's deposits, and decide on what another asked for
CHECKERS: Final = ("administrator", "registrar")
