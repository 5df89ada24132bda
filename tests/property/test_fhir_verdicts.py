"""Our narrow models give the same verdict as fhir.resources on a corpus of spoilt replies, but for differences that are named here."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4.patient import read_pages
from mappings.fhir_r4.profile import Profile
from mappings.strict_json import Unreadable

Path = tuple[str | int, ...]
PATIENT = {
    "resourceType": "Patient", "id": "NM1",
    "meta": {"versionId": "1", "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}]},
    "identifier": [{"use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}], "active": True,
    "name": [{"use": "official", "family": "Achebe", "given": ["Chidi"]}], "telecom": [{"system": "phone", "value": "1"}],
    "gender": "male", "birthDate": "1991-07-23", "deceasedBoolean": False,
    "address": [{"use": "home", "line": ["1 High St"], "city": "N", "postalCode": "Z"}],
    "link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}],
}  # fmt: skip
SOUND: dict[str, Any] = {
    "resourceType": "Bundle", "type": "searchset", "total": 1, "link": [{"relation": "self", "url": "https://h.example/Patient"}],
    "entry": [{"resource": PATIENT, "search": {"mode": "match"}}],
}  # fmt: skip
GONE = object()
SPOILT = (None, 1, 1.5, True, "", " ", "text", "1991-02-30", "1991-13", [], {}, ["x"], [None], {"unknown": 1}, [{}], GONE)

# Where we refuse and they do not: R4's own JSON rules (2.6.2: no null but in arrays), required value sets, and what we cannot do without.
CODES = {"use", "gender", "mode", "system", "type"}
NEEDED = {"resourceType", "id", "resource", "type", "active", "deceasedBoolean", "total", "entry"}
# Where they refuse and we do not: elements that nobody knows, and text that is there and empty; neither becomes part of a candidate.
EMPTY_TEXT = ("", " ")


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    if at:
        yield at
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in pairs:
        yield from paths(held, (*at, key))


def spoil(path: Path, value: Any) -> dict[str, Any]:
    spoilt = copy.deepcopy(SOUND)
    place: Any = spoilt
    for key in path[:-1]:
        place = place[key]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return spoilt


def they_take(reply: dict[str, Any]) -> bool:
    try:
        Bundle.model_validate(reply)
    except (ValidationError, TypeError, LookupError):  # an unknown resourceType is a KeyError of theirs
        return False
    return True


def we_take(reply: dict[str, Any]) -> bool:
    try:
        found = r4.read_search(json.dumps(reply).encode())
        if isinstance(found, r4.OperationOutcome):
            return False
        read_pages([found], Profile(), whole=True)
    except Unreadable:
        return False
    return True


def named_difference(name: str, value: Any, ours: bool) -> bool:
    """Whether this is one of the differences on purpose."""
    if ours:
        return value in EMPTY_TEXT or value == {"unknown": 1}
    return value is None or name in NEEDED or (name in CODES and isinstance(value, str))


def test_both_take_what_is_sound() -> None:
    assert they_take(SOUND)
    assert we_take(SOUND)


@pytest.mark.parametrize("path", list(paths(SOUND)), ids=lambda path: ".".join(map(str, path)))
def test_the_same_verdict_on_spoilt_replies(path: Path) -> None:
    name = next(str(key) for key in reversed(path) if isinstance(key, str))
    compared = [(value, they_take(spoil(path, value)), we_take(spoil(path, value))) for value in SPOILT]
    unexplained = [value for value, theirs, ours in compared if theirs != ours and not named_difference(name, value, ours)]
    assert unexplained == []


def test_the_corpus_judges() -> None:
    """Both kinds of verdict occur often: a corpus that is all sound or all spoilt would show nothing."""
    verdicts = [we_take(spoil(path, value)) for path in paths(SOUND) for value in SPOILT]
    assert 0.15 < sum(verdicts) / len(verdicts) < 0.85
