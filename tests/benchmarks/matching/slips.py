"""How people and their details get written down wrongly: by the caller, the officer, the clerk, and by time."""

from __future__ import annotations

import random
from datetime import date
from string import digits

from tests.benchmarks.matching.naming import NICKNAMES, RESPELLINGS


def typo(text: str, rng: random.Random) -> str:
    """One keystroke wrong: a letter changed, lost, doubled, or two swapped; the first letter mostly survives."""
    if len(text) < 3:
        return text
    i = rng.randrange(1 if rng.random() < 0.9 else 0, len(text))
    kind = rng.randrange(4)
    if kind == 0:
        return text[:i] + rng.choice("aeiourstlnmh") + text[i + 1 :]
    if kind == 1:
        return text[:i] + text[i + 1 :]
    if kind == 2:
        return text[:i] + text[i] + text[i:]
    return text[: i - 1] + text[i] + text[i - 1] + text[i + 1 :] if i else text


def nickname(given: str, rng: random.Random) -> str:
    """What friends call somebody, if the name has such a form."""
    return rng.choice(NICKNAMES[given].split()) if given in NICKNAMES else given


def respelt(text: str, rng: random.Random) -> str:
    """Another way to write the same sounds in Latin letters."""
    low = text.lower()
    ways = [(a, b) for pair in RESPELLINGS for a, b in (pair, pair[::-1]) if len(a) > 1 and a in low]
    if not ways:
        return text
    a, b = rng.choice(ways)
    return low.replace(a, b, 1).title()


def one_digit(text: str, rng: random.Random) -> str:
    """One digit of a number replaced by another."""
    i = rng.randrange(len(text))
    return text[:i] + rng.choice([d for d in digits if d != text[i]]) + text[i + 1 :]


def slipped_date(born: date, rng: random.Random) -> str:
    """A date of birth written wrongly, as it is read: ISO, still a real day."""
    for _ in range(50):
        text = _slip(born, rng)
        try:
            date.fromisoformat(text)
        except ValueError:
            continue
        if text != born.isoformat():
            return text
    return born.isoformat()


def _slip(born: date, rng: random.Random) -> str:
    chance = rng.random()
    if chance < 0.3:
        return f"{born.year:04d}-{born.day:02d}-{born.month:02d}"
    if chance < 0.65:
        day = one_digit(f"{born.month:02d}-{born.day:02d}".replace("-", ""), rng)
        return f"{born.year:04d}-{day[:2]}-{day[2:]}"
    if chance < 0.85:
        return f"{born.year + rng.choice((-10, -1, -1, 1, 1, 10)):04d}{born.isoformat()[4:]}"
    return f"{born.year:04d}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def written_address(line: str, rng: random.Random) -> str:
    """The same address as another clerk would type it."""
    short = {"Road": "Rd", "Street": "St", "Avenue": "Ave", "Lane": "Ln", "Close": "Cl", "Drive": "Dr"}
    if rng.random() < 0.3:
        line = " ".join(short.get(w, w) for w in line.split(" "))
    if rng.random() < 0.2:
        line = line.replace(", ", " ")
    return line.upper() if rng.random() < 0.1 else line


def part_of(family: str, rng: random.Random) -> str:
    """One part of a two-part or prefixed name, or the same written together or apart."""
    apart = family.replace("-", " ").split(" ")
    if len(apart) < 2:
        return family
    chance = rng.random()
    if chance < 0.25:
        return "".join(apart).title()
    if chance < 0.5:
        return " ".join(apart) if "-" in family else "-".join(apart)
    return rng.choice([p for p in apart if len(p) > 2] or apart)
