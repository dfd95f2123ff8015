"""`make test`: every test, and after a whole run the gate: what the tests never reach is told and refused.

With arguments, they go to pytest as they are and nothing is measured.
"""

import io
import sys
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[2]
#: tests of one file stay together, with what its fixtures made; in the order of tests/conftest.py
TWO_WORKERS = ("-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder")
#: lines and branches reached, in per cent: of everything, and of the rules, which need nothing to be tested
#: (all but a handful are reached whole; the aim is 100)
LEAST, LEAST_RULES = 95.0, 99.0
RULES = "services/*/*/rules.py"


def main() -> int:
    """Runs pytest; the exit status is its own, or 1 where all passed but too little was reached."""
    arguments = sys.argv[1:]
    measured = [] if arguments else ["--cov", "--cov-report="]
    status = int(pytest.main([*TWO_WORKERS, *measured, *arguments]))
    return status if status or not measured else _gate()


def _gate() -> int:
    data = coverage.Coverage(config_file=str(ROOT / "pyproject.toml"))
    data.load()
    failed = 0
    for include, least in ((None, LEAST), ([RULES], LEAST_RULES)):
        told = io.StringIO()
        reached = data.report(include=include, show_missing=True, skip_covered=True, file=told)
        if reached < least:
            what = "the rules" if include else "everything"
            print(f"{told.getvalue()}\ncoverage: {reached:.2f} % of {what}, less than {least:.0f} %")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
