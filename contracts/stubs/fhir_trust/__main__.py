"""Starts the trust's patient record; see contracts.stubs.process for the common arguments.

    python -m contracts.stubs.fhir_trust --agency DIR [--client-jwks FILE] [--client-secrets FILE --notice-url URL]
        [--clock 2026-11-22T09:00:00+00:00]
"""

import argparse
import asyncio
import tomllib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.stubs.fhir_trust.conformance import capability_statement, smart_configuration
from contracts.stubs.fhir_trust.mishaps import Mishaps
from contracts.stubs.fhir_trust.oauth import TokenOffice
from contracts.stubs.fhir_trust.patient_api import PatientApi
from contracts.stubs.fhir_trust.records import Records
from contracts.stubs.fhir_trust.staff import StaffDesk
from contracts.stubs.fhir_trust.trouble import Trouble, trouble_routes
from contracts.stubs.fhir_trust.trust import Trust
from contracts.stubs.fhir_trust.view_api import ViewApi
from contracts.stubs.fhir_trust.views import View, views
from contracts.stubs.fhir_trust.wire import Refusal, Resource, negotiated, refusal_reply, reply
from contracts.stubs.process import Invocation, control_routes, listen, read_command_line, serve_http
from contracts.stubs.rest.notices import Notices
from contracts.stubs.views import Look, view_routes


def application(trust: Trust, office: TokenOffice, notices: Notices) -> ASGIApp:
    """Everything the trust serves, the FHIR service under its base path."""
    mishaps = Mishaps(trust)
    fhir = [
        Route("/metadata", _told(lambda: capability_statement(trust)), methods=["GET"]),
        Route("/.well-known/smart-configuration", _told(lambda: smart_configuration(trust)), methods=["GET"]),
        *negotiated(PatientApi(trust, office, mishaps).routes()),
        *negotiated(Records("Flag", trust, office, mishaps).routes()),
        *negotiated(Records("Task", trust, office, mishaps).routes()),
    ]
    base = str(trust.setting("base_path", ""))
    served: list[BaseRoute] = [Mount(base, routes=fhir)] if base else [*fhir]
    rest = [
        *office.routes(), *ViewApi(trust, office).routes(), *StaffDesk(trust, office, notices).routes(),
        *control_routes(trust.ledger), *trust.leaks.routes()[:1], *view_routes({view.name.replace(" ", "-"): _look(trust, view) for view in views()}),
    ]  # fmt: skip
    inner = Starlette(routes=[*served, *rest], exception_handlers={Refusal: refusal_reply, 404: _nothing, 405: _nothing})
    trouble = Trouble(inner, base)
    inner.router.routes.extend(trouble_routes(trouble))
    return _Slow(trouble, trust)


class _Slow:
    """Adds the configured latency to every answer but those of the test controls."""

    def __init__(self, app: ASGIApp, trust: Trust) -> None:
        self._app, self._trust = app, trust

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes through, later."""
        if self._trust.latency and not scope.get("path", "").startswith("/__"):
            await asyncio.sleep(self._trust.latency)
        await self._app(scope, receive, send)


def _told(make: Callable[[], Resource]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return reply(make())

    return answer


def _look(trust: Trust, view: View) -> Look:
    def look(patient_id: str) -> str | None:
        person = trust.register.by_id.get(patient_id)
        return view.make(trust, person, {}).decode() if person else None

    return look


async def _nothing(_request: Request, _error: Exception) -> Response:
    return Refusal(404, "not-found", "NOT_FOUND").reply()


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--client-jwks", type=Path, help="public keys of the client; else [oauth] client_jwks of stub.toml")
    parser.add_argument("--client-secrets", type=Path, help='TOML; the entry "notices" signs notices')
    parser.add_argument("--notice-url", default="", help="where signed notices of tasks go; none are sent without it")
    parser.add_argument("--subject-tokens", type=Path, help="TOML: test patients' ids and the tokens by which they read their own record")
    parser.add_argument("--clock", type=datetime.fromisoformat, help="a fixed clock, for runs that are compared byte for byte")


def _client_jwks(invocation: Invocation) -> Path | None:
    named = invocation.agency.settings.get("oauth", {}).get("client_jwks")
    in_folder = invocation.agency.folder / named if named else None
    return invocation.options.client_jwks or in_folder


def main() -> None:
    """Runs until SIGTERM."""
    invocation = read_command_line("fhir_trust", _arguments)
    listener = listen(invocation.host, invocation.port)
    options = invocation.options
    trust = Trust(invocation.agency, invocation.ledger, invocation.latency, options.clock)
    trust.origin = f"http://{invocation.host}:{listener.getsockname()[1]}"
    trust.base = trust.origin + str(trust.setting("base_path", ""))
    office = TokenOffice(invocation.agency.settings.get("oauth", {}), _client_jwks(invocation))
    if options.subject_tokens:
        office.give_standing(tomllib.loads(options.subject_tokens.read_text(encoding="utf-8")))
    secrets = tomllib.loads(options.client_secrets.read_text(encoding="utf-8")) if options.client_secrets else {}
    notices = Notices(options.notice_url, secrets.get("notices", ""), trust.ledger)
    serve_http(
        application(trust, office, notices), invocation, listener,
        fhir_base=trust.base, token_url=f"{trust.origin}/oauth/token", patients=len(trust.register.by_id),
    )  # fmt: skip


if __name__ == "__main__":
    main()
