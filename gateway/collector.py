"""The garbage collector of a process that lives long: settled once, when everything is loaded and before the first message or request."""

from __future__ import annotations

import gc

_YOUNG = 20_000
"""New objects before the collector looks. Those of a delivery or a page are nearly all gone with their last reference: at Python's 700 the
collector walked the young ones all the time, found hardly anything, and took a sixth of all the CPU of delivering."""


def settle() -> None:
    """Takes all that is loaded out of the collector's walks: it lives as long as the process. What comes later is collected as always, in
    larger portions. (A walk over all that a web server has loaded takes a tenth of a second, and would come in the middle of somebody's page.)"""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
