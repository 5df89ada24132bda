"""Whether a text that people wrote names somebody of the list: by name, number, date of birth, telephone or postcode.

What is set down as work stands in systems that many read, and on nobody's record. Who it is about, the agency's representative knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gateway.domain.case_list import Person

_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s.\-/()]+(?=\d)")
_LETTERS = re.compile(r"[^\W\d_]+")
_NOT_LETTERS_OR_DIGITS = re.compile(r"[\W_]+")


def names_any(text: str, people: Iterable[Person]) -> bool:
    """Whether anybody of these is named. Of names, a word that begins with a capital counts, whoever else may be called so: then a
    person passes the work on, and nothing is lost."""
    capitals = {word.casefold() for word in _LETTERS.findall(text) if word[0].isupper()}
    written = f" {' '.join(_NOT_LETTERS_OR_DIGITS.split(text.casefold()))} "
    digits = _BETWEEN_DIGITS.sub("", text)
    squeezed = _NOT_LETTERS_OR_DIGITS.sub("", text).casefold()
    return any(
        not capitals.isdisjoint(_names(person))
        or any(number in digits for number in _numbers(person))
        or any(number in squeezed for number in _references(person))
        or any(f" {name} " in written for name in _several_words(person))
        for person in people
    )


def _names(person: Person) -> set[str]:
    return {part.casefold() for name in person.names for part in _LETTERS.findall(f"{name.family} {name.given}") if len(part) > 2}


def _several_words(person: Person) -> Iterator[str]:
    """A name as it may be written without capitals."""
    for name in person.names:
        if name.given and name.family:
            yield " ".join(_NOT_LETTERS_OR_DIGITS.split(f"{name.given} {name.family}".casefold()))


def _numbers(person: Person) -> Iterator[str]:
    """Numbers as their digits alone; a date of birth day first and year first."""
    if person.nhs_number:
        yield person.nhs_number.value
    for phone in person.phones:
        digits = re.sub(r"\D", "", phone.number)
        if len(digits) > 6:
            yield digits[-9:]
    for born in person.birth_dates:
        if born.month and born.day:
            yield f"{born.day:02d}{born.month:02d}{born.year:04d}"
            yield f"{born.year:04d}{born.month:02d}{born.day:02d}"


def _references(person: Person) -> Iterator[str]:
    """Postcodes, and numbers that hold letters."""
    texts = [address.postcode or "" for address in person.addresses] + [identifier.value for identifier in person.identifiers]
    for text in texts:
        reference = _NOT_LETTERS_OR_DIGITS.sub("", text).casefold()
        if len(reference) > 4:
            yield reference
