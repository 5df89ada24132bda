"""Keyed hashes by which the same person is recognised in another case: NHS number, and each name with each date of birth.

Names are folded (case, accents, punctuation, order of the parts) before hashing: a false meeting costs a look by a person, a missed one
could put an alert on somebody who stands in another part elsewhere.
"""

from __future__ import annotations

import re
import unicodedata

from gateway.domain.case_list import Person, PersonName
from gateway.store.crypto import Vault

_WORDS = re.compile(r"[^\W_]+")


def person_keys(vault: Vault, person: Person) -> frozenset[bytes]:
    """Every key of a person; none when there is neither an NHS number nor a name with a date of birth."""
    keys = {
        vault.index("person.name_and_birth", _folded(name), born.iso())
        for name in person.names
        for born in person.birth_dates
        if _folded(name)
    }
    if person.nhs_number:
        keys.add(vault.index("person.nhs_number", person.nhs_number.value))
    return frozenset(keys)


def _folded(name: PersonName) -> str:
    decomposed = unicodedata.normalize("NFKD", f"{name.family} {name.given}")
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(sorted(_WORDS.findall(plain.casefold().replace("'", "").replace("’", ""))))
