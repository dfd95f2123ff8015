"""Who stores profiles of files, and how many."""

from typing import Final

#: people who look after an institution's own profiles; a client of its line may too
KEEPING: Final = ("administrator", "registrar")
#: versions of all profiles of one institution
MOST_VERSIONS: Final = 500
