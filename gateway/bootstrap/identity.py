"""The identity provider's public keys, by which the API knows genuine tokens."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any

from gateway.domain.errors import Code, Unavailable

TIMEOUT_S = 5.0
MAX_BYTES = 256 * 1024


def fetch_keys(issuer: str) -> Mapping[str, Any]:
    """The issuer's JWK set, found through its discovery document. Raises ``Unavailable`` when it cannot be had, or is another's."""
    try:
        discovery = _read(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if discovery["issuer"] != issuer:
            raise Unavailable(Code.IDENTITY_UNAVAILABLE)
        keys: Mapping[str, Any] = _read(discovery["jwks_uri"])
        return keys
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable(Code.IDENTITY_UNAVAILABLE) from None


def _read(url: str) -> Any:
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ValueError(url)
    opener = urllib.request.build_opener(_NoRedirects())
    with opener.open(url, timeout=TIMEOUT_S) as answer:
        return json.loads(answer.read(MAX_BYTES))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The address was configured; another one was not."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Never."""
