"""What a process forked by a test does first."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""


def die_with(parent: int) -> None:
    """End this process when its parent does, however long its work takes on a busy machine."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
