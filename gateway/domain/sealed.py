"""Values that do not show themselves: no repr, str or format of identifying data, anywhere."""

from __future__ import annotations

SEALED = "(sealed)"


class Sealed:
    """Base of every value that identifies a person or says why they are known to us.

    A traceback, a log line or an f-string shows only ``(sealed)``. Reading a field stays an explicit act.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}{SEALED}"

    def __str__(self) -> str:
        return SEALED

    def __format__(self, format_spec: str) -> str:
        return SEALED
