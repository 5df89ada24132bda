"""The inner loop of the blocked pass: numbers in, numbers out, compiled where numba is installed.

Levels are those of ``comparing``; where letters alone cannot settle one, the best that they allow. Fields stand in the order of ``FIELDS``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.bulk.compiling import compiled
from gateway.bulk.numbering import BARE, GROUPS, SEVERAL, Rows
from gateway.policy.identity.comparing import ALIKE, GENERATION_YEARS, LONG_LETTERS, MISSING, NEAR_LETTERS
from gateway.policy.identity.scoring import ADDRESS, BIRTH, FAMILY, GIVEN, MIDDLE, NHS, PHONE, SEX

Keys = npt.NDArray[np.int64]
Bits = npt.NDArray[np.float32]
_JARO = 3 * (1 - (1 - ALIKE) / 0.6) - 1 - 1e-4
"""What the shares of common letters of two words must add up to for a Jaro-Winkler of ``ALIKE``."""
_M1, _M2, _M4 = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
_ONE, _TWO, _FOUR, _EIGHT, _HALF, _WORD, _LAST = (np.uint64(n) for n in (1, 2, 4, 8, 16, 32, 127))
_NO_NUMBER, _NIBBLE = np.uint64(0), np.uint64(15)


@compiled
def ones(bits: np.uint64) -> int:
    """How many bits are set."""
    bits = bits - ((bits >> _ONE) & _M1)
    bits = (bits & _M2) + ((bits >> _TWO) & _M2)
    bits = (bits + (bits >> _FOUR)) & _M4
    bits = bits + (bits >> _EIGHT)
    bits = bits + (bits >> _HALF)
    return int((bits + (bits >> _WORD)) & _LAST)


@compiled
def maybe_near(a, b) -> bool:  # type: ignore[no-untyped-def] # noqa: ANN001  rows of numbers, of no type that can be written
    """Whether two spellings could be near by their lengths, letters and sounds."""
    short, long = min(a.length, b.length), max(a.length, b.length)
    if short < NEAR_LETTERS or long < LONG_LETTERS:
        return False
    if a.sound == b.sound:
        return True
    shared = ones(a.letters & b.letters) + min(a.further, b.further)
    return bool(shared + 1 >= long or shared * (short + long) >= _JARO * short * long)


@compiled
def swapped(a, b) -> bool:  # type: ignore[no-untyped-def] # noqa: ANN001
    """Whether each name could stand in the other's place, one of them to the letter."""
    if a.given.id == a.family.id or b.given.id == b.family.id:
        return False
    if a.given.id >= 0 and a.given.id == b.family.id:
        return bool(a.family.id == b.given.id or maybe_near(a.family, b.given))
    return bool(a.family.id >= 0 and a.family.id == b.given.id and maybe_near(a.given, b.family))


@compiled
def shared_form(a, b) -> bool:  # type: ignore[no-untyped-def] # noqa: ANN001
    """Whether two given names are forms of one name."""
    if a.groups[0] < 0 or b.groups[0] < 0:
        return False
    for m in range(GROUPS):
        for n in range(GROUPS):
            if a.groups[m] >= 0 and a.groups[m] == b.groups[n]:
                return True
    return False


@compiled
def given_level(a, b) -> int:  # type: ignore[no-untyped-def] # noqa: ANN001
    """The best level that the given names allow."""
    x, y = a.given, b.given
    if x.id < 0 or y.id < 0:
        return MISSING
    if x.id == y.id or (a.whole == b.whole and x.length > 1):
        return 5 if x.length == 1 else 0
    if x.length == 1 or y.length == 1:
        return 5 if x.first == y.first else 6
    if shared_form(a, b):
        return 2
    if maybe_near(x, y):
        return 3
    return 4 if (x.marks | y.marks) & SEVERAL else 6


@compiled
def family_level(a, b) -> int:  # type: ignore[no-untyped-def] # noqa: ANN001
    """The best level that the family names allow."""
    x, y = a.family, b.family
    if x.id < 0 or y.id < 0:
        return MISSING
    if x.id == y.id:
        return 0
    if (x.marks | y.marks) & BARE or maybe_near(x, y):
        return 2
    return 3 if (x.marks | y.marks) & SEVERAL else 4


@compiled
def one_digit(x: int, y: int) -> bool:
    """Whether two numbers of two digits differ in no more than one."""
    return x % 10 == y % 10 or x // 10 == y // 10


@compiled
def birth_level(a, b) -> int:  # type: ignore[no-untyped-def] # noqa: ANN001
    """The level of the dates of birth."""
    if a.year == 0 or b.year == 0:
        return MISSING
    gap = abs(int(a.year) - int(b.year))
    if a.day and b.day:
        if gap == 0:
            if a.month == b.month and a.day == b.day:
                return 1 if a.month == 1 and a.day == 1 else 0
            if a.month == b.day and a.day == b.month:
                return 2
            if (a.day == b.day and one_digit(a.month, b.month)) or (a.month == b.month and one_digit(a.day, b.day)):
                return 3
            return 4 if a.month == b.month or a.day == b.day else 7
        if (gap == 1 or gap == 10 or gap == 20) and a.month == b.month and a.day == b.day:  # noqa: PLR1714  compiled to three comparisons
            return 3 if gap == 1 else 6
    elif gap == 0 and (not a.month or not b.month or a.month == b.month):
        return 5
    return 8 if gap > GENERATION_YEARS else 7


