"""The public keys of the organisation's identity provider, by which access tokens of programs are checked (OpenID Connect Discovery)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from adapters.faults import Fault
from adapters.http import AiohttpWire, HttpSystem, Wire
from adapters.tls import context_of
from gateway.domain.agreements import Limits
from gateway.domain.error_codes import Code
from gateway.domain.errors import Unavailable

TIMEOUT_S = 5.0
_LIMITS = Limits(timeout_s=TIMEOUT_S, max_reply_bytes=256 * 1024)
_WELL_KNOWN = "/.well-known/openid-configuration"


def fetch_signing_keys(issuer: str) -> dict[str, Any]:
    """The issuer's JWK set, found through its discovery document; for code outside any event loop.

    Raises ``Unavailable(IDENTITY_UNAVAILABLE)`` when it does not answer, names another issuer, or is not reached safely.
    """
    try:
        return asyncio.run(_fetch(issuer.rstrip("/")))
    except (Fault, TimeoutError, ValueError, KeyError, TypeError):
        raise Unavailable(Code.IDENTITY_UNAVAILABLE) from None


async def _fetch(issuer: str) -> dict[str, Any]:
    wire = AiohttpWire(context_of({}))
    try:
        async with asyncio.timeout(TIMEOUT_S):
            told = await _json(wire, issuer + _WELL_KNOWN)
            if told["issuer"].rstrip("/") != issuer:
                raise ValueError
            return await _json(wire, told["jwks_uri"])
    finally:
        await wire.close()


async def _json(wire: Wire, url: str) -> dict[str, Any]:
    """Through the same gate as everything else; a URL that is not guarded is refused there."""
    reply = await HttpSystem(url, _LIMITS, wire).talk().ask("GET", "", {"Accept": "application/json"})
    if reply.status != 200:
        raise ValueError
    told = json.loads(reply.body)
    if not isinstance(told, dict):
        raise TypeError
    return told
