"""What a process that delivers does once, before its first delivery."""

from __future__ import annotations

import gc

from adapters.registry import Registry

_YOUNG = 20_000
"""New objects before the collector looks. Those of a delivery are nearly all gone with their last reference: at Python's 700 the collector
walked the young ones all the time, found hardly anything, and took a sixth of all the CPU."""


def ready(registry: Registry) -> None:
    """Loads what the agreements' systems need, so that no first reply waits for it, and takes all that is loaded out of the collector's
    walks: it lives as long as the process. What comes later is collected as always, in larger portions."""
    registry.load_connectors()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
