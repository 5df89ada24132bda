"""How we are let in: a signed assertion for a token (RFC 7523, as SMART backend services), a client secret, or an API key."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from base64 import b64encode
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from adapters.connectors import Destination
from adapters.faults import Permanent, Transient
from adapters.http import Authority, HttpReply, HttpSystem, NoAuthority
from gateway.domain.error_codes import Code
from mappings import strict_json

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_S = 120
"""How long an assertion may be used; SMART allows five minutes at most."""
_USUAL_TOKEN_S = 300
_ALGORITHMS = {"RSA": "RS384", "EC": "ES384"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A bearer token as the header it is shown in; ``until`` on the monotonic clock, somewhat before it expires."""

    header: Mapping[str, str]
    until: float


class _TokenReply(msgspec.Struct):
    access_token: str
    token_type: str = "bearer"  # noqa: S105  a kind, not a secret
    expires_in: float = _USUAL_TOKEN_S


_token_decoder = msgspec.json.Decoder(_TokenReply)


class ApiKey:
    """A key in a header. There is only one."""

    def __init__(self, header: str, key: str) -> None:
        self._headers = {header: key}

    async def headers(self) -> Mapping[str, str]:
        """The key."""
        return self._headers

    def refused(self, shown: Mapping[str, str]) -> bool:
        """There is no other."""
        return False


class ClientCredentials:
    """Bearer tokens by the client credentials grant, one request for a token at a time.

    ``tokens`` outlives the connector, so that the next run of the relay does not have to ask again.
    """

    def __init__(self, system: HttpSystem, url: str, grant: SignedGrant | SecretGrant, tokens: MutableMapping[str, Any]) -> None:
        self._system, self._url, self._grant, self._tokens = system, url, grant, tokens
        self._asking = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """``Authorization: Bearer ...``. Raises ``Transient`` when no token is to be had."""
        if token := self._valid():
            return token.header
        async with self._asking:
            token = self._valid() or await self._fetch()
            self._tokens[self._url] = token
            return token.header

    def refused(self, shown: Mapping[str, str]) -> bool:
        """Forgets the token that was refused; a newer one stays."""
        held = self._tokens.get(self._url)
        if held is not None and held.header == shown:
            del self._tokens[self._url]
        return True

    def _valid(self) -> Token | None:
        token: Token | None = self._tokens.get(self._url)
        return token if token and token.until > time.monotonic() else None

    async def _fetch(self) -> Token:
        form, headers = self._grant.request(self._url)
        try:
            reply = await self._system.talk().ask("POST", "", {**_FORM, **headers}, urlencode(form).encode())
        except Permanent as fault:
            raise Transient(fault.reason) from None
        return _read_token(reply)


def _read_token(reply: HttpReply) -> Token:
    """The token in a reply (RFC 6749 5.1). Anything else is ``Transient(CREDENTIALS_REFUSED)``: a person can mend it meanwhile."""
    if reply.status != 200:
        raise Transient(Code.CREDENTIALS_REFUSED)
    try:
        told = strict_json.read(reply.body, _token_decoder)
    except strict_json.Unreadable:
        raise Transient(Code.CREDENTIALS_REFUSED) from None
    if told.expires_in <= 0 or not _TOKEN.fullmatch(told.access_token) or told.token_type.lower() != "bearer":
        raise Transient(Code.CREDENTIALS_REFUSED)
    early = min(30.0, told.expires_in * 0.2)
    return Token({"Authorization": f"Bearer {told.access_token}"}, time.monotonic() + told.expires_in - early)


class SignedGrant:
    """Proves who we are with a key of our own. ``key`` is PEM or a JWK; RSA keys sign with RS384, elliptic ones with ES384."""

    def __init__(self, client_id: str, key: str, key_id: str = "", scope: str = "") -> None:
        """Raises ``Transient(CREDENTIALS_MISSING)`` when the key is none that can sign."""
        try:
            self._key = _key_of(key)
            self._algorithm = _ALGORITHMS[self._key.key_type]
            self._key_id = key_id or self._key.kid or self._key.thumbprint()
        except (JoseError, ValueError, TypeError, KeyError, msgspec.MsgspecError):
            raise Transient(Code.CREDENTIALS_MISSING) from None
        self._client_id, self._scope = client_id, scope

    def request(self, url: str) -> tuple[dict[str, str], dict[str, str]]:
        """Form and headers of a request for a token; each with an assertion of its own."""
        now = int(time.time())
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": url,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + _ASSERTION_S,
        }
        header = {"alg": self._algorithm, "kid": self._key_id, "typ": "JWT"}
        assertion = jwt.encode(header, claims, self._key, algorithms=[self._algorithm])
        form = {"grant_type": "client_credentials", "client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}
        return (form | {"scope": self._scope} if self._scope else form), {}


class SecretGrant:
    """A shared secret, in the Authorization header (RFC 6749 2.3.1)."""

    def __init__(self, client_id: str, secret: str, scope: str = "") -> None:
        pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
        self._headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        self._scope = scope

    def request(self, url: str) -> tuple[dict[str, str], dict[str, str]]:
        """Form and headers of a request for a token."""
        form = {"grant_type": "client_credentials"}
        return (form | {"scope": self._scope} if self._scope else form), self._headers


def _key_of(text: str) -> jwk.RSAKey | jwk.ECKey:
    """A private key that one of our two algorithms can use. A PKCS #8 text does not say in words which kind it holds."""
    if text.lstrip().startswith("{"):
        told = msgspec.json.decode(text, type=dict[str, Any])
        if told.get("kty") not in _ALGORITHMS:
            raise ValueError
        key: object = jwk.import_key(told)
    else:
        try:
            key = jwk.import_key(text, "RSA")
        except JoseError:
            key = jwk.import_key(text, "EC")
    if not isinstance(key, jwk.RSAKey | jwk.ECKey) or not key.is_private:
        raise ValueError
    if isinstance(key, jwk.ECKey) and key.curve_name != "P-384":
        raise ValueError
    return key


def authority_of(destination: Destination, system: HttpSystem, usual_path: str) -> Authority:
    """How this destination lets us in, by what its credentials hold.

    Credentials: ``client_id`` with ``private_key`` or ``client_secret``: tokens from ``credentials.token_url``, else from ``options.token_path`` (or
    ``usual_path``) at the system's own origin; ``options.key_id`` and ``options.scope`` as registered. ``api_key``: in the header that
    ``options.api_key_header`` names. Nothing: no authority.
    """
    given, options = destination.credentials, destination.system.options
    url = given.get("token_url") or system.url(options.get("token_path", usual_path))
    scope = options.get("scope", "")
    if "private_key" in given:
        grant: SignedGrant | SecretGrant = SignedGrant(given["client_id"], given["private_key"], options.get("key_id", ""), scope)
    elif "client_secret" in given:
        grant = SecretGrant(given["client_id"], given["client_secret"], scope)
    elif "api_key" in given:
        return ApiKey(options.get("api_key_header", "X-API-Key"), given["api_key"])
    else:
        return NoAuthority()
    doorkeeper = HttpSystem(url, system.limits, system.wire)
    return ClientCredentials(doorkeeper, url, grant, destination.tokens)
