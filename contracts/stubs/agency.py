"""What a stub is told about the agency it plays: its folder, its people, its personas."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from contracts.stubs import demonstration
from contracts.stubs.canaries import canaries
from contracts.stubs.people import AgencyPerson, PersonName, modulus_11
from contracts.stubs.places import Address
from contracts.stubs.town import TOWN_SEED, TOWN_SIZE, build_town


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency as its stub plays it: settings from stub.toml, and every record it holds."""

    id: str
    """The folder's name."""
    folder: Path
    settings: Mapping[str, Any]
    people: tuple[AgencyPerson, ...]
    behaviour: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Local id to the ``[behaviour]`` table of its persona file."""

    @property
    def name(self) -> str:
        """The agency's own name for itself."""
        return str(self.settings.get("name", self.id))

    def persona(self, local_id: str) -> str | None:
        """What happens when this record is touched; None for an ordinary one."""
        return next((person.persona for person in self.people if person.local_id == local_id), None)


class FolderError(Exception):
    """An agency folder a stub cannot play; the message names the file and the key, never a value."""


def load_agency(folder: Path) -> Agency:
    """Reads ``stub.toml`` and ``personas/``; the people are a sample of the town, the demonstration's and the personas."""
    settings = _read_toml(folder / "stub.toml")
    for key in ("kind", "seed", "share"):
        if key not in settings:
            raise FolderError(f"stub.toml: {key} is missing")
    pattern = str(settings.get("local_id", "P{:07d}"))
    town = build_town(int(settings.get("town_seed", TOWN_SEED)), int(settings.get("town_size", TOWN_SIZE)))
    people = town.sample(int(settings["seed"]), float(settings["share"]), pattern)
    people = [person for person in people if not demonstration.resembles_a_listed_person(person)]
    people += demonstration.held_by(str(settings.get("plays", folder.name)), pattern)
    return _with_personas(folder, settings, people, pattern)


def _with_personas(folder: Path, settings: Mapping[str, Any], people: list[AgencyPerson], pattern: str) -> Agency:
    behaviour: dict[str, Mapping[str, Any]] = {}
    for place, file in enumerate(sorted((folder / "personas").glob("*.toml"))):
        person, table = _read_persona(file, people, pattern.format(9_000_000 + place))
        people = [other for other in people if other.local_id != person.local_id] + [person]
        behaviour[person.local_id] = table.get("behaviour", {})
    tested = canaries(pattern) if float(settings["share"]) else []
    return Agency(folder.name, folder, settings, (*people, *tested), behaviour)


def _read_persona(file: Path, people: list[AgencyPerson], local_id: str) -> tuple[AgencyPerson, Mapping[str, Any]]:
    number, _, happens = file.stem.partition("__")
    if not (number.startswith("999") and len(number) == 10 and modulus_11(number[:9]) == int(number[9]) and happens):
        raise FolderError(f"{file.name}: name it <NHS number of the 999 range>__<what happens>.toml")
    table = _read_toml(file)
    held = next((person for person in people if person.nhs_number == number), None)
    person = held or _person(table, number, local_id, file.name)
    return replace(person, persona=happens, restricted=person.restricted or happens == "restricted"), table


def _person(table: Mapping[str, Any], number: str, local_id: str, file: str) -> AgencyPerson:
    try:
        entry = table["person"]
        return AgencyPerson(
            local_id=local_id, resident_id=f"persona-{number}", given=entry["given"], middle=tuple(entry.get("middle", ())),
            family=entry["family"], aliases=tuple(PersonName(*name) for name in entry.get("aliases", ())), sex=entry["sex"],
            birth_date=_date(entry["born"]), nhs_number=number, address=Address(tuple(entry["address"]), entry["postcode"]),
            previous_addresses=(), phone=entry.get("phone"), household_id=entry.get("household", f"persona-{number}"),
            open_to_services=entry.get("open_to_services", True),
        )  # fmt: skip
    except KeyError as missing:
        raise FolderError(f"{file}: {missing} is missing") from None


def _date(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FolderError(f"{path.name}: no such file") from None
    except tomllib.TOMLDecodeError:
        raise FolderError(f"{path.name}: not readable as TOML") from None
