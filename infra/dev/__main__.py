"""The commands of a checkout: `python3 -m infra.dev run`. Standard library only, any Python up to the check.

It makes the environment the command needs and then becomes the command.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NEWEST = (3, 14)

# command: (requirements set, arguments for the environment's Python, what it does)
COMMANDS = {
    "run": ("runtime", ["-m", "infra.dev.run"], "start the product (--free-ports: on any free ports)"),
    "start": (
        "runtime",
        ["-m", "infra.dev.restart"],
        "start again a service of the running product that has ended",
    ),
    "demo": ("runtime", ["-m", "infra.dev.demo"], "play the main job against a running product"),
    "clean-state": ("runtime", ["-m", "infra.dev.clean"], "forget all data of this checkout"),
    "test": ("dev", ["-m", "infra.dev.testing"], "every test; further arguments go to pytest"),
    "check": ("dev", ["-m", "infra.dev.check"], "format, lint, strict types, import contracts, tidy test"),
    "fix": ("dev", ["-m", "infra.dev.check", "--fix"], "format and repair what can be repaired"),
    "bench": ("dev", ["-m", "bench"], "measure; prints ratios against limits of this machine"),
    "estimate": (
        "dev",
        ["-m", "bench.paper"],
        "what a whole country takes, from bytes and rates measured here",
    ),
    "lock": ("dev", ["-m", "infra.dev.lock"], "compile the requirements again"),
    "migration": ("dev", ["-m", "infra.dev.migration"], "draft a migration: SERVICE MESSAGE"),
}


def main():  # type: () -> None
    """Becomes the command named by the first argument, with the rest as its arguments."""
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        lines = ["usage: python3 -m infra.dev COMMAND", ""]
        lines += ["  %-12s %s" % (name, COMMANDS[name][2]) for name in COMMANDS]  # noqa: UP031 for an old Python
        sys.exit("\n".join(lines))
    if sys.version_info[:2] < OLDEST:
        become_newer()
    from infra.dev import environment

    requirements, arguments, _ = COMMANDS[sys.argv[1]]
    try:
        python = environment.ready(requirements)
    except KeyboardInterrupt:
        sys.exit("\nxuebu: interrupted; the next command completes the environment")
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    os.execv(python, [python, *arguments, *sys.argv[2:]])  # noqa: S606 no shell is wanted


def become_newer():  # type: () -> None
    """Starts again with a newer Python of this machine, or says that there is none."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        python = shutil.which("python3.%d" % minor)  # noqa: UP031
        # A version manager's stand-in may be found for a version that is not there.
        if python and subprocess.call([python, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(python, [python, "-m", "infra.dev"] + sys.argv[1:])  # noqa: S606, RUF005
    sys.exit("Xuebu needs Python 3.%d or newer; this is Python %s." % (OLDEST[1], sys.version.split()[0]))  # noqa: UP031


if __name__ == "__main__":
    main()
