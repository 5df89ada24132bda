"""What makes a connection to an agency trusted: certificates checked, always; private authorities and our own certificate by reference."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from adapters.faults import Transient
from gateway.domain.error_codes import Code


def context_of(credentials: Mapping[str, str]) -> ssl.SSLContext:
    """TLS 1.2 or later. ``credentials`` may hold PEM texts: ``ca`` (a private authority), ``client_certificate`` and ``client_key``.

    Raises ``Transient(CREDENTIALS_MISSING)`` when one of them is no such thing.
    """
    try:
        return _context(credentials.get("ca"), credentials.get("client_certificate"), credentials.get("client_key", ""))
    except (ssl.SSLError, ValueError, OSError):
        raise Transient(Code.CREDENTIALS_MISSING) from None


@lru_cache(maxsize=64)
def _context(ca: str | None, certificate: str | None, key: str) -> ssl.SSLContext:
    """Kept by content: reading the machine's authorities takes some 35 ms, and a lane is opened anew in each run of the relay."""
    context = ssl.create_default_context(cadata=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        _load_certificate(context, certificate, key)
    return context


def _load_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """The ssl module takes a file only: one that nobody else can read, gone before this returns."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "chain")
        path.touch(mode=0o600)
        path.write_text(f"{certificate}\n{key}\n", encoding="ascii")
        context.load_cert_chain(path)


def is_guarded(url: str) -> bool:
    """Whether nobody on the way can read along: https, or plain http that never leaves the machine or its own private network
    (loopback, or a name without a dot such as a service of the same composition)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and (_is_loopback(host) or (bool(host) and "." not in host and ":" not in host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
