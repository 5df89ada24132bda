"""Whatever shows, writes or copies a sealed value shows nothing of it; and every value that can identify somebody is sealed."""

from __future__ import annotations

import copy
import importlib
import io
import json
import logging
import pickle
import pkgutil
import pprint
import traceback
import types
import typing
from dataclasses import fields, is_dataclass
from datetime import date

import pytest
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

import gateway.domain
import gateway.policy
import gateway.services
import mappings
from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone, Role
from gateway.domain.identifiers import ChiNumber, LocalIdentifier, NhsNumber, PncId, Uprn
from gateway.domain.lookup import Candidate
from gateway.domain.sealed import SEALED, Sealed
from tests.contract.asked import about, action, alert, completion

CANARY = "Zzyzxcanary"
PERSON = Person(
    (PersonName(CANARY, CANARY),), (BirthDate.of(date(1988, 3, 14)),), None, NhsNumber("9990000018"), (LocalIdentifier("x", CANARY),),
    (Address((CANARY,), CANARY),), (Phone(CANARY, note=CANARY),),
)  # fmt: skip
VALUES = [
    PERSON, PERSON.names[0], PERSON.addresses[0], PERSON.phones[0], PERSON.identifiers[0], Candidate(CANARY, PERSON.names), about(CANARY, CANARY),
    alert(CANARY), action(CANARY, CANARY), completion(CANARY, detail=CANARY),
]  # fmt: skip
EACH = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


def _frames(value: object) -> str:
    def fail(held: object) -> None:
        raise ValueError

    try:
        fail(value)
    except ValueError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(told.format())
    return ""


def _rich_frames(value: object) -> str:
    out = io.StringIO()
    try:
        raise ValueError
    except ValueError as error:
        Console(file=out, width=200).print(Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True))
    return out.getvalue()


def _logged(value: object) -> str:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "odd: %s %r", (value, value), None)
    return record.getMessage()


SHOWN = {
    "repr": repr, "str": str, "format": "{}".format, "format with a spec": lambda value: f"{value:>200}", "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031
    "pprint": pprint.pformat, "rich": pretty_repr, "in a list": lambda value: str([value]), "in a dictionary": lambda value: str({"v": value}),
    "frames": _frames, "rich frames": _rich_frames, "log": _logged, "JSON with a default": lambda value: json.dumps({"v": value}, default=str),
    "an exception": lambda value: str(ValueError(value)), "repr of an exception": lambda value: repr(ValueError(value)),
}  # fmt: skip


@EACH
@pytest.mark.parametrize("way", SHOWN)
def test_no_way_of_showing_shows_anything(value: Sealed, way: str) -> None:
    shown = SHOWN[way](value)
    assert CANARY not in shown
    assert "9990000018" not in shown
    assert SEALED in shown


@EACH
def test_json_and_pickle_refuse_without_a_value(value: Sealed) -> None:
    for write in (json.dumps, pickle.dumps, lambda held: pickle.dumps([held], protocol=5)):
        with pytest.raises(TypeError) as refused:
            write(value)
        assert CANARY not in str(refused.value)


@EACH
def test_a_copy_is_the_value_itself(value: Sealed) -> None:
    assert copy.copy(value) is value
    assert copy.deepcopy(value) is value
    assert copy.deepcopy([value])[0] is value


@EACH
def test_there_is_no_dictionary_behind_it(value: Sealed) -> None:
    with pytest.raises(TypeError):
        vars(value)


# -------------------------------------------------------------------------------------------------- nothing is left out

IDENTIFYING = (PersonName, BirthDate, Address, Phone, NhsNumber, ChiNumber, PncId, Uprn, LocalIdentifier, Person, Role)
OPEN_ON_PURPOSE = {
    "SharingAgreement",  # the roles an agency may be asked about, of nobody in particular
    "Column",  # the layout of a file: which column is for whom
    "_Cases",  # a list being put together; each case in it is sealed
}


ROOMS = (gateway.domain, gateway.policy, gateway.services, mappings)


def dataclasses_of_ours() -> list[type]:
    found = []
    for module in (module for room in ROOMS for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")):
        loaded = importlib.import_module(module.name)
        found += [one for one in vars(loaded).values() if isinstance(one, type) and is_dataclass(one) and one.__module__ == module.name]
    return found


def names_in(hint: object) -> set[object]:
    """Every type that a hint is made of."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is not None:
        return {name for part in typing.get_args(hint) for name in names_in(part)}
    return {hint} if isinstance(hint, type) else set()


def test_every_value_that_holds_something_about_somebody_is_sealed() -> None:
    assert len(dataclasses_of_ours()) > 40
    sealed_by_content = set()
    for one in dataclasses_of_ours():
        hints = typing.get_type_hints(one)
        held = {name for field in fields(one) for name in names_in(hints[field.name])}
        about_somebody = any(isinstance(name, type) and (name in IDENTIFYING or issubclass(name, Sealed)) for name in held)
        if about_somebody and not issubclass(one, Sealed) and one.__name__ not in OPEN_ON_PURPOSE:
            sealed_by_content.add(one.__name__)
    assert sealed_by_content == set()

