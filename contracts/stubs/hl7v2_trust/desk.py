"""Where messages are taken in: the header's checks, acknowledgement modes, duplicates, and who answers what.

Original mode answers once; enhanced mode (MSH-15 and MSH-16 filled) first accepts, then answers (2.5 section 2.9).
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace

from contracts.stubs.agency import Agency
from contracts.stubs.hl7v2_trust import er7, segments
from contracts.stubs.hl7v2_trust.demographics import Hit, Page, PatientIndex, read_query
from contracts.stubs.hl7v2_trust.er7 import Message, Refused, Segment
from contracts.stubs.hl7v2_trust.feeds import Feeds
from contracts.stubs.ledger import Ledger
from contracts.stubs.people import AgencyPerson

_REMEMBERED = 20_000
_CONDITIONS = {"AL", "NE", "ER", "SU"}
_EVENTS = {"QBP": {"Q22"}, "QCN": {"J01"}, "ADT": {"A28", "A31"}}


@dataclass(frozen=True, slots=True)
class Answers:
    """What goes back for one message, and whose persona it touches."""

    accept: bytes | None = None
    application: bytes | None = None
    touched: AgencyPerson | None = None


class Desk:
    """Takes one message at a time and says what goes back. Not safe for two threads."""

    def __init__(self, agency: Agency, ledger: Ledger) -> None:
        self.index = PatientIndex(agency.people, int(agency.settings.get("too_many", 100)))
        self.feeds = Feeds(self.index.cards.by_local_id)
        self._agency, self._ledger = agency, ledger
        self._strangers = [person for person in agency.people if not person.restricted and not person.persona]
        self._answered: OrderedDict[tuple[str, str, str], tuple[bytes, Answers]] = OrderedDict()

    def receive(self, raw: bytes) -> Answers:
        """The answers to one message as it came out of its frame."""
        header = er7.read_header(raw)
        if header is None:
            return Answers(application=_acknowledge(None, "AR", Refused("100", "MSH^1")))
        digest = hashlib.sha256(raw).digest()
        name = (header.header.field(3), header.header.field(4), header.control_id)
        if name in self._answered:
            return self._again(header, name, digest)
        answers = self._first_time(raw, header)
        self._answered[name] = (digest, answers)
        if len(self._answered) > _REMEMBERED:
            self._answered.popitem(last=False)
        return answers

    def too_large(self, start: bytes) -> bytes:
        """The refusal of a message longer than the profile allows, from its first bytes."""
        return _acknowledge(er7.read_header(start), "AR", Refused("207", "MSH^1"))

    def _again(self, header: Message, name: tuple[str, str, str], digest: bytes) -> Answers:
        known, answers = self._answered[name]
        self._ledger.record("duplicate", header.control_id, "")
        return answers if known == digest else _refuse(header, Refused("205", "MSH^1^10"))

    def _first_time(self, raw: bytes, header: Message) -> Answers:
        try:
            _check_header(header.header)
            message = er7.read(raw)
        except Refused as refused:
            return _refuse(header, refused)
        application, touched = self._work(message, raw)
        return replace(_as_wanted(message, application), touched=touched)

    def _work(self, message: Message, raw: bytes) -> tuple[bytes, AgencyPerson | None]:
        """The application's own reply, and the record with a persona that it touches."""
        try:
            if message.event == "Q22":
                return self._answer_query(message, raw)
            if message.event == "J01":
                return self._cancel(message), None
            local_id = self.feeds.apply(message)
            self._ledger.record(f"adt.{message.event}", message.control_id, local_id, raw)
            return _acknowledge(message, "AA"), None
        except Refused as refused:
            code = "AR" if refused.outright else "AE"
            return (self._query_error if message.event == "Q22" else _acknowledge)(message, code, refused), None

    def _answer_query(self, message: Message, raw: bytes) -> tuple[bytes, AgencyPerson | None]:
        query = read_query(message)
        page = self.index.answer(query)
        touched = next((hit.person for hit in page.hits if hit.person.persona), None)
        self._ledger.record("lookup.next" if query.pointer else "lookup", message.control_id, touched.local_id if touched else "", raw)
        persona = touched.persona if touched else ""
        if persona in {"application_error", "application_reject"}:
            code = "AE" if persona == "application_error" else "AR"
            return self._query_error(message, code, Refused("207", "")), None
        if persona == "too_many":
            page = Page("TM", (), 0, 0, "")
        if persona == "wrong_person":
            page = replace(page, hits=tuple(Hit(self._strangers[place], 99, hit.reasons) for place, hit in enumerate(page.hits)))
        if persona == "another_control_id":
            return self._response(message, page, query.domains, control_id=f"{message.control_id[:19]}X"), touched
        return self._response(message, page, query.domains), touched

    def _response(self, message: Message, page: Page, domains: frozenset[str], control_id: str = "") -> bytes:
        counts = (str(page.total), str(len(page.hits)), str(page.remaining))
        body = [
            segments.msa("AA", control_id or message.control_id),
            _qak(message, page.status, counts),
            _echo(message),
        ]
        for number, hit in enumerate(page.hits, 1):
            overrides = self._agency.behaviour.get(hit.person.local_id, {})
            body += [segments.pid(hit.person, number, domains, overrides), segments.qri(hit)]
        if page.pointer:
            body.append(er7.write("DSC", page.pointer, "I"))
        return _seal(message, "RSP^K22^RSP_K21", body)

    def _query_error(self, message: Message, code: str, refused: Refused) -> bytes:
        if message.find("QPD") is None:
            return _acknowledge(message, code, refused)
        body = [segments.msa(code, message.control_id), segments.err(refused), _qak(message, code, ("0", "0", "0")), _echo(message)]
        return _seal(message, "RSP^K22^RSP_K21", body)

    def _cancel(self, message: Message) -> bytes:
        order = message.find("QID")
        if order is None:
            raise Refused("100", "QID^1")
        if not self.index.cancel(order.component(1)):
            raise Refused("204", "QID^1^1", outright=False)
        self._ledger.record("query.cancel", message.control_id, "")
        return _acknowledge(message, "AA")


