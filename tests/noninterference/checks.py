"""What must hold of one run alone, whatever the other one shows: a leak that both runs have is no difference between them.

Words that say what the gateway is for stand nowhere but in the one approved field; nobody's particulars stand in logs, queue, addresses or the
database's files; what goes to an agency names one person, and never where anybody lives or how to reach them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.domain.flags import ALERT_TEXT
from tests.noninterference.house import House
from tests.noninterference.surfaces import DECLARED, Readings
from tests.noninterference.wires import Sent
from tests.noninterference.worlds import World

VOCABULARY = (
    "marac", "idva", "idaa", "abuse", "abusive", "violen", "perpetrat", "victim", "safelives", "refuge", "domestic", "coerci", "stalk", "harass",
    "assault", "strangul", "high risk", "high-risk", "high_risk", "highrisk", "batter", "survivor", "honour-based", "forced marriage", "clare's law", "protection order",
    "restraining", "non-molest", "offender", "not to be disclosed", "safeguarding alert", "femicide", "homicide", "threat to kill",
)  # fmt: skip
"""Words and stems that give the purpose away, of our own choosing and not the product's list."""
_WORDS = tuple(word.encode() for word in VOCABULARY)
_APPROVED = re.compile(b"|".join(re.escape(text.encode()) for text in ALERT_TEXT.values()))
_SETTINGS_OF_THE_WORLD = re.compile(rb"northmoor-marac|northmoor_marac")
"""Ids of the demonstration's own agencies, which its stand-ins repeat; no real agreement is named so."""
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TASK = re.compile(rf'\[\["{_UUID}"\], \{{\}}, \{{"callbacks": null, "errbacks": null, "chain": null, "chord": null\}}\]')
_HEADERS = frozenset({
    "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id", "parent_id", "argsrepr",
    "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting", "stamped_headers", "stamps", "redelivered", "priority",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Breach:
    """What was broken, where, and the bytes that show it."""

    rule: str
    where: str
    found: bytes


class Particulars:
    """Everything by which somebody of a world could be told. Looked for in small letters: a leak may come as capitals."""

    def __init__(self, world: World) -> None:
        names = {name for r in world.residents for name in (r.given, r.family)}
        numbers = {r.nhs_number for r in world.residents} | {p.local_id for people in world.holdings.values() for p in people}
        contact = {r.phone for r in world.residents} | {r.address.lines[0] for r in world.residents} | {r.address.postcode for r in world.residents}
        days = {form for r in world.residents for form in (f"{r.birth_date:%Y-%m-%d}", f"{r.birth_date:%d/%m/%Y}", f"{r.birth_date:%Y%m%d}")}
        notes = {"first account", "another account", "Ring about"}
        self.first_names = _small({r.given for r in world.residents})
        self.contact = _small(contact)
        self.at_rest = _small(names | numbers | days | notes)
        self.anything = (*self.at_rest, *self.contact)


def _small(words: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(sorted({word.lower().encode() for word in words}))


def _first(words: Iterable[bytes], value: bytes) -> bytes:
    """The first of the words that stands in the value, with what stands round it; b"" if none does."""
    low = value.lower()
    found = next((word for word in words if word in low), b"")
    at = low.find(found)
    return value[max(0, at - 60) : at + len(found) + 60] if found else b""


def of_readings(readings: Readings, particulars: Particulars, looked_at: set[tuple[str, bytes]]) -> Iterator[Breach]:
    """What observers saw after a step. ``looked_at`` keeps what was judged before, for most of it does not change."""
    for (observer, surface), values in readings.items():
        for value in values:
            if observer != DECLARED and (surface, value) not in looked_at:
                looked_at.add((surface, value))
                yield from _of_value(observer, surface, value, particulars)


def _of_value(observer: str, surface: str, value: bytes, particulars: Particulars) -> Iterator[Breach]:
    place, who = f"{observer}: {surface}", observer[:2]
    if who in ("O1", "O2", "O3", "O4", "O5", "O6") and (found := _first(_WORDS, _without_settings(value))):
        yield Breach("no word that tells", place, found)
    if who in ("O1", "O9") and (found := _first(particulars.anything, value)):
        yield Breach("nobody's particulars", place, found)
    if surface.startswith("queue server") and (found := _not_a_bell(value)):
        yield Breach("one opaque id", place, found)
    if surface.startswith(("GET /", "POST /")):
        yield from _of_headers(surface, value)


def _without_settings(value: bytes) -> bytes:
    return _SETTINGS_OF_THE_WORLD.sub(b"", value)


def _of_headers(surface: str, value: bytes) -> Iterator[Breach]:
    head = value.partition(b"\n\n")[0].lower()
    for needed in (b"cache-control: no-store", b"referrer-policy: no-referrer", b"content-security-policy: default-src 'none'"):
        if needed not in head:
            yield Breach("headers of every answer", surface, needed)
    if b"<title>" in value and b"<title>Case gateway</title>" not in value and b"Case gateway</title>" not in value:
        yield Breach("one neutral title", surface, value[value.find(b"<title>") :][:120])


def _not_a_bell(payload: bytes) -> bytes:
    """What of a queue message is more than a ring with one opaque id; b"" if nothing."""
    body, headers, _ = json.loads(payload)
    text = body[2:-1] if body.startswith("b'") else body
    if not _TASK.fullmatch(text):
        return str(text)[:200].encode()
    if more := set(headers) - _HEADERS:
        return repr(sorted(more)).encode()
    told = re.fullmatch(rf"\['{_UUID}'\]", headers.get("argsrepr", "")) and headers.get("kwargsrepr") == "{}" and headers.get("ignore_result") is True
    return b"" if told else repr((headers.get("argsrepr"), headers.get("kwargsrepr"), headers.get("ignore_result"))).encode()


def of_sent(sent: Iterable[Sent], particulars: Particulars) -> Iterator[Breach]:
    """What left for agencies."""
    for one in sent:
        for rule, found in _broken(one, particulars):
            if found:
                yield Breach(rule, f"{one.method} to {one.agency}", found)


def _broken(one: Sent, particulars: Particulars) -> Iterator[tuple[str, bytes]]:
    whole, low = one.as_bytes(), one.body.lower()
    yield "no word that tells on the wire", _first(_WORDS, _without_settings(_APPROVED.sub(b"", whole)))
    yield "no way to reach anybody on the wire", _first(particulars.contact, whole)
    names = [name for name in particulars.first_names if name in low]
    yield "one person in one message", b" and ".join(names) if len(names) > 1 else b""
    if one.method == "MLLP":
        yield "no event of ours in a feed", one.body[:80] if any(part in one.body for part in (b"|ADT^", b"\rNTE", b"\rOBX")) else b""
        return
    head = "\n".join([one.url, *(f"{name}: {value}" for name, value in one.headers.items())]).encode()
    yield "nobody in an address or header", _first(particulars.first_names, head)
    yield "only agreed hosts", b"" if one.url.startswith("http://127.0.0.1:") else one.url.encode()


def of_files(house: House, particulars: Particulars) -> Iterator[Breach]:
    """What somebody finds who reads the database's files."""
    for table, content in house.dump().items():
        if found := _first(particulars.at_rest, content):
            yield Breach("sealed at rest", table, found)
