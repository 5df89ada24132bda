"""The people of the benchmark: as many as asked, all invented, every one held by every agency with an exact record; and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from gateway.domain.actors import Actor, UserRole
from gateway.domain.identifiers import MaracId, UserId

MARAC = MaracId("benchmark")
COORDINATOR = Actor(UserId("u-bench"), frozenset({UserRole.COORDINATOR}), None, frozenset({MARAC}))


@dataclass(frozen=True)
class BenchPerson:
    """One person; ``family`` is unique, so that a responder finds the record by it."""

    number: int
    family: str
    given: str
    born: date
    nhs_number: str
    street: str
    postcode: str


def bench_people(count: int) -> list[BenchPerson]:
    """``count`` people, the same ones at every call."""
    return [
        BenchPerson(
            n, f"Bench{_letters(n)}", ("Alma", "Boris", "Chidi", "Dilys")[n % 4], date(1960, 1, 1) + timedelta(days=97 * n),
            _nhs_number(n), f"{n + 1} Measure Street", f"ZZ9 {n % 10}AA",
        )
        for n in range(count)
    ]  # fmt: skip


def _letters(n: int) -> str:
    return "".join(chr(97 + n // 26**place % 26) for place in (3, 2, 1, 0))


def _nhs_number(n: int) -> str:
    """The n-th number of the 999 test range whose check digit exists."""
    serial = 100_000 + n
    while True:
        digits = f"999{serial:06d}"
        check = 11 - sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            return digits + str(check % 11)
        serial += 10_000
