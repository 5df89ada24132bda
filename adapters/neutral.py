"""Who we are on the wire, beyond what an agreement says in clear: client ids and certificates, checked before a lane is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from cryptography import x509

from adapters.faults import Permanent
from gateway.domain.error_codes import Code
from gateway.policy.vocabulary import tells

_SHOWN = ("client_id", "token_url")
"""Credentials that are shown as they are; keys and secrets are not texts that anybody reads."""


def check_identity(credentials: Mapping[str, str]) -> None:
    """Raises ``Permanent(IDENTITY_TELLS_WHY)`` where a client id or our own certificate says why we ask: both are kept in logs of others."""
    shown = [credentials[name] for name in _SHOWN if name in credentials]
    if any(tells(text.encode()) for text in (*shown, *names_in(credentials.get("client_certificate", "")))):
        raise Permanent(Code.IDENTITY_TELLS_WHY)


@lru_cache(maxsize=64)
def names_in(certificates: str) -> tuple[str, ...]:
    """Every name of the subject in each certificate (PEM): its parts, and its alternative names. None where it is no certificate."""
    try:
        found = x509.load_pem_x509_certificates(certificates.encode()) if certificates else []
    except ValueError:
        return ()
    return tuple(name for one in found[:1] for name in (*(str(part.value) for part in one.subject), *_alternatives(one)))


def _alternatives(certificate: x509.Certificate) -> Iterator[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for name in names:
        yield str(name.value)
