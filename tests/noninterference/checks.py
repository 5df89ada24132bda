"""What must hold of one run alone, whatever the other one shows: a leak that both runs have is no difference between them.

Words that say what the gateway is for stand nowhere but in the one approved field; nobody's particulars stand in logs, queue, addresses or the
database's files; what goes to an agency names one person, and never where anybody lives or how to reach them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.domain.flags import ALERT_TEXT
from tests.noninterference.agencies import alerts
from tests.noninterference.house import House
from tests.noninterference.steps import ROLES, Course
from tests.noninterference.surfaces import DECLARED, OTHERS, Readings
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
_SECRET = re.compile(rb"(client_assertion=|Bearer |Basic )[\w.%+/=-]+")
"""Signed and random texts, in which any four letters may come to stand."""
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TASK = re.compile(rf'\[\["{_UUID}"\], \{{\}}, \{{"callbacks": null, "errbacks": null, "chain": null, "chord": null\}}\]')
_HEADERS = frozenset({
    "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id", "parent_id", "argsrepr",
    "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting", "stamped_headers", "stamps", "redelivered", "priority",
})  # fmt: skip


_TASK_NAMES = frozenset({"gateway.wake", "gateway.sweep"})
_SENT_HEADERS = frozenset({
    "user-agent", "accept", "accept-encoding", "content-type", "authorization", "x-request-id", "prefer", "if-none-exist", "if-match", "x-api-key",
    "idempotency-key",
})  # fmt: skip
_FLAG_PARTS = frozenset({"resourceType", "id", "meta", "identifier", "status", "code", "subject"})
_LABELS = frozenset({"V", "SDV", "NOPAT", "NOLIST"})
ECHO = b"echo-of-what-was-sent"
"""Stands in requests that are wrong; no answer may repeat it."""
_EXPORT = b"case,role,family_name,given_name,birth_date,agency,state,reason,record,open,asked,answered"


@dataclass(frozen=True, slots=True)
class Breach:
    """What was broken, where, and the bytes that show it."""

    rule: str
    where: str
    found: bytes


class Particulars:
    """Everything by which somebody of a world could be told. Looked for in small letters: a leak may come as capitals."""

    def __init__(self, world: World, this_week: frozenset[date] = frozenset()) -> None:
        """``this_week`` are the days of the database's own clock, which stand in every row about work: nobody is told by such a birthday."""
        names = {name for r in world.residents for name in (r.given, r.family)}
        numbers = {r.nhs_number for r in world.residents} | {p.local_id for people in world.holdings.values() for p in people}
        contact = {r.phone for r in world.residents} | {r.address.lines[0] for r in world.residents} | {r.address.postcode for r in world.residents}
        days = {form for r in world.residents if r.birth_date not in this_week for form in (f"{r.birth_date:%Y-%m-%d}", f"{r.birth_date:%d/%m/%Y}", f"{r.birth_date:%Y%m%d}")}
        notes = {"first account", "another account", "Ring about"}
        cases = {case.number for case in (world.secret, *world.public, *world.southern)}
        # A word that is one resident's first name and another's family name says nothing of who is meant.
        self.first_names = _small({r.given for r in world.residents} - {r.family for r in world.residents})
        self.contact = _small(contact)
        self.at_rest = _small(names | numbers | days | notes | cases)
        self.digests = frozenset(made(number.encode()).hexdigest().encode() for number in numbers for made in (hashlib.sha256, hashlib.sha1, hashlib.md5))
        self.residents = {word.encode(): r.id for r in world.residents for word in (r.nhs_number, r.given.lower())}
        self.residents |= {p.local_id.lower().encode(): p.resident_id for people in world.holdings.values() for p in people}
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
    if (who in ("O1", "O9") or observer == "O7 s-auditor") and (found := _first(particulars.anything, value)):
        yield Breach("nobody's particulars", place, found)
    if who == "O9" and not surface.startswith("GET") and (found := _first(_WORDS, _without_settings(value))):
        yield Breach("no word that tells", place, found)
    if surface == OTHERS and value:
        yield Breach("no task of another table's", place, value)
    if ECHO in value:
        yield Breach("nothing repeated", place, value[-200:])
    if surface.endswith("/export") and value.startswith(b"200") and (found := _not_the_export(value)):
        yield Breach("fixed columns and a neutral name", place, found)
    if surface.startswith("queue server") and (found := _not_a_bell(value)):
        yield Breach("one opaque id", place, found)
    if surface.startswith(("GET /", "POST /")):
        yield from _of_headers(surface, value)


def _not_the_export(value: bytes) -> bytes:
    """What of an export is not as every export is; b"" if nothing."""
    head, _, body = value.partition(b"\n\n")
    if b'content-disposition: attachment; filename="report.csv"' not in head:
        return head[-200:]
    first = body.partition(b"\n")[0].strip(b"\xef\xbb\xbf\r")
    wider = any(line.count(b",") > 40 for line in body.splitlines())
    return b"" if first == _EXPORT and not wider else first[:300]


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
    if headers.get("task") not in _TASK_NAMES or any(headers.get(name) is not None for name in ("shadow", "group", "eta")):
        return repr((headers.get("task"), headers.get("shadow"))).encode()
    told = re.fullmatch(rf"\['{_UUID}'\]", headers.get("argsrepr", "")) and headers.get("kwargsrepr") == "{}" and headers.get("ignore_result") is True
    return b"" if told else repr((headers.get("argsrepr"), headers.get("kwargsrepr"), headers.get("ignore_result"))).encode()


def of_sent(sent: Sequence[Sent], particulars: Particulars) -> Iterator[Breach]:
    """What left for agencies."""
    yield from _in_common(sent, particulars)
    for one in sent:
        for rule, found in _broken(one, particulars):
            if found:
                yield Breach(rule, f"{one.method} to {one.agency}", found)


