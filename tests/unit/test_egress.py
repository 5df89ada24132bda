"""What the gate stops, row by row: addresses, fields, words and people that a message must not have."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from adapters.connectors import Incapable, Reply
from adapters.egress import REFUSALS, Egress
from adapters.faults import Permanent
from adapters.http import HttpReply, HttpSystem
from adapters.registry import AgencyTransport
from contracts.outgoing import MLLP, SHAPES
from gateway.domain.agreements import Limits
from gateway.domain.case_list import PersonName, Role
from gateway.domain.error_codes import Code
from gateway.domain.flags import ALERT_TEXT
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.releases import MessageKind, Release
from gateway.policy.vocabulary import tells
from mappings.envelopes import kind_of, seal_release
from mappings.fhir_r4.flag import build_flag
from mappings.fhir_r4.profile import Profile
from outbox.messages import Delivery, Message, Outcome
from tests.contract.asked import about, action, alert, alert_check, alert_end, completion, poll

WORDS = ALERT_TEXT[Role.VICTIM]
JSON: Mapping[str, str] = {"Content-Type": "application/json"}
FLAG = json.loads(build_flag("NM1", WORDS, "ref-5f2c71d0", Profile()))
ASKED = {"names": [{"familyName": "Begum", "givenName": "Shabnam"}], "dateOfBirth": "1990-01-11"}
BEGUM = about("Begum", "Shabnam", date(1990, 1, 11))
ITEM = {"text": "Offer an appointment with the support worker", "dueOn": "2026-11-20", "owner": "Duty desk"}
TOLD = {"agency": "northmoor-police", "outcome": "completed", "detail": "Seen on the ward", "completedAt": "2026-11-02T09:30:00Z"}
QUERY = (
    "MSH|^~\\&|RECORDS-GATEWAY|RECORDS|CBNT-PAS|ZCB|20261102093000+0000||QBP^Q22^QBP_Q21|0123456789ABCDEF0123|P|2.5\r"
    "QPD|IHE PDQ Query|0123456789ABCDEF0123|@PID.5.1.1^Begum~@PID.7^19900111\rRCP|I|50^RD\r"
)  # fmt: skip
ITEMS = "v1/work-items/0123456789AB"
CASE = "cases/NM-101/actions/A1/completion"


def judged(
    release: Release | None, method: str, path: str, body: object = None, headers: Mapping[str, str] = JSON, told: bytes = b""
) -> Code | None:  # fmt: skip
    """What the gate says to a message of this release."""
    content = body.encode() if isinstance(body, str) else body if body is None or isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    permit = Egress({"receiving_application": "CBNT-PAS", "receiving_facility": "ZCB"}).permit(release)
    permit.told(told)
    try:
        permit.check(method, path, headers, content)
    except Permanent as fault:
        return Code(fault.reason)
    return None


def assertion(claims: Mapping[str, str], signature: str) -> str:
    """A request for a token with an assertion; nobody checks the signature here."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "ES384"}, claims))
    return f"grant_type=client_credentials&client_assertion={'.'.join(parts)}.{signature}"


