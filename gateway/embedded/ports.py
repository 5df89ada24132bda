"""Free ports on the loopback address."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on at this moment; whoever takes it must be ready to find it taken."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def listening(wished: int) -> socket.socket:
    """A socket that listens on the port wished for, or on any free one where that is taken; 0 wishes for none. Nobody else can have the
    port from now on, so it may be told to others before the server that will answer there has started."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((LOOPBACK, wished))
        held.listen(128)
    except OSError:
        held.close()
        if not wished:
            raise
        return listening(0)
    return held
