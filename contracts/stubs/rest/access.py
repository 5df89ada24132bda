"""Who may ask: OAuth2 client credentials with a secret (RFC 6749 4.4), or the same secret as an API key."""

import base64
import binascii
import hmac
import secrets
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.stubs.rest.bodies import answer


class Gate:
    """The clients of one system and the tokens they hold."""

    def __init__(self, clients: dict[str, str], token_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``clients``: client id to secret."""
        self._clients, self._token_seconds, self._clock = clients, token_seconds, clock
        self._tokens: dict[str, float] = {}

    def admits(self, authorization: str, api_key: str) -> bool:
        """Whether a request with these headers may come in."""
        if api_key:
            return any(hmac.compare_digest(api_key.encode(), secret.encode()) for secret in self._clients.values())
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and self._tokens.get(token, 0) > self._clock()

    def forget_tokens(self) -> None:
        """Every token given out so far stops working."""
        self._tokens.clear()

    def routes(self) -> list[Route]:
        """``POST /oauth2/token``."""
        return [Route("/oauth2/token", self._issue, methods=["POST"])]

    async def _issue(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("ascii", "replace")))
        if not form.get("grant_type"):
            return _refused("invalid_request")
        if form["grant_type"] != "client_credentials":
            return _refused("unsupported_grant_type")
        client, secret = _basic(request.headers.get("authorization", "")) or (form.get("client_id", ""), form.get("client_secret", ""))
        held = self._clients.get(client)
        if held is None or not hmac.compare_digest(held.encode(), secret.encode()):
            return _refused("invalid_client", 401)
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self._clock() + self._token_seconds
        return answer({"access_token": token, "token_type": "Bearer", "expires_in": int(self._token_seconds)})


def read_secrets(file: Path) -> dict[str, str]:
    """A secrets file: TOML, one line for each client, ``<client id> = "<secret>"``."""
    return {client: str(secret) for client, secret in tomllib.loads(file.read_text(encoding="utf-8")).items()}


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client, secret


def _refused(error: str, status: int = 400) -> Response:
    return answer({"error": error}, status)