_OPAQUE = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-fA-F]{16,64}")


def _in_common(sent: Sequence[Sent], particulars: Particulars) -> Iterator[Breach]:
    """A number that goes along with messages about two people tells an agency that they belong together."""
    about: dict[bytes, set[str]] = {}
    for one in sent:
        whole = _SECRET.sub(b"", one.as_bytes())
        people = {id_ for word, id_ in particulars.residents.items() if word in whole.lower()}
        if len(people) == 1:
            for number in set(_OPAQUE.findall(whole)) - particulars.residents.keys():
                about.setdefault(number, set()).update(people)
    yield from (Breach("no number in common to two people", "a wire", number) for number, people in about.items() if len(people) > 1)


def _broken(one: Sent, particulars: Particulars) -> Iterator[tuple[str, bytes]]:
    whole, low = one.as_bytes(), one.body.lower()
    yield "no word that tells on the wire", _first(_WORDS, _without_settings(_SECRET.sub(b"", _APPROVED.sub(b"", whole))))
    yield "no way to reach anybody on the wire", _first(particulars.contact, whole)
    names = [name for name in particulars.first_names if name in low]
    yield "one person in one message", b" and ".join(names) if len(names) > 1 else b""
    if one.method == "MLLP":
        yield "no event of ours in a feed", one.body[:80] if any(part in one.body for part in (b"|ADT^", b"\rNTE", b"\rOBX")) else b""
        return
    head = "\n".join([one.url, *(f"{name}: {value}" for name, value in one.headers.items())]).encode()
    yield "nobody in an address or header", _first(particulars.first_names, head)
    more = sorted({name.lower() for name in one.headers} - _SENT_HEADERS)
    yield "no header of ours beyond the usual", " ".join(more).encode()
    if one.body.startswith(b'{"') and b'"Flag"' in one.body and "/Flag" in one.url and one.method in ("POST", "PUT"):
        yield "an alert as agreed", _not_the_alert(json.loads(one.body))
    yield "only agreed hosts", b"" if one.url.startswith("http://127.0.0.1:") else one.url.encode()


def _not_the_alert(flag: dict[str, Any]) -> bytes:
    """What of a Flag is more than its words, or less than its labels; b"" if nothing."""
    held = {label.get("code") for label in flag.get("meta", {}).get("security", ())}
    more = set(flag) - _FLAG_PARTS or set(flag["code"]) - {"text"} or set(flag["subject"]) - {"reference"}
    if not held >= _LABELS or (flag.get("status") == "active" and (more or flag["code"].get("text") not in ALERT_TEXT.values())):
        return json.dumps(flag).encode()[:300]
    wordy = any(text in identifier.get("value", "") for identifier in flag.get("identifier", ()) for text in ALERT_TEXT.values())
    return json.dumps(flag).encode()[:300] if wordy else b""


def of_places(course: Course) -> Iterator[Breach]:
    """Alerts of ours stand only on records of people who are listed in that part; those that the agency's own staff moved are theirs."""
    listed = {(ROLES[role], id_) for case in (*course.listed(), *course.world.southern) for role, id_ in case.people}
    for agency, trust in course.town.trusts.items():
        holds = {p.local_id: p.resident_id for p in trust.agency.people}
        for flag in alerts(trust):
            record, text = flag["subject"]["reference"].removeprefix("Patient/"), flag["code"].get("text")
            role = next((role for role, words in ALERT_TEXT.items() if words == text), None)
            if flag["status"] == "active" and flag["id"] not in course.edited and (role, holds.get(record)) not in listed:
                yield Breach("an alert only on the right record", agency, json.dumps(flag).encode()[:300])


def of_folder(house: House, particulars: Particulars) -> Iterator[Breach]:
    """What is left in folders for passing files, which should be nothing, and in the gateway's own."""
    for file in house.left_behind():
        yield Breach("nothing left behind", file.name, _first(particulars.anything, file.read_bytes()) or b"a file")
        file.unlink()


def of_files(house: House, particulars: Particulars, sent: Collection[bytes]) -> Iterator[Breach]:
    """What somebody finds who reads the database's files; a plain digest is as good as the value to whoever can try all values. ``sent``
    are those of what left (``digests_of``)."""
    for table, content in house.dump().items():
        told, kept = _BINARY.sub(b" ", content), b" ".join(bytes.fromhex(digits.decode()) for digits in _BINARY.findall(content))
        if found := _first(particulars.at_rest, told) or _first([word for word in particulars.at_rest if len(word) >= _LONG], kept):
            yield Breach("sealed at rest", table, found)
        if found := next((digest for digest in _DIGEST.findall(content) if digest in particulars.digests or digest in sent), b""):
            yield Breach("no plain digest at rest", table, found)


_BINARY = re.compile(rb"\\+x((?:[0-9a-f]{2})*)")
"""What is kept as bytes is searched as bytes: plain text among them is seen, and eight digits of sealed ones are nobody's birthday."""
_LONG = 7
"""Letters of a word that does not come to stand in random bytes by chance."""


_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])|(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_TOGETHER = 6
"""So many bodies are at most sent for one message."""


def digests_of(sent: Sequence[Sent]) -> Iterator[bytes]:
    """The SHA-256 of every body that left, and of those that left one after the other to one agency."""
    for agency in {one.agency for one in sent}:
        bodies = [one.body for one in sent if one.agency == agency and one.body]
        for first in range(len(bodies)):
            whole = hashlib.sha256()
            for body in bodies[first : first + _TOGETHER]:
                whole.update(body)
                yield whole.hexdigest().encode()
