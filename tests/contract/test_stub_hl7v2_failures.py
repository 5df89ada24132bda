"""How the HL7 v2 trust's lines fail: one persona each; broken frames from this side; TLS with and without a client certificate."""

from __future__ import annotations

import datetime
import socket
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contracts.stubs.agency import Agency
from tests.contract.stub_mllp import Line, about, persona, query
from tests.contract.stub_mllp_running import FOLDER, agency, line, trust
from tests.contract.stub_processes import RunningStub, running_stub

__all__ = ["agency", "line", "trust"]



# ----------------------------------------------------------------------------------------------------------------- personas


@pytest.mark.parametrize(("happens", "code"), [("application_error", "AE"), ("application_reject", "AR")])
def test_the_application_fails(line: Line, agency: Agency, happens: str, code: str) -> None:
    reply = line.ask(about(persona(agency, happens)))
    assert (reply.outcome, reply.error[0]) == ((code, code), "207")


def test_silence_after_the_accept_and_silence_at_once(trust: RunningStub, agency: Agency) -> None:
    with Line(trust.port) as line:
        line.send(about(persona(agency, "accepted_then_silent"), mode="AL/AL"))
        assert line.receive().outcome[0] == "CA"
        assert line.bytes_until_silence() == b""
        line.send(about(persona(agency, "never_answers"), mode="AL/AL"))
        assert line.bytes_until_silence() == b""
        assert not line.is_closed(0.2)


def test_a_late_reply_comes_on_the_same_line_after_other_replies(line: Line, agency: Agency) -> None:
    started = time.monotonic()
    line.send(about(persona(agency, "late"), control_id="LATE-1"))
    assert line.ask(query("@PID.3.1^9999999999", control_id="PROMPT-1")).field("MSA", 2) == "PROMPT-1"
    assert line.receive().field("MSA", 2) == "LATE-1"
    assert time.monotonic() - started > 2.5


def test_a_reply_under_another_control_id(line: Line, agency: Agency) -> None:
    assert line.ask(about(persona(agency, "another_control_id"), control_id="MINE-1")).field("MSA", 2) == "MINE-1X"


def test_half_a_frame_and_then_nothing(line: Line, agency: Agency) -> None:
    line.send(about(persona(agency, "truncated")))
    raw = line.bytes_until_silence(1)
    assert raw.startswith(b"\x0bMSH|")
    assert b"\x1c" not in raw
    assert line.is_closed()


def test_no_end_bytes_on_an_open_line(line: Line, agency: Agency) -> None:
    line.send(about(persona(agency, "no_end_bytes")))
    raw = line.bytes_until_silence()
    assert raw.endswith(b"\r")
    assert b"\x1c" not in raw
    assert not line.is_closed(0.2)


def test_a_huge_reply(line: Line, agency: Agency) -> None:
    line.send(about(persona(agency, "huge")))
    assert len(line.receive_bytes()) > 8_000_000


def test_a_reply_that_trickles(line: Line, agency: Agency) -> None:
    line.send(about(persona(agency, "slow")))
    time.sleep(1)
    first = line.some_bytes()
    assert first.startswith(b"\x0bMSH")
    assert len(first) < 60
    time.sleep(1)
    assert 0 < len(line.some_bytes()) < 60


def test_somebody_elses_record(line: Line, agency: Agency) -> None:
    person = persona(agency, "wrong_person")
    reply = line.ask(about(person))
    assert reply.outcome == ("AA", "OK")
    assert [person.family in name for name in reply.every("PID", 5)] == [False]


def test_a_closed_line_and_one_that_answers_the_second_time(trust: RunningStub, agency: Agency) -> None:
    for happens, closes in (("closes", True), ("closes", True), ("closes_then_answers", True), ("closes_then_answers", False)):
        with Line(trust.port) as line:
            line.send(about(persona(agency, happens)))
            assert line.is_closed(0.5) == closes


def test_a_web_page_in_a_frame_and_a_reply_that_comes_twice(line: Line, agency: Agency) -> None:
    line.send(about(persona(agency, "html")))
    assert line.receive_bytes().startswith(b"<html>")
    line.send(about(persona(agency, "answers_twice")))
    assert line.receive_bytes() == line.receive_bytes()


def test_a_year_for_a_date_of_birth_and_a_patient_who_has_died(line: Line, agency: Agency) -> None:
    assert line.ask(about(persona(agency, "born_in_year"))).every("PID", 7) == ["1961"]
    died = line.ask(about(persona(agency, "died")))
    assert (died.every("PID", 29), died.every("PID", 30)) == (["20250314"], ["Y"])


