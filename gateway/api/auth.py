"""Who calls: OAuth2 bearer tokens of the configured issuer, as signed JWTs (RFC 9068)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.domain.errors import Code, Unavailable

ALGORITHMS = ["ES256", "ES384", "RS256", "RS384", "PS256", "EdDSA"]
"""Asymmetric signatures only: never ``none``, never a shared secret."""

_KEPT_S, _AGAIN_S, _LONGEST_KEPT_S = 300.0, 10.0, 3600.0
_LONGEST = 8192


class NotGood(Exception):
    """A token that is missing or not good; which check failed is not said."""


@dataclass(slots=True)
class TokenChecker:
    """Checks signature, issuer, audience and times. ``fetch_keys`` returns the issuer's JWK set as JSON values, or raises ``Unavailable``.

    The set is kept for five minutes, and fetched again when a token is not good by it (no more often than every ten seconds). While the
    issuer is away the last set counts for an hour.
    """

    issuer: str
    audience: str
    fetch_keys: Callable[[], Mapping[str, Any]]
    clock: Callable[[], float] = time.monotonic
    _keys: KeySet | None = None
    _fetched: float = -math.inf
    _tried: float = -math.inf
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
            now = self.clock()
            if now - self._fetched > most_age and now - self._tried > _AGAIN_S:
                self._tried = now
                self._fetch(now)
            if self._keys is None or now - self._fetched > _LONGEST_KEPT_S:
                raise Unavailable(Code.IDENTITY_UNAVAILABLE)
            return self._keys

    def _fetch(self, now: float) -> None:
        with suppress(Unavailable):
            self._keys = KeySet.import_key_set(self.fetch_keys())  # type: ignore[arg-type]
            self._fetched = now