SHAPE, WHY, OTHER, EXACT = Code.MESSAGE_NOT_AS_AGREED, Code.MESSAGE_TELLS_WHY, Code.MESSAGE_NAMES_ANOTHER, Code.APPROVED_WORDS_ONLY
PLACED = alert("NM1")
TABLE = [
    # look-ups
    ("as agreed",                            (BEGUM, "POST", "v1/persons/search", ASKED),                                                   None),
    ("another person's name",                (BEGUM, "POST", "v1/persons/search", {**ASKED, "names": [{"familyName": "Khan"}]}),           OTHER),
    ("another person's number beside",       (BEGUM, "POST", "v1/persons/search", {**ASKED, "identifiers": [{"type": "pncId", "value": "9990000018"}]}), OTHER),
    ("a field that nobody agreed to",        (BEGUM, "POST", "v1/persons/search", {**ASKED, "reason": "names"}),                            SHAPE),
    ("why, in a field",                      (BEGUM, "POST", "v1/persons/search", {**ASKED, "type": "victim"}),                             WHY),
    ("why, letter by letter",                (BEGUM, "POST", "v1/persons/search", {**ASKED, "type": "v i c t i m"}),                        WHY),
    ("why, escaped",                         (BEGUM, "POST", "v1/persons/search", b'{"names":[],"type":"\\u0076ictim"}'),                   WHY),
    ("a role is a strange word",             (BEGUM, "POST", "v1/persons/search", {**ASKED, "type": "adult"}),                              OTHER),
    ("an address that nobody agreed to",     (BEGUM, "POST", "v1/persons", ASKED),                                                          SHAPE),
    ("a change of the person's own record",  (BEGUM, "PUT", "Patient/NM1", {"resourceType": "Patient"}),                                    SHAPE),
    ("a name in the address",                (BEGUM, "GET", "v1/persons/search?familyName=Begum"),                                          OTHER),
    ("a name in the address, encoded",       (BEGUM, "GET", "v1/persons?q=%42egum"),                                                        OTHER),
    ("why, in the address",                  (BEGUM, "GET", "v1/marac/persons/1"),                                                          WHY),
    ("why, in a header",                     (BEGUM, "POST", "v1/persons/search", ASKED, {"X-Reason": "MARAC"}),                            WHY),
    ("why, in the client's name",            (BEGUM, "POST", "v1/persons/search", ASKED, {"User-Agent": "idva-gateway/1"}),                 WHY),
    ("a record read by its number",          (BEGUM, "GET", "v1/persons/NP0000123"),                                                        None),
    ("a record's number that was told",      (BEGUM, "POST", "EpisodeOfCare/_search", "patient=NM0001&_count=50", JSON, b'{"id":"NM0001"}'), None),
    ("a record's number that was not told",  (BEGUM, "POST", "EpisodeOfCare/_search", "patient=NM0001&_count=50"),                          OTHER),
    ("a person called like a word",          (about("Dash", "Tamara"), "POST", "v1/persons/search", {"names": [{"familyName": "Dash", "givenName": "Tamara"}]}), None),
    # HL7 v2
    ("a query",                              (BEGUM, MLLP, "QBP^Q22^QBP_Q21", QUERY),                                                       None),
    ("a query about another",                (BEGUM, MLLP, "QBP^Q22^QBP_Q21", QUERY.replace("Begum", "Khan")),                              OTHER),
    ("an event",                             (BEGUM, MLLP, "ADT^A08^ADT_A01", QUERY.replace("QBP^Q22^QBP_Q21", "ADT^A08^ADT_A01")),         SHAPE),
    ("a note beside the query",              (BEGUM, MLLP, "QBP^Q22^QBP_Q21", QUERY + "NTE|1||Query\r"),                                   SHAPE),
    ("who sends tells why",                  (BEGUM, MLLP, "QBP^Q22^QBP_Q21", QUERY.replace("RECORDS-GATEWAY", "MARAC")),                   WHY),
    ("an accept acknowledgement",            (BEGUM, MLLP, "ACK", "MSH|^~\\&|A|B\rMSA|CA|X1\r"),                                           None),
    ("an acknowledgement with words",        (BEGUM, MLLP, "ACK", "MSH|^~\\&|A|B\rMSA|CA|X1|victim\r"),                                    WHY),
    # alerts
    ("an alert word for word",               (PLACED, "POST", "Flag", FLAG),                                                                None),
    ("one letter less",                      (PLACED, "POST", "Flag", {**FLAG, "code": {"text": WORDS[:-1]}}),                              EXACT),
    ("words in front",                       (PLACED, "POST", "Flag", {**FLAG, "code": {"text": f"victim, {WORDS}"}}),                      EXACT),
    ("twice",                                (PLACED, "POST", "Flag", {**FLAG, "text": WORDS}),                                             EXACT),
    ("with a narrative",                     (PLACED, "POST", "Flag", {**FLAG, "text": {"status": "generated", "div": "<div/>"}}),          SHAPE),
    ("with a display",                       (PLACED, "POST", "Flag", {**FLAG, "subject": {"reference": "Patient/NM1", "display": "A"}}),   SHAPE),
    ("something contained",                  (PLACED, "POST", "Flag", {**FLAG, "contained": []}),                                           SHAPE),
    ("on another record",                    (PLACED, "POST", "Flag", {**FLAG, "subject": {"reference": "Patient/NM2"}}),                   OTHER),
    ("the words in another field too",       (PLACED, "POST", "Flag", {**FLAG, "identifier": [{"value": WORDS}]}),                          WHY),
    ("an alert with a check",                (alert_check(PLACED), "POST", "Flag", FLAG),                                                   SHAPE),
    ("a marker word for word",               (PLACED, "POST", "v1/persons/NM1/markers", {"reference": "ref-5f2c71d0", "text": WORDS, "visibility": "need-to-know"}), None),
    ("a marker for all to see",              (PLACED, "POST", "v1/persons/NM1/markers", {"reference": "ref-5f2c71d0", "text": WORDS, "visibility": "general"}), OTHER),
    ("given back with another state",        (alert_end(PLACED), "PUT", "Flag/9", {"id": "9", "status": "inactive", "note": "By Ward 4"}, JSON, b'{"id":"9","status":"active","note":"By Ward 4"}'), None),
    ("given back with more than was told",   (alert_end(PLACED), "PUT", "Flag/9", {"id": "9", "status": "inactive", "note": "Zzyzx"}, JSON, b'{"id":"9"}'), OTHER),
    # work, answers, tokens
    ("a work item",                          (action("0123456789AB"), "PUT", ITEMS, ITEM),                                                  None),
    ("other text than was set",              (action("0123456789AB"), "PUT", ITEMS, {**ITEM, "text": "Ring Zzyzx"}),                        OTHER),
    ("text that tells why",                  (action("0123456789AB", "Ask the victim"), "PUT", ITEMS, {**ITEM, "text": "Ask the victim"}),  WHY),
    ("a post's everyday name",               (replace(action("0123456789AB"), owner="Safeguarding lead"), "PUT", ITEMS, {**ITEM, "owner": "Safeguarding lead"}), None),
    ("a subject with the work",              (action("0123456789AB"), "PUT", ITEMS, {**ITEM, "subject": "Begum"}),                          SHAPE),
    ("a poll by reference",                  (poll("A1"), "GET", "v1/work-items?limit=100&updatedSince=2026-11-02T09:30:00Z"),              None),
    ("an answer told",                       (completion("A1"), "PUT", CASE, TOLD),                                                         None),
    ("whatever the agency wrote in it",      (completion("A1", detail='Victim "safe"\nat home'), "PUT", CASE, {**TOLD, "detail": 'Victim "safe"\nat home'}), None),
    ("another detail",                       (completion("A1"), "PUT", CASE, {**TOLD, "detail": "Other"}),                                  SHAPE),
    ("a token",                              (None, "POST", "", "grant_type=client_credentials&scope=system%2FPatient.read"),               None),
    ("a token for an assertion",             (None, "POST", "", assertion({"iss": "records-client"}, "AA-dva-FGM_rape0")),                  None),
    ("a token for a telling assertion",      (None, "POST", "", assertion({"iss": "marac-client"}, "AAAA")),                                WHY),
    ("a telling word beside an assertion",   (None, "POST", "", assertion({"iss": "records-client"}, "AAAA") + "&scope=fgm"),                WHY),
    ("a telling word in half an assertion",  (None, "POST", "", "grant_type=client_credentials&client_assertion=AA-dva-FGM_rape0"),          WHY),
    ("a token for a telling client",         (None, "POST", "", "grant_type=client_credentials&client_id=marac-gateway"),                   WHY),
    ("anything else for no release",         (None, "POST", "v1/persons/search", ASKED),                                                    SHAPE),
    ("a read for no release",                (None, "GET", ".well-known/openid-configuration"),                                             None),
    ("a deletion",                           (alert_end(PLACED), "DELETE", "Flag/9"),                                                       SHAPE),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "verdict"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_table(sent: tuple[object, ...], verdict: Code | None) -> None:
    assert judged(*sent) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", MessageKind)
def test_no_shape_has_a_word_that_tells(kind: MessageKind) -> None:
    for shape in SHAPES[kind]:
        assert not tells(" ".join((*shape.words, *shape.fields, shape.path.pattern)).encode())


def test_an_agreement_with_telling_options_lets_nothing_out() -> None:
    permit = Egress({"our_identifier_system": "https://marac.example/id", "query_name": "Begum"}).permit(BEGUM)
    permit.check("POST", "v1/persons/search", JSON, json.dumps(ASKED).encode())
    with pytest.raises(Permanent):
        permit.check("POST", "v1/persons/search", JSON, json.dumps({**ASKED, "type": "marac.example"}).encode())


# ------------------------------------------------------------------------------------------------------------ on the way


@dataclass
class Listening:
    """A wire that keeps what reached it."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int) -> HttpReply:
        self.sent.append((method, url))
        return HttpReply(200, {}, b"{}")

    async def close(self) -> None:
        """Nothing is open."""


def test_what_is_stopped_never_reaches_the_wire() -> None:
    wire = Listening()
    talk = HttpSystem("https://records.example", Limits(), wire).talk(BEGUM)
    with pytest.raises(Permanent):
        asyncio.run(talk.ask("POST", "v1/persons/search", JSON, b'{"names":[{"familyName":"Khan"}]}'))
    assert wire.sent == []
    asyncio.run(talk.ask("POST", "v1/persons/search", JSON, b'{"names":[{"familyName":"Begum"}]}'))
    assert len(wire.sent) == 1


class _Mistaken(Incapable):
    """A connector that sends another person's name."""

    def __init__(self) -> None:
        self.wire = Listening()
        self._system = HttpSystem("https://records.example", Limits(), self.wire)

    async def look_up(self, release: Release, unsure: bool) -> Reply[Answer]:  # type: ignore[override]
        await self._system.talk(release).ask("POST", "v1/persons/search", JSON, b'{"names":[{"familyName":"Zzyzx"}]}')
        return Reply(Answer(AnswerKind.NOBODY))


def test_a_stopped_message_is_refused_with_its_code_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    release = replace(BEGUM, names=(PersonName("Begum", "Shabnam"),))
    message = Message(UUID(int=1), str(release.system), kind_of(release).value, seal_release(release), datetime(2026, 11, 1, tzinfo=UTC))
    connector = _Mistaken()
    with caplog.at_level(logging.ERROR, "adapters"):
        delivery = asyncio.run(AgencyTransport(connector, lambda kind, release: None).deliver(message))
    assert (delivery.outcome, delivery.reason) == (Outcome.REFUSED, Code.MESSAGE_NAMES_ANOTHER)
    assert delivery.reason in REFUSALS
    assert isinstance(delivery, Delivery)
    assert connector.wire.sent == []
    assert "the gate stopped a message: MESSAGE_NAMES_ANOTHER" in caplog.text
    assert "Zzyzx" not in caplog.text
