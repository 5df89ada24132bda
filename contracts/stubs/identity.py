"""A stand-in identity provider: OpenID Connect with code and PKCE for people, client credentials for programs.

    python -m contracts.stubs.identity --users contracts/demonstration/users.toml --client-secrets FILE [--port 0]

Only for the demonstration and tests: its sign-in page lists the users and asks for no password. The secrets file is TOML, one line
per client: ``<client id> = "<secret>"``.
"""

import argparse
import base64
import hashlib
import hmac
import html
import secrets
import signal
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from contracts.stubs.process import _Server, announce, end_with_parent, listen

CODE_LIFE = 60
TOKEN_LIFE = 900

User = Mapping[str, Any]


class OAuthError(Exception):
    """An answer of RFC 6749 section 5.2; ``error`` is its code."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for until it is used, once."""

    user: User
    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str
    scope: str
    expires: float


@dataclass(slots=True)
class Provider:
    """Users, clients, the signing key and the codes under way."""

    users: Mapping[str, User]
    programs: Mapping[str, str]
    secrets: Mapping[str, str]
    audience: str
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", parameters={"kid": secrets.token_hex(4)}))
    codes: dict[str, Grant] = field(default_factory=dict)

    def authenticate(self, request: Request, form: FormData) -> str:
        """The client's id, by HTTP Basic or form fields; raises ``OAuthError('invalid_client')``."""
        client_id, secret = _client_credentials(request, form)
        known = self.secrets.get(client_id, "")
        if not known or not hmac.compare_digest(known, secret):
            raise OAuthError("invalid_client", 401)
        return client_id

    def redeem(self, form: FormData, client_id: str) -> Grant:
        """The grant of a code: same client, same address, right verifier, in time, and only once."""
        grant = self.codes.pop(str(form.get("code", "")), None)
        if grant is None or grant.expires < time.time() or grant.client_id != client_id:
            raise OAuthError("invalid_grant")
        verifier = str(form.get("code_verifier", ""))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if grant.redirect_uri != form.get("redirect_uri") or not hmac.compare_digest(challenge, grant.challenge):
            raise OAuthError("invalid_grant")
        return grant

    def token(self, issuer: str, audience: str, user: User, **more: object) -> str:
        """A signed JWT (ES256) saying who the user is and what they may do here."""
        now = int(time.time())
        claims = {
            "iss": issuer, "aud": audience, "sub": user["sub"], "iat": now, "exp": now + TOKEN_LIFE, "name": user["name"],
            "roles": user["roles"], "maracs": user.get("maracs", []), "amr": ["mfa"], "jti": secrets.token_hex(16),
        }  # fmt: skip
        if "agency" in user:
            claims["agency"] = user["agency"]
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, {**claims, **more}, self.key)


def _client_credentials(request: Request, form: FormData) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        client_id, _, secret = base64.b64decode(value).decode().partition(":")
        return client_id, secret
    return str(form.get("client_id", "")), str(form.get("client_secret", ""))


def _issuer(request: Request) -> str:
    """The address that it is asked under."""
    return str(request.base_url).rstrip("/")