def _check_header(header: Segment) -> None:
    """What the profile asks of every MSH. Raises Refused."""
    for number in (3, 4, 7, 10):
        if not header.field(number):
            raise Refused("101", f"MSH^1^{number}")
    if len(header.component(10)) > 20:
        raise Refused("102", "MSH^1^10")
    if (header.component(5), header.component(6)) != (segments.APPLICATION, segments.FACILITY):
        raise Refused("103", "MSH^1^5")
    _check_kind(header)
    conditions = (header.field(15), header.field(16))
    if any(conditions) and not all(conditions):
        raise Refused("101", f"MSH^1^{15 if not conditions[0] else 16}")
    if any(condition and condition not in _CONDITIONS for condition in conditions):
        raise Refused("103", "MSH^1^15")


def _check_kind(header: Segment) -> None:
    kind, event = header.component(9, 1), header.component(9, 2)
    if kind not in _EVENTS:
        raise Refused("200", "MSH^1^9")
    if event not in _EVENTS[kind]:
        raise Refused("201", "MSH^1^9")
    if header.component(11) != "P":
        raise Refused("202", "MSH^1^11")
    if header.component(12) != "2.5":
        raise Refused("203", "MSH^1^12")


def _refuse(message: Message, refused: Refused) -> Answers:
    """A message not taken: by the accept acknowledgement where one is wanted, else by the application's."""
    wants_accept, wants_application = message.header.field(15), message.header.field(16)
    if not (wants_accept or wants_application):
        return Answers(application=_acknowledge(message, "AR", refused))
    if wants_accept not in {"NE", "SU"}:
        return Answers(accept=_acknowledge(message, "CR", refused))
    return Answers(application=_acknowledge(message, "AR", refused) if wants_application not in {"NE", "SU"} else None)


def _as_wanted(message: Message, application: bytes) -> Answers:
    """The application's reply in the mode that was asked for."""
    wants_accept, wants_application = message.header.field(15), message.header.field(16)
    if not (wants_accept or wants_application):
        return Answers(application=application)
    failed = b"\rMSA|AA|" not in application
    accept = _acknowledge(message, "CA") if wants_accept in {"AL", "SU"} else None
    silent = wants_application in {"NE", "SU" if failed else "ER"}
    return Answers(accept=accept, application=None if silent else application)


def _acknowledge(message: Message | None, code: str, refused: Refused | None = None) -> bytes:
    event = message.event if message else ""
    body = [segments.msa(code, message.control_id if message else ""), *([segments.err(refused)] if refused else [])]
    return _seal(message, f"ACK^{event}^ACK" if event.isalnum() else "ACK", body)


def _seal(message: Message | None, message_type: str, body: list[str]) -> bytes:
    """The header before the body, in the character set of the message answered."""
    header = message.header if message else None
    asked = header.component(18) if header else ""
    known = asked if asked in er7.CHARACTER_SETS else ""
    enhanced = bool(header and header.field(15))
    return er7.encode([segments.msh(message_type, header, known, enhanced=enhanced), *body], known)


def _qak(message: Message, status: str, counts: tuple[str, str, str]) -> str:
    definition = message.find("QPD")
    tag = definition.field(2) if definition else ""
    return f"QAK|{tag}|{status}|IHE PDQ Query|{'|'.join(counts)}"


def _echo(message: Message) -> str:
    definition = message.find("QPD")
    return "|".join(definition.fields) if definition else "QPD"
