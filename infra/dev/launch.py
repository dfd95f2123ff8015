"""Becomes a child process that cannot outlive its parent, without root's identity where that is forbidden.

Run as a script, in isolation: `python -I -S launch.py PARENT SIGNAL USER COMMAND...`, standard library only.
It replaces itself with the command, so the process id stays the one the parent knows.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def become(user: str) -> None:
    """Gives up root for `user`, keeping only the right to pass directories closed to others.

    PostgreSQL refuses to run as root, yet a checkout of root's may lie below a directory private to root.
    Opening those directories to everybody would be worse than one capability in a development process.
    """
    entry = pwd.getpwnam(user)
    libc = ctypes.CDLL(None, use_errno=True)
    linux = sys.platform == "linux"
    if linux:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if linux:
        sets = (_Sets * 2)()
        sets[0].effective = sets[0].permitted = sets[0].inheritable = 1 << CAP_DAC_OVERRIDE
        libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), sets)
        # Refused where root itself lacks the capability: then the paths must be open, as for any other user.
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
    os.environ["HOME"] = entry.pw_dir


def follow(parent: int, number: int) -> None:
    """Has the kernel send signal `number` when the parent dies, however it dies (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(1)


def main() -> None:
    """Reads PARENT SIGNAL USER COMMAND... and becomes the command; USER may be empty."""
    parent, name, user, *command = sys.argv[1:]
    if user:
        become(user)
    follow(int(parent), signal.Signals[name])  # after become: a change of user clears it
    os.execv(command[0], command)  # noqa: S606 no shell is wanted


if __name__ == "__main__":
    main()