class Desk:
    """The provider's pages and endpoints."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def discovery(self, request: Request) -> Response:
        base = _issuer(request)
        return JSONResponse({
            "issuer": base, "authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwks", "userinfo_endpoint": f"{base}/userinfo", "end_session_endpoint": f"{base}/logout",
            "response_types_supported": ["code"], "subject_types_supported": ["public"], "scopes_supported": ["openid", "profile"],
            "id_token_signing_alg_values_supported": ["ES256"], "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        })  # fmt: skip

    async def jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [{**self._provider.key.as_dict(private=False), "use": "sig", "alg": "ES256"}]})

    async def authorize(self, request: Request) -> Response:
        asked = request.query_params
        local = urlsplit(asked.get("redirect_uri", "")).hostname in ("127.0.0.1", "localhost", "::1")
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256" or not local:
            return JSONResponse({"error": "invalid_request"}, status_code=400)
        return HTMLResponse(_sign_in_page(self._provider.users.values(), str(request.url.query)))

    async def choose(self, request: Request) -> Response:
        form, asked = await request.form(), request.query_params
        user = self._provider.users.get(str(form.get("sub", "")))
        if user is None:
            return JSONResponse({"error": "access_denied"}, status_code=400)
        code = secrets.token_urlsafe(32)
        self._provider.codes[code] = Grant(
            user, asked["client_id"], asked["redirect_uri"], asked["code_challenge"], asked.get("nonce", ""), asked.get("scope", ""),
            time.time() + CODE_LIFE,
        )  # fmt: skip
        back = urlencode({"code": code, "state": asked.get("state", ""), "iss": _issuer(request)})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", status_code=303)

    async def token(self, request: Request) -> Response:
        form = await request.form()
        try:
            return JSONResponse(_answer(self._provider, _issuer(request), request, form), headers={"Cache-Control": "no-store"})
        except OAuthError as error:
            return JSONResponse({"error": error.error}, status_code=error.status)

    async def userinfo(self, request: Request) -> Response:
        try:
            bearer = request.headers.get("authorization", "").partition(" ")[2]
            claims = jwt.decode(bearer, self._provider.key, algorithms=["ES256"]).claims
        except Exception:  # noqa: BLE001  whatever is wrong with the token, the answer is the same
            return JSONResponse({"error": "invalid_token"}, status_code=401)
        return JSONResponse({k: claims[k] for k in ("sub", "name", "roles", "maracs", "agency") if k in claims})

    async def logout(self, _: Request) -> Response:
        return HTMLResponse("<!doctype html><html lang=en><title>Signed out</title><p>You are signed out.</p></html>")


def build_app(provider: Provider) -> Starlette:
    """The provider as an application."""
    desk = Desk(provider)
    return Starlette(routes=[
        Route("/.well-known/openid-configuration", desk.discovery), Route("/jwks", desk.jwks), Route("/authorize", desk.authorize),
        Route("/authorize", desk.choose, methods=["POST"]), Route("/token", desk.token, methods=["POST"]),
        Route("/userinfo", desk.userinfo), Route("/logout", desk.logout),
    ])  # fmt: skip


def _answer(provider: Provider, issuer: str, request: Request, form: FormData) -> dict[str, object]:
    client_id = provider.authenticate(request, form)
    base = {"token_type": "Bearer", "expires_in": TOKEN_LIFE}
    if form.get("grant_type") == "client_credentials":
        user = provider.users.get(provider.programs.get(client_id, ""))
        if user is None:
            raise OAuthError("unauthorized_client")
        return {**base, "access_token": provider.token(issuer, provider.audience, user, client_id=client_id)}
    if form.get("grant_type") != "authorization_code":
        raise OAuthError("unsupported_grant_type")
    grant = provider.redeem(form, client_id)
    return {
        **base, "scope": grant.scope, "access_token": provider.token(issuer, provider.audience, grant.user),
        "id_token": provider.token(issuer, client_id, grant.user, nonce=grant.nonce),
    }  # fmt: skip


def _sign_in_page(users: object, query: str) -> str:
    buttons = "".join(
        f'<li><button name="sub" value="{html.escape(user["sub"])}">{html.escape(user["name"])}</button></li>'
        for user in users  # type: ignore[attr-defined]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Sign in</title><style>body{font:19px/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}"
        "ul{list-style:none;padding:0}button{font:inherit;width:100%;text-align:left;padding:.6rem;margin:.2rem 0}</style></head>"
        f'<body><h1>Sign in</h1><p>Demonstration only. Choose who you are:</p><form method="post" action="?{html.escape(query)}">'
        f"<ul>{buttons}</ul></form></body></html>"
    )


def load_provider(users_file: Path, secrets_file: Path) -> Provider:
    """Reads who may sign in and which clients may ask."""
    told = tomllib.loads(users_file.read_text(encoding="utf-8"))
    return Provider(
        users={user["sub"]: user for user in told["users"]},
        programs={client["client_id"]: client["acts_as"] for client in told.get("clients", [])},
        secrets=tomllib.loads(secrets_file.read_text(encoding="utf-8")),
        audience=told["audience"],
    )


def main() -> None:
    """Serves until SIGTERM or the parent's end."""
    parser = argparse.ArgumentParser(prog="contracts.stubs.identity")
    parser.add_argument("--users", type=Path, required=True)
    parser.add_argument("--client-secrets", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    end_with_parent()
    listener = listen(options.host, options.port)
    port = listener.getsockname()[1]
    server = _Server(build_app(load_provider(options.users, options.client_secrets)), lambda: announce("identity", port))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
