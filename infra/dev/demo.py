"""`make demo`: plays the main job over HTTP against the running product, step by step."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.dev import roster_files, story
from infra.dev.calls import Api, CallFailedError
from infra.dev.environment import ROOT
from infra.dev.state import read_private

NOT_RUNNING = "The product is not running: start it with `make run` in another terminal, then try again."


def main() -> int:
    """Plays the job; the exit status is 1 when a step fails."""
    options = _options()
    run = read_private(options.state / "run.json")
    if not run or not _answers(run):
        print(NOT_RUNNING, file=sys.stderr)
        return 1
    try:
        portfolio = story.play(run, _roster(options), options.credits)
    except KeyboardInterrupt:
        return 130
    except (CallFailedError, OSError, ValueError, KeyError) as failure:
        reason = f"no {failure}" if isinstance(failure, KeyError) else failure
        print(f"\nThe demo stopped: {reason}", file=sys.stderr)
        return 1
    print("\nThe student's portfolio:\n")
    print(json.dumps(portfolio, indent=2, ensure_ascii=False))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m infra.dev demo", description=__doc__)
    parser.add_argument(
        "--roster", type=Path, help="a OneRoster set, zip or folder; default: the demo region"
    )
    parser.add_argument(
        "--credits", type=Path, help="CSV with classSourcedId, courseSourcedId, availableCredits"
    )
    parser.add_argument("--state", type=Path, default=ROOT / ".state", help=argparse.SUPPRESS)
    return parser.parse_args()


def _roster(options: argparse.Namespace) -> roster_files.RosterSet | None:
    return roster_files.read(options.roster) if options.roster else None


def _answers(run: Mapping[str, Any]) -> bool:
    try:
        for address in run["services"].values():
            Api(address).get("/health/live")
    except CallFailedError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
