"""`python3 -m infra.dev start`: has the runner of this checkout start again what has ended."""

import os
import signal
import sys

from infra.dev import processes
from infra.dev.environment import ROOT
from infra.dev.state import Hold, StateInUseError


def main() -> int:
    """Signals the runner; its terminal tells the outcome."""
    try:
        Hold(ROOT / ".state").release()
    except StateInUseError as held:
        if processes.runs(held.pid, "infra.dev.run"):
            os.kill(held.pid, signal.SIGUSR1)
            print(f"Asked the runner (process {held.pid}) to start what has ended.")
            return 0
    print("Nothing is running from this checkout: `make run` starts it.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
