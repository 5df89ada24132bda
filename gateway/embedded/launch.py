"""Runs a program that ends when its parent ends, as another user if asked. Run as a file, with the standard library only.

    python -I -S launch.py PARENT_PID DEATH_SIGNAL USER PROGRAM [ARGUMENT ...]       USER is "" to stay who we are

The order matters: the kernel forgets the parent-death signal when the user changes, so it is set after that.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import resource
import sys

PR_SET_PDEATHSIG = 1


def become(user: str) -> None:
    """Gives up every group and right of the present user."""
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def end_with(parent: int, death_signal: int) -> None:
    """Asks the kernel for ``death_signal`` when the parent ends; where the kernel is not Linux, nothing is asked."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        raise SystemExit(1)


def main(arguments: list[str]) -> None:
    """Replaces this process by the program; memory of it is never written to disk as a core file."""
    parent, death_signal, user, *program = arguments
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if user:
        become(user)
    end_with(int(parent), int(death_signal))
    os.execv(program[0], program)  # noqa: S606  becoming the program is the point: no shell, no process between


if __name__ == "__main__":
    main(sys.argv[1:])