def test_every_persona_file_is_played(agency: Agency) -> None:
    with_files = {file.stem.partition("__")[2] for file in (FOLDER / "personas").glob("*.toml")}
    told_here = Path(__file__).read_text(encoding="utf-8") + Path(__file__).with_name("test_stub_hl7v2_queries.py").read_text(encoding="utf-8")
    assert {happens for happens in with_files if f'"{happens}"' not in told_here} == set()


# ------------------------------------------------------------------------------------------------- frames broken by this side


def test_a_frame_in_pieces_and_bytes_between_frames(line: Line, agency: Agency) -> None:
    message = about(agency.people[1], control_id="PIECES-1").encode()
    line.send_bytes(b"\r\n noise \x0b")
    for place in range(0, len(message), 40):
        line.send_bytes(message[place : place + 40])
        time.sleep(0.002)
    line.send_bytes(b"\x1c")
    line.send_bytes(b"\r")
    assert line.receive().field("MSA", 2) == "PIECES-1"


def test_a_frame_given_up_and_begun_again(line: Line, agency: Agency) -> None:
    line.send_bytes(b"\x0bMSH|^~\\&|QUERIES|ZQX")
    assert line.ask(about(agency.people[1], control_id="BEGUN-2")).field("MSA", 2) == "BEGUN-2"


def test_a_message_that_is_too_long_is_refused_and_the_line_closed(line: Line) -> None:
    line.send(query("@PID.5.1.1^" + "x" * 300_000, "@PID.7^1980", control_id="LONG-1"))
    raw = line.bytes_until_silence(1)
    assert b"\rMSA|AR|LONG-1\r" in raw
    assert b"|207^" in raw
    assert line.is_closed()


# ---------------------------------------------------------------------------------------------------------------------- TLS


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.certificate = self._write("ca.pem", self._sign(self._name, self._key.public_key(), is_authority=True))

    def issue(self, name: str) -> tuple[Path, Path]:
        """A certificate for 127.0.0.1 and its key, as files."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._write(f"{name}.pem", self._sign(subject, key.public_key(), is_authority=False))
        raw = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self._folder / f"{name}.key").write_bytes(raw)
        return certificate, self._folder / f"{name}.key"

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool) -> x509.Certificate:
        at = datetime.datetime.now(datetime.UTC)
        local = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(at - datetime.timedelta(days=1))
        builder = builder.not_valid_after(at + datetime.timedelta(days=1)).add_extension(local, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        return builder.sign(self._key, hashes.SHA256())

    def _write(self, name: str, certificate: x509.Certificate) -> Path:
        (self._folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return self._folder / name


def ask_over_tls(port: int, authority: Authority, own: tuple[Path, Path] | None) -> bytes:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if own:
        context.load_cert_chain(*own)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, context.wrap_socket(plain, server_hostname="localhost") as line:
        line.sendall(b"\x0b" + query("@PID.3.1^9999999999").encode() + b"\x1c\r")
        return line.recv(65_536)


def is_refused(port: int, authority: Authority) -> bool:
    """Whether a client without a certificate is sent away; TLS 1.3 tells it only after the client has sent."""
    try:
        return ask_over_tls(port, authority, None) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def test_tls_with_a_client_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("trust")
    tls = ("--tls-certificate", str(certificate), "--tls-key", str(key))
    with running_stub("hl7v2_trust", FOLDER, *tls) as stub:
        assert b"|NF|" in ask_over_tls(stub.port, authority, None)
    with running_stub("hl7v2_trust", FOLDER, *tls, "--tls-client-ca", str(authority.certificate)) as stub:
        assert b"|NF|" in ask_over_tls(stub.port, authority, authority.issue("client"))
        assert is_refused(stub.port, authority)


def test_the_latency_switch_and_the_ledger(tmp_path: Path, agency: Agency) -> None:
    with running_stub("hl7v2_trust", FOLDER, "--latency-ms", "250", "--ledger", str(tmp_path / "ledger")) as stub:
        with Line(stub.port) as line:
            started = time.monotonic()
            for number in range(10):
                line.send(about(agency.people[number], control_id=f"L{number}"))
            for _ in range(10):
                line.receive()
            assert 0.25 <= time.monotonic() - started < 1.5
        assert len(stub.ledger("lookup")) == 10
    text = (tmp_path / "ledger").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 10
    assert agency.people[0].family not in text
