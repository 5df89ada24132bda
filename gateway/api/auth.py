"""Who calls: OAuth2 bearer tokens of the configured issuer, as signed JWTs (RFC 9068)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Annotated, Any

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ["ES256", "ES384", "RS256", "RS384", "PS256", "EdDSA"]
"""Asymmetric signatures only: never ``none``, never a shared secret."""

_REFRESH_S = 300.0
_bearer = HTTPBearer(auto_error=False, description="Access token of your organisation's identity provider.")


@dataclass(slots=True)
class TokenChecker:
    """Checks signature, issuer, audience and times. ``fetch_keys`` returns the issuer's JWK set as JSON values; the set is kept for five
    minutes and fetched again at once when a token names a key that is not in it (no more often than every ten seconds)."""

    issuer: str
    audience: str
    fetch_keys: Callable[[], Mapping[str, Any]]
    _keys: KeySet | None = None
    _fetched: float = -_REFRESH_S
    _lock: Lock = field(default_factory=Lock)

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a good token. Raises ``HTTPException`` 401 for any other, without saying which check failed."""
        for age in (_REFRESH_S, 10.0):
            try:
                claims = jwt.decode(token, self._key_set(age), algorithms=ALGORITHMS).claims
                self._registry().validate(claims)
            except (JoseError, ValueError, KeyError):
                continue
            return dict(claims)
        raise HTTPException(401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})

    def _registry(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=5, iss={"essential": True, "value": self.issuer}, aud={"essential": True, "value": self.audience},
            exp={"essential": True}, sub={"essential": True},
        )  # fmt: skip

    def _key_set(self, max_age: float) -> KeySet:
        with self._lock:
            if self._keys is None or time.monotonic() - self._fetched > max_age:
                self._keys = KeySet.import_key_set(self.fetch_keys())  # type: ignore[arg-type]
                self._fetched = time.monotonic()
            return self._keys


def bearer_token(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None) -> str:
    """The token of the request; 401 when there is none."""
    if given is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return given.credentials
