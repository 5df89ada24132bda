"""Values that do not show themselves: no repr, str, format, pickle or default JSON of identifying data, anywhere."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex, TypeVar

SEALED = "(sealed)"
T = TypeVar("T", bound="Sealed")


class Sealed:
    """Base of every value that identifies a person or says why they are known to us.

    A traceback, a log line or an f-string shows only ``(sealed)``; ``json`` and ``pickle`` refuse it. Reading a field stays an explicit
    act, and so does what turns every field into a dictionary (``dataclasses.asdict``): a check in tests/architecture names who may.
    Instances are immutable, so that a copy is the value itself.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}{SEALED}"

    def __str__(self) -> str:
        return SEALED

    def __format__(self, format_spec: str) -> str:
        return SEALED

    def __copy__(self: T) -> T:
        return self

    def __deepcopy__(self: T, memo: object) -> T:
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Raises ``TypeError``: what is pickled lies in the clear wherever it is put."""
        raise TypeError(SEALED)
