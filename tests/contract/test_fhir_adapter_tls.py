"""TLS of the HTTP adapter: only the agreed authority, and our own certificate where it is asked for."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.faults import Transient
from adapters.http import HttpReply
from adapters.tls import context_of
from gateway.domain.error_codes import Code
from tests.contract.broken_servers import (
    exchange,
    status,
    told,
)


class Office:
    """A certificate authority of the tests' own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests only")])
        self.certificate = self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None), days=2)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *more: x509.ExtensionType, days: int) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=3)).not_valid_after(now + timedelta(days=days))
        for extension in more:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256())

    def leaf(self, host: str = "127.0.0.1", days: int = 1) -> str:
        """Certificate and key, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a leaf")])
        certificate = self._sign(subject, key, x509.SubjectAlternativeName([name]), days=days)
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return certificate.public_bytes(serialization.Encoding.PEM).decode() + private.decode()

    def server(self, folder: Path, host: str = "127.0.0.1", days: int = 1) -> ssl.SSLContext:
        chain = folder / "chain.pem"
        chain.write_text(self.leaf(host, days), encoding="ascii")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context


def test_a_certificate_of_the_agreed_authority_is_taken(tmp_path: Path) -> None:
    office = Office()
    found, _ = exchange(status("200 OK"), tls=office.server(tmp_path), ca=office.pem)
    assert told(found) == (HttpReply, "200")


@pytest.mark.parametrize(
    ("make", "trusts"),
    [
        (lambda office, folder: office.server(folder), None),
        (lambda office, folder: office.server(folder), "another"),
        (lambda office, folder: office.server(folder, "trust.example"), "this"),
        (lambda office, folder: office.server(folder, days=-1), "this"),
    ],
    ids=["unknown authority", "another authority", "another host", "expired"],
)
@pytest.mark.parametrize("what", ["ask", "write"])
def test_any_other_certificate_is_refused_and_nothing_was_sent(
    tmp_path: Path, make: Callable[[Office, Path], ssl.SSLContext], trusts: str | None, what: str
) -> None:
    office = Office()
    ca = {"this": {"ca": office.pem}, "another": {"ca": Office().pem}}.get(trusts or "", {})
    found, peer = exchange(status("200 OK"), what, tls=make(office, tmp_path), **ca)
    assert told(found) == (Transient, Code.CERTIFICATE_REFUSED)
    assert peer.requests == []


def test_our_own_certificate_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    office = Office()
    tls = office.server(tmp_path)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(cadata=office.pem)
    certificate, _, key = office.leaf().partition("-----BEGIN PRIVATE KEY-----")
    ours = {"client_certificate": certificate, "client_key": f"-----BEGIN PRIVATE KEY-----{key}"}
    found, _ = exchange(status("200 OK"), tls=tls, ca=office.pem, **ours)
    assert told(found) == (HttpReply, "200")
    without, peer = exchange(status("200 OK"), tls=tls, ca=office.pem)
    assert isinstance(without, Transient)
    assert peer.requests == []


@pytest.mark.parametrize("credentials", [{"ca": "no certificate"}, {"client_certificate": "x", "client_key": "y"}])
def test_a_certificate_that_is_none_is_told_before_anything_leaves(credentials: dict[str, str]) -> None:
    with pytest.raises(Transient) as refused:
        context_of(credentials)
    assert refused.value.reason is Code.CREDENTIALS_MISSING
