"""Who calls: OAuth2 bearer tokens of the configured issuer, as signed JWTs (RFC 9068)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ["ES256", "ES384", "RS256", "RS384", "PS256", "EdDSA"]
"""Asymmetric signatures only: never ``none``, never a shared secret."""

_KEPT_S, _AGAIN_S = 300.0, 10.0
_LONGEST = 8192


class NotGood(Exception):
    """A token that is missing or not good; which check failed is not said."""


@dataclass(slots=True)
class TokenChecker:
    """Checks signature, issuer, audience and times. ``fetch_keys`` returns the issuer's JWK set as JSON values, or raises ``Unavailable``;
    the set is kept for five minutes, and fetched again when a token is not good by it (no more often than every ten seconds)."""

    issuer: str
    audience: str
    fetch_keys: Callable[[], Mapping[str, Any]]
    _keys: KeySet | None = None
    _fetched: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a good token. Raises ``NotGood`` for any other."""
        for most_age in (_KEPT_S, _AGAIN_S) if len(token) <= _LONGEST else ():
            try:
                claims = jwt.decode(token, self._key_set(most_age), algorithms=ALGORITHMS).claims
                self._registry().validate(claims)
            except (JoseError, ValueError, KeyError, TypeError):
                continue
            return dict(claims)
        raise NotGood

    def _registry(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=5, iss={"essential": True, "value": self.issuer}, aud={"essential": True, "value": self.audience},
            exp={"essential": True}, sub={"essential": True},
        )  # fmt: skip

    def _key_set(self, most_age: float) -> KeySet:
        with self._lock:
            if self._keys is None or time.monotonic() - self._fetched > most_age:
                self._keys = KeySet.import_key_set(self.fetch_keys())  # type: ignore[arg-type]
                self._fetched = time.monotonic()
            return self._keys
