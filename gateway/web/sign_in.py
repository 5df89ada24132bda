"""Signing in with the organisation's identity provider: OpenID Connect, authorization code with PKCE (S256) and nonce."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from authlib.deprecate import AuthlibDeprecationWarning
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from gateway.web.rendering import SERVICE_NAME, page
from gateway.web.session import Session, Sessions, new_session

with warnings.catch_warnings():  # Authlib would rather use a successor of httpx; that is for its own next version
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.starlette_client import OAuth


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Where to sign in. ``secure`` is False only for a demonstration on plain http on this machine."""

    issuer: str
    client_id: str
    client_secret: str
    base_url: str

    @property
    def secure(self) -> bool:
        """Whether cookies may be limited to https."""
        return self.base_url.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """``__Host-`` binds the cookie to this host, without subdomains; it needs https."""
        return "__Host-session" if self.secure else "session"


_ONWARD = f'<!doctype html><html lang="en-GB"><title>{SERVICE_NAME}</title><meta http-equiv="refresh" content="0;url=/"><a href="/">Continue</a></html>'


def _provider(settings: OidcSettings) -> OAuth:
    oauth = OAuth()
    oauth.register(
        "identity", client_id=settings.client_id, client_secret=settings.client_secret,
        server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "trust_env": False},
    )  # fmt: skip
    return oauth


def build_router(settings: OidcSettings, sessions: Sessions, now: Callable[[], datetime], record: Callable[[Session], None]) -> APIRouter:
    """Routes ``/sign-in``, ``/sign-in/return`` and ``/sign-out``. ``record`` writes the audit event before the cookie is given."""
    router = APIRouter(include_in_schema=False)
    oauth = _provider(settings)

    @router.get("/sign-in")
    async def begin(request: Request) -> Response:
        try:
            return await oauth.identity.authorize_redirect(request, f"{settings.base_url}/sign-in/return")  # type: ignore[no-any-return]
        except Exception:  # noqa: BLE001  whatever ails the provider, the person is told the same
            return page("sign_in_failed.html", None, status=503)

    @router.get("/sign-in/return")
    async def come_back(request: Request) -> Response:
        try:
            if request.query_params.get("iss", settings.issuer) != settings.issuer:  # RFC 9207: another provider's answer
                raise OAuthError
            token = await oauth.identity.authorize_access_token(request)
            session = new_session(dict(token["userinfo"]), now())
        except Exception:  # noqa: BLE001  a refusal, a forged answer, a provider that is away: the person is told the same
            return page("sign_in_failed.html", None, status=401)
        finally:
            request.session.clear()
        await run_in_threadpool(record, session)
        cookie = await run_in_threadpool(sessions.begin, session)
        # A strict cookie is not sent on the way back from another site; this page of ours starts the next request itself.
        answer = HTMLResponse(_ONWARD)
        answer.set_cookie(settings.cookie_name, cookie, secure=settings.secure, httponly=True, samesite="strict", path="/")
        return answer

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        sessions.end(request.cookies.get(settings.cookie_name, ""))
        answer = RedirectResponse("/", status_code=303)
        answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        answer.delete_cookie(settings.cookie_name, secure=settings.secure, httponly=True, samesite="strict", path="/")
        return answer

    return router
