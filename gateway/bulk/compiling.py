"""Machine code for inner loops where numba is installed, the same functions as plain Python where it is not: same answers, slower."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

try:
    from numba import njit  # type: ignore[import-not-found,import-untyped,unused-ignore]
except ImportError:
    njit = None
COMPILED = njit is not None


def compiled(function: F) -> F:
    """The function, compiled when it is first called; kept on disk for the next process."""
    return function if njit is None else njit(cache=True, nogil=True)(function)  # type: ignore[no-any-return,unused-ignore]
