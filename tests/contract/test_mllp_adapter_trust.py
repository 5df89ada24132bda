"""The HL7 v2 connector against the demonstration's trust, a process that shares no code with it: every persona, both modes, TLS."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.connectors import Reply
from adapters.faults import Fault, Permanent, Transient
from adapters.health.hl7v2 import Hl7v2Connector
from gateway.domain.agreements import Limits, SystemKind
from gateway.domain.error_codes import Code
from gateway.domain.identifiers import LocalIdentifier
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.releases import LookupRelease
from tests.contract.asked import about, destination
from tests.contract.stub_processes import AGENCIES, RunningStub, running_stub

AGENCY = "calderbrook-nhs-trust"
OPTIONS = {"receiving_application": "CBNT-PAS", "receiving_facility": "ZCB"}


@pytest.fixture(scope="module")
def trust() -> Iterator[RunningStub]:
    with running_stub("hl7v2_trust", AGENCIES / AGENCY) as running:
        yield running


def connector(endpoint: str, timeout_s: float = 1.0, credentials: dict[str, str] | None = None, **options: str) -> Hl7v2Connector:
    limits = Limits(concurrency=4, timeout_s=timeout_s)
    return Hl7v2Connector(destination(SystemKind.HL7V2, endpoint, credentials=credentials, limits=limits, options={**OPTIONS, **options}))


def look_up(running: RunningStub, release: LookupRelease, **settings: object) -> Answer | Fault:
    async def run() -> Answer | Fault:
        trust = connector(f"mllp://127.0.0.1:{running.port}", **settings)  # type: ignore[arg-type]
        try:
            reply: Reply[Answer] = await trust.look_up(release, unsure=False)
            return reply.value
        except Fault as fault:
            return fault
        finally:
            await trust.close()

    return asyncio.run(run())


PERSONAS = {
    "restricted": (about("Fothergill", "Marian", date(1950, 1, 13)), AnswerKind.PROTECTED, Code.RECORD_PROTECTED),
    "too_many": (about("Peverell", "Edwin", date(1957, 6, 16)), AnswerKind.TOO_MANY, Code.TOO_MANY_MATCHES),
    "application_error": (about("Thistlethwaite", "Hilary", date(1964, 11, 19)), Transient, Code.AGENCY_FAULT),
    "application_reject": (about("Wigglesworth", "Rupert", date(1971, 4, 22)), Transient, Code.AGENCY_FAULT),
    "never_answers": (about("Ormerod", "Cicely", date(1978, 9, 25)), Transient, Code.AGENCY_TIMEOUT),
    "accepted_then_silent": (about("Heseltine", "Ambrose", date(1985, 2, 13)), Transient, Code.AGENCY_TIMEOUT),
    "late": (about("Tattersall", "Marian", date(1992, 7, 16)), Transient, Code.AGENCY_TIMEOUT),
    "another_control_id": (about("Birtwhistle", "Edwin", date(1951, 12, 19)), Transient, Code.REPLY_UNEXPECTED),
    "truncated": (about("Clegg", "Hilary", date(1958, 5, 22)), Transient, Code.AGENCY_UNREACHABLE),
    "no_end_bytes": (about("Duckworth", "Rupert", date(1965, 10, 25)), Transient, Code.AGENCY_TIMEOUT),
    "huge": (about("Eccleston", "Cicely", date(1972, 3, 13)), Permanent, Code.REPLY_TOO_LARGE),
    "slow": (about("Fairclough", "Ambrose", date(1979, 8, 16)), Transient, Code.AGENCY_TIMEOUT),
    "wrong_person": (about("Grimshaw", "Marian", date(1986, 1, 19)), AnswerKind.FAILED, Code.REPLY_OTHER_RECORD),
    "closes": (about("Hebblethwaite", "Edwin", date(1993, 6, 22)), Transient, Code.AGENCY_UNREACHABLE),
    "html": (about("Jagger", "Rupert", date(1959, 4, 13)), Transient, Code.REPLY_UNEXPECTED),
    "answers_twice": (about("Kershaw", "Cicely", date(1966, 9, 16)), AnswerKind.CANDIDATES, ""),
}


@pytest.mark.parametrize("mode", ["original", "enhanced"])
@pytest.mark.parametrize("persona", PERSONAS)
def test_each_failure_is_told_for_what_it_is(trust: RunningStub, persona: str, mode: str) -> None:
    release, expected, reason = PERSONAS[persona]
    result = look_up(trust, release, acknowledgement=mode, timeout_s=0.8)
    assert (result.kind if isinstance(result, Answer) else type(result)) == expected
    assert result.reason == reason


def test_a_person_is_found_with_all_that_the_trust_says(trust: RunningStub) -> None:
    result = look_up(trust, about("Kershaw", "Cicely", date(1966, 9, 16)))
    assert isinstance(result, Answer)
    [candidate] = result.candidates
    assert candidate.record_id.startswith("C")
    assert candidate.nhs_number is not None
    assert candidate.nhs_number.value == "9990910189"
    assert candidate.addresses[0].postcode == "ZZ9 8XB"
    assert candidate.phones[0].number == "07700 900916"
    assert candidate.open_to_service is None
    assert LocalIdentifier("CBNT", candidate.record_id) in candidate.identifiers


def test_a_closed_connection_is_tried_again_at_the_next_attempt(trust: RunningStub) -> None:
    release = about("Illingworth", "Hilary", date(1952, 11, 25))
    assert isinstance(look_up(trust, release), Transient)
    second = look_up(trust, release)
    assert isinstance(second, Answer)
    assert second.kind is AnswerKind.CANDIDATES


def test_a_year_of_birth_and_a_death_are_read(trust: RunningStub) -> None:
    born_in_year = look_up(trust, about("Lofthouse", "Ambrose", date(1973, 2, 19)))
    died = look_up(trust, about("Micklethwaite", "Marian", date(1980, 7, 22)))
    assert isinstance(born_in_year, Answer)
    assert isinstance(died, Answer)
    assert born_in_year.candidates[0].birth_dates[0].iso() == "1961"
    assert died.candidates[0].deceased


def test_nobody_is_known_only_when_the_trust_says_so(trust: RunningStub) -> None:
    result = look_up(trust, about("Zzyzxworth", "Nobody", date(1980, 1, 1)))
    assert isinstance(result, Answer)
    assert result.kind is AnswerKind.NOBODY


def test_a_number_alone_finds_the_record(trust: RunningStub) -> None:
    result = look_up(trust, about("", "", None, nhs_number="9990910189"))
    assert isinstance(result, Answer)
    assert [c.names[0].family for c in result.candidates] == ["Kershaw"]


def test_the_trust_sees_a_query_and_nothing_else(trust: RunningStub) -> None:
    before = trust.ledger()
    look_up(trust, about("Kershaw", "Cicely", date(1966, 9, 16)))
    assert [entry["what"] for entry in trust.ledger()[len(before) :]] == ["lookup"]


def test_many_at_once_over_few_connections(trust: RunningStub) -> None:
    async def run() -> list[Answer]:
        sender = connector(f"mllp://127.0.0.1:{trust.port}", timeout_s=5)
        release = about("Micklethwaite", "Marian", date(1980, 7, 22))
        replies = await asyncio.gather(*(sender.look_up(release, unsure=False) for _ in range(60)))
        await sender.close()
        return [reply.value for reply in replies]

    assert {a.kind for a in asyncio.run(run())} == {AnswerKind.CANDIDATES}


def test_neither_alerts_nor_work_are_ever_sent(trust: RunningStub) -> None:
    before = len(trust.ledger())

    async def run() -> None:
        sender = connector(f"mllp://127.0.0.1:{trust.port}")
        for method in (sender.place_flag, sender.check_flag, sender.end_flag, sender.send_action, sender.poll_actions):
            with pytest.raises(Permanent) as refused:
                await method(None, False)  # type: ignore[arg-type, operator]
            assert refused.value.reason in (Code.SYSTEM_CANNOT_HIDE, Code.KIND_NOT_SUPPORTED)

    asyncio.run(run())
    assert len(trust.ledger()) == before


class Authority:
    """Makes certificates for loopback."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.pem = self._pem(self._sign(self._name, self._key.public_key(), authority=True))

    def issue(self, *, days: int = 1) -> tuple[str, str]:
        """A certificate for 127.0.0.1 and its key, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "records")])
        text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        return self._pem(self._sign(name, key.public_key(), days=days)), text

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePublicKey, *, authority: bool = False, days: int = 1) -> x509.Certificate:
        now = datetime.now(UTC)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key)
        return (
            x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=30))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(identifier, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.KeyUsage(*[True] + [False] * 4 + [authority, authority, False, False]), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
            .sign(self._key, hashes.SHA256())
        )  # fmt: skip

    @staticmethod
    def _pem(certificate: x509.Certificate) -> str:
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


def secured(folder: Path, authority: Authority, *, days: int = 1, mutual: bool = False) -> list[str]:
    """The arguments that make the stub serve TLS."""
    certificate, key = authority.issue(days=days)
    for name, text in (("server.pem", certificate), ("server.key", key), ("ca.pem", authority.pem)):
        (folder / name).write_text(text)
    arguments = ["--tls-certificate", str(folder / "server.pem"), "--tls-key", str(folder / "server.key")]
    return [*arguments, "--tls-client-ca", str(folder / "ca.pem")] if mutual else arguments


def ask_secured(running: RunningStub, credentials: dict[str, str]) -> Answer | Fault:
    async def run() -> Answer | Fault:
        try:
            sender = connector(f"mllps://127.0.0.1:{running.port}", timeout_s=5, credentials=credentials)
        except Fault as fault:
            return fault
        try:
            return (await sender.look_up(about("Kershaw", "Cicely", date(1966, 9, 16)), unsure=False)).value
        except Fault as fault:
            return fault
        finally:
            await sender.close()

    return asyncio.run(run())


def test_mutual_tls(tmp_path: Path) -> None:
    authority = Authority()
    certificate, key = authority.issue()
    with running_stub("hl7v2_trust", AGENCIES / AGENCY, *secured(tmp_path, authority, mutual=True)) as running:
        known = ask_secured(running, {"ca": authority.pem, "client_certificate": certificate, "client_key": key})
        without = ask_secured(running, {"ca": authority.pem})
        unreadable = ask_secured(running, {"ca": authority.pem, "client_certificate": "no certificate"})
    assert isinstance(known, Answer)
    assert known.kind is AnswerKind.CANDIDATES
    assert isinstance(without, Transient)
    assert isinstance(unreadable, Transient)
    assert unreadable.reason is Code.CREDENTIALS_MISSING


def test_a_certificate_that_is_not_right_is_refused_and_nothing_sent(tmp_path: Path) -> None:
    authority, other = Authority(), Authority()
    with running_stub("hl7v2_trust", AGENCIES / AGENCY, *secured(tmp_path, authority)) as running:
        stranger = ask_secured(running, {"ca": other.pem})
        unknown = ask_secured(running, {})
        assert running.ledger() == []
    with running_stub("hl7v2_trust", AGENCIES / AGENCY, *secured(tmp_path, authority, days=-1)) as running:
        expired = ask_secured(running, {"ca": authority.pem})
        assert running.ledger() == []
    for result in (stranger, unknown, expired):
        assert isinstance(result, Permanent)
        assert result.reason is Code.CERTIFICATE_REFUSED
