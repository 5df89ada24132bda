"""Who is calling: OAuth 2 client credentials with a signed assertion (RFC 7523, SMART backend services), and bearer tokens."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from contracts.stubs.fhir_trust.wire import Refusal

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["RS384", "ES384"]
_LONGEST = 300
"""Seconds an assertion may live."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds a token. ``kind`` is system, patient, proxy or staff; ``id`` the client, or the patient's local id, or staff."""

    kind: str
    id: str
    scopes: tuple[str, ...]
    until: float

    def may(self, resource: str, operation: str) -> bool:
        """Whether a scope ``system/Resource.cruds`` (or ``*``) covers the operation, one of c r u d s."""
        for scope in self.scopes:
            where, _, rights = scope.partition(".")
            if where.rpartition("/")[2] in (resource, "*") and operation in {"read": "rs", "write": "cud", "*": "cruds"}.get(rights, rights):
                return True
        return False


class _Declined(Exception):
    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


class TokenOffice:
    """Issues and recognises tokens. All of it is forgotten on a restart, as by a server that keeps them in memory."""

    def __init__(self, settings: Mapping[str, Any], jwks: Path | None) -> None:
        self._settings, self._jwks = settings, jwks
        self._keys: tuple[float, KeySet] | None = None
        self._seen: dict[str, float] = {}
        self._tokens: dict[str, Caller] = {}
        self._standing: dict[str, Caller] = {}
        self.seconds = float(settings.get("token_seconds", 300))
        self.client_id = str(settings.get("client_id", "client"))
        self.scopes = tuple(settings.get("scopes", ()))

    def issue(self, kind: str, who: str, scopes: tuple[str, ...], seconds: float | None = None) -> str:
        """A new opaque bearer token."""
        token = secrets.token_urlsafe(32)
        self._tokens[token] = Caller(kind, who, scopes, time.time() + (seconds or self.seconds))
        return token

    def give_standing(self, tokens: Mapping[str, str]) -> None:
        """Tokens of test people that last: the patient's id to the token, as agreed with whoever probes."""
        self._standing |= {token: Caller("patient", who, ("patient/*.rs",), float("inf")) for who, token in tokens.items()}

    def caller(self, request: Request) -> Caller:
        """Whose token came with the request; 401 for none, an unknown or an expired one."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        caller = (self._tokens.get(token) or self._standing.get(token)) if scheme.lower() == "bearer" else None
        if caller is None or caller.until <= time.time():
            self._tokens.pop(token, None)
            error = 'Bearer error="invalid_token"' if token else "Bearer"
            raise Refusal(401, "login", "NO_VALID_TOKEN", headers={"WWW-Authenticate": error})
        return caller

    def need(self, request: Request, resource: str, operation: str) -> Caller:
        """The caller, if a scope of theirs covers the operation; 403 else."""
        caller = self.caller(request)
        if not caller.may(resource, operation):
            raise Refusal(403, "forbidden", "OUT_OF_SCOPE")
        return caller

    def revoke_all(self) -> None:
        """Every token stops at once."""
        self._tokens.clear()

    def routes(self) -> list[Route]:
        """``POST /oauth/token``."""
        return [Route("/oauth/token", self._token, methods=["POST"])]

    async def _token(self, request: Request) -> JSONResponse:
        headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            scopes = self._grant(form, request)
        except _Declined as declined:
            return JSONResponse({"error": declined.error}, declined.status, headers)
        token = self.issue("system", self.client_id, scopes)
        told = {"access_token": token, "token_type": "bearer", "expires_in": int(self.seconds), "scope": " ".join(scopes)}
        return JSONResponse(told, headers=headers)

    def _grant(self, form: Mapping[str, str], request: Request) -> tuple[str, ...]:
        if form.get("grant_type") != "client_credentials":
            raise _Declined("unsupported_grant_type")
        if form.get("client_assertion_type") != _ASSERTION:
            raise _Declined("invalid_request")
        self._check_claims(self._claims(form.get("client_assertion", "")), request)
        wanted = tuple(form.get("scope", " ".join(self.scopes)).split())
        if not set(wanted) <= set(self.scopes):
            raise _Declined("invalid_scope")
        return wanted

    def _claims(self, assertion: str) -> dict[str, Any]:
        try:
            return jwt.decode(assertion, self._key_set(), algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError, TypeError, KeyError, UnicodeDecodeError):
            raise _Declined("invalid_client", 401) from None

    def _key_set(self) -> KeySet:
        """The client's public keys; read again when the file has changed."""
        if self._jwks is None or not self._jwks.exists():
            raise _Declined("invalid_client", 401)
        changed = self._jwks.stat().st_mtime
        if self._keys is None or self._keys[0] != changed:
            self._keys = changed, KeySet.import_key_set(json.loads(self._jwks.read_text(encoding="utf-8")))
        return self._keys[1]

    def _check_claims(self, claims: Mapping[str, Any], request: Request) -> None:
        now, expires, jti = time.time(), claims.get("exp"), claims.get("jti")
        if claims.get("iss") != self.client_id or claims.get("sub") != self.client_id:
            raise _Declined("invalid_client", 401)
        audience = claims.get("aud")
        if str(request.url.replace(query="")) not in (audience if isinstance(audience, list) else [audience]):
            raise _Declined("invalid_client", 401)
        if not isinstance(expires, int | float) or not now - 5 < expires <= now + _LONGEST + 5:
            raise _Declined("invalid_client", 401)
        self._seen = {seen: until for seen, until in self._seen.items() if until > now - 10}
        if not isinstance(jti, str) or not jti or jti in self._seen:
            raise _Declined("invalid_client", 401)
        self._seen[jti] = float(expires)
