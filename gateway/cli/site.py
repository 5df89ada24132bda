"""Pages and API under one address: what ``marac-gateway serve`` runs."""

from __future__ import annotations

import hashlib
import signal
import socket
from functools import partial

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Scope

from adapters.identity import fetch_signing_keys
from gateway.api.app import build_api
from gateway.api.auth import TokenChecker
from gateway.api.problems import problem_of_status
from gateway.bootstrap import Gateway, Misconfigured
from gateway.domain.errors import Code
from gateway.store.sessions import SqlSessions
from gateway.web.app import build_web, refusal
from gateway.web.headers import Guard
from gateway.web.session import Session
from gateway.web.sign_in import OidcSettings

API = "/api/v1"
SHUTDOWN_S = 5


def build_site(gateway: Gateway) -> ASGIApp:
    """Pages at ``/``, the API at ``/api/v1``, both behind one guard. Raises ``Misconfigured`` without an identity provider."""
    settings = gateway.settings
    oidc = OidcSettings(settings.oidc_issuer, settings.oidc_client_id, _client_secret(gateway), settings.base_url)
    tokens = TokenChecker(settings.oidc_issuer, settings.api_audience, partial(fetch_signing_keys, settings.oidc_issuer))
    sessions = SqlSessions(gateway.engine, gateway.vault, Session)
    web = build_web(gateway, oidc, sessions, _login_secret(gateway))
    return Guard(Starlette(routes=[Mount(API, build_api(gateway, tokens, described=settings.demonstration)), Mount("/", web)]), _refusal)


def _refusal(scope: Scope, status: int) -> Response:
    """What was not read is answered as the part of the site would answer it."""
    if str(scope["path"]).startswith(f"{API}/"):
        return problem_of_status(status)
    return refusal(status, Code.UPLOAD_TOO_LARGE if status == 413 else Code.REQUEST_MALFORMED)


def _client_secret(gateway: Gateway) -> str:
    settings = gateway.settings
    if not settings.oidc_issuer or not settings.oidc_client_id:
        raise Misconfigured(("OIDC_ISSUER, OIDC_CLIENT_ID: nobody can sign in without an identity provider",))
    try:
        return settings.oidc_client_secret()
    except LookupError:
        raise Misconfigured(("OIDC_CLIENT_SECRET_FILE: missing, empty, or open to others",)) from None


def _login_secret(gateway: Gateway) -> str:
    """Signs the cookie of a sign-in under way; the same for every process, and known only with the key file."""
    return hashlib.sha256(gateway.vault.index("login-secret")).hexdigest()


def run_site(gateway: Gateway, host: str, port: int, descriptor: int = -1) -> None:
    """Serves until SIGTERM, on ``descriptor`` if one was handed on. No access log, no name of the server, no trust in headers of a proxy."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises the signal once more when it has ended in order; then it means nothing
    config = uvicorn.Config(
        build_site(gateway), host=host, port=port, log_config=None, access_log=False, server_header=False, proxy_headers=False,
        lifespan="off", timeout_graceful_shutdown=SHUTDOWN_S, h11_max_incomplete_event_size=32 * 1024,
    )  # fmt: skip
    gateway.ready_to_serve()
    uvicorn.Server(config).run([socket.socket(fileno=descriptor)] if descriptor >= 0 else None)
