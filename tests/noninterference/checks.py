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
_WORDS = re.compile("|".join(map(re.escape, VOCABULARY)).encode(), re.IGNORECASE)
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
    """Everything by which somebody of a world could be told."""

    def __init__(self, world: World) -> None:
        names = {name for r in world.residents for name in (r.given, r.family)}
        numbers = {r.nhs_number for r in world.residents} | {p.local_id for people in world.holdings.values() for p in people}
        self.given = sorted({r.given for r in world.residents})
        contact = {r.phone for r in world.residents} | {r.address.lines[0] for r in world.residents} | {r.address.postcode for r in world.residents}
        days = {form for r in world.residents for form in (f"{r.birth_date:%Y-%m-%d}", f"{r.birth_date:%d/%m/%Y}", f"{r.birth_date:%Y%m%d}")}
        notes = {"first account", "another account", "Ring about"}
        self.anything = _any_of({*names, *numbers, *contact, *days, *notes})
        self.of_one = _any_of(names | numbers | days | notes)
        self.contact = _any_of(contact)
        self.first_names = _any_of(set(self.given))


def _any_of(words: Iterable[str]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(word.encode()) for word in sorted(words, key=len, reverse=True)))


def of_readings(readings: Readings, particulars: Particulars) -> Iterator[Breach]:
    """What observers saw after a step."""
    for (observer, surface), values in readings.items():
        if observer == DECLARED:
            continue
        for value in values:
            if observer[:2] in ("O1", "O2", "O3", "O4", "O5", "O6") and (word := _WORDS.search(_SETTINGS_OF_THE_WORLD.sub(b"", value))):
                yield Breach("no word that tells", f"{observer}: {surface}", value[max(0, word.start() - 60) : word.end() + 60])
            if observer[:2] in ("O1", "O9") and (one := particulars.anything.search(value)):
                yield Breach("nobody's particulars", f"{observer}: {surface}", value[max(0, one.start() - 60) : one.end() + 20])
            if surface.startswith("queue server") and (wrong := _not_a_bell(value)):
                yield Breach("one opaque id", f"{observer}: {surface}", wrong)
            if observer[:2] in ("O1", "O7", "O8", "O9") and surface.startswith(("GET /", "POST /")):
                yield from _of_headers(surface, value)


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
        whole = one.as_bytes()
        where = f"{one.method} to {one.agency}"
        if word := _WORDS.search(_SETTINGS_OF_THE_WORLD.sub(b"", _APPROVED.sub(b"", whole))):
            yield Breach("no word that tells on the wire", where, word[0])
        if found := particulars.contact.search(whole):
            yield Breach("no way to reach anybody on the wire", where, found[0])
        if one.method != "MLLP" and (found := _named_in(one, particulars)):
            yield Breach("nobody in an address or header", where, found)
        names = set(particulars.first_names.findall(one.body))
        if len(names) > 1:
            yield Breach("one person in one message", where, b" and ".join(sorted(names)))
        if one.method != "MLLP" and not one.url.startswith("http://127.0.0.1:"):
            yield Breach("only agreed hosts", where, one.url.encode())
        if b"\rOBX" in one.body or b"\rNTE" in one.body or (one.body[:3] == b"MSH" and b"|ADT^" in one.body[:200]):
            yield Breach("no event of ours in a feed", where, one.body[:80])


def _named_in(one: Sent, particulars: Particulars) -> bytes:
    head = "\n".join([one.url, *(f"{k}: {v}" for k, v in one.headers.items())]).encode()
    found = particulars.first_names.search(head)
    return found[0] if found else b""


def of_files(house: House, particulars: Particulars) -> Iterator[Breach]:
    """What somebody finds who reads the database's files."""
    for table, content in house.dump().items():
        if found := particulars.of_one.search(content):
            yield Breach("sealed at rest", table, content[max(0, found.start() - 80) : found.end() + 20])