@compiled
def nhs_level(x: np.uint64, y: np.uint64) -> int:
    """The level of two NHS numbers of four bits a digit: a slip is one digit, or two neighbours changed about."""
    if x == _NO_NUMBER or y == _NO_NUMBER:  # noqa: PLR1714  compiled to two comparisons
        return MISSING
    if x == y:
        return 0
    apart = x ^ y
    while apart & _NIBBLE == _NO_NUMBER:
        apart, x, y = apart >> _FOUR, x >> _FOUR, y >> _FOUR
    rest = apart >> _FOUR
    if rest == _NO_NUMBER:
        return 1
    turned = x & _NIBBLE == (y >> _FOUR) & _NIBBLE and y & _NIBBLE == (x >> _FOUR) & _NIBBLE
    return 1 if turned and rest >> _FOUR == _NO_NUMBER else 2


@compiled
def address_level(a, b) -> int:  # type: ignore[no-untyped-def] # noqa: ANN001
    """The best level that the homes allow: any two postcodes of one house and street could be a slip."""
    if a.postcode >= 0 and a.postcode == b.postcode:
        if a.numbers == b.numbers:
            return 0 if a.numbers >= 0 or a.street == b.street else 3
        if a.numbers < 0 or b.numbers < 0:
            return 3
        return 2 if a.last == b.last and not (a.several and b.several) else 4
    if a.numbers >= 0 and a.numbers == b.numbers and a.street >= 0 and a.street == b.street:
        return 2
    if a.postcode < 0 or b.postcode < 0:
        return MISSING
    return 5 if a.district == b.district else 6


@compiled
def most(a, b, bits, priors, least) -> Any:  # type: ignore[no-untyped-def] # noqa: ANN001
    """The most that a pair can score; anything under ``least`` as soon as it cannot be reached.

    A score is never more than its bits against any one of the three nulls.
    """
    birth, home, number = birth_level(a, b), address_level(a, b), nhs_level(a.nhs, b.nhs)
    phone = MISSING if a.phone < 0 or b.phone < 0 else (0 if a.phone == b.phone else 1)
    table = bits[0]
    given, family = 1, 1
    if not swapped(a, b):
        family = family_level(a, b)
        surname = a.family_bits if family == 0 else table[FAMILY, family]
        told = priors[0] + surname + table[BIRTH, birth] + table[NHS, number] + table[ADDRESS, home] + table[PHONE, phone]
        alike = table[GIVEN, 1] + (table[SEX, 0] if a.sex and a.sex == b.sex else np.float32(0.0))
        if told + max(a.given_bits, alike) + (table[MIDDLE, 0] if a.middle and b.middle else np.float32(0.0)) < least:
            return least - np.float32(1.0)
        given = given_level(a, b)
    middle = 0 if given < 4 and a.middle and b.middle else MISSING
    sex = MISSING if given == 0 or not a.sex or not b.sex else (0 if a.sex == b.sex else 1)
    lowest = np.float32(1e9)
    for null in range(3):
        table = bits[null]
        names = table[GIVEN, given] + table[FAMILY, family]
        if null == 0:
            names = (a.given_bits if given == 0 else table[GIVEN, given]) + (a.family_bits if family == 0 else table[FAMILY, family])
        rest = table[MIDDLE, middle] + table[BIRTH, birth] + table[SEX, sex] + table[NHS, number] + table[ADDRESS, home] + table[PHONE, phone]
        lowest = min(lowest, priors[null] + names + rest)
        if lowest < least:
            return lowest
    return lowest


@compiled
def block_pairs(rows: Rows, starts: Keys, stops: Keys, first: int, bits: Bits, priors: Bits, least: np.float32, two_sides: bool, room):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201, PLR0913, PLR0917
    """Pairs of the blocks from ``first`` on, as far as they fit into ``room``: the block to go on with, how many were put there, how many compared."""
    count, compared = 0, 0
    for block in range(first, len(starts)):
        before = count, compared
        for i in range(starts[block], stops[block]):
            a = rows[i]
            if two_sides and a.side:
                break
            for j in range(i + 1, stops[block]):
                b = rows[j]
                if a.side == b.side if two_sides else a.record == b.record:
                    continue
                compared += 1
                if most(a, b, bits, priors, least) >= least:
                    if count == len(room):
                        return block, before[0], before[1]
                    turned = not two_sides and a.record > b.record
                    room[count, 0] = b.record if turned else a.record
                    room[count, 1] = a.record if turned else b.record
                    count += 1
    return len(starts), count, compared
