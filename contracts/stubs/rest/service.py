"""One REST system: its front door, its work items, its staff's deeds, its controls, and how it is started."""

import argparse
import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.stubs.agency import Agency
from contracts.stubs.ledger import Ledger
from contracts.stubs.people import AgencyPerson
from contracts.stubs.process import Invocation, control_routes, read_command_line
from contracts.stubs.rest.access import Gate, read_secrets
from contracts.stubs.rest.bodies import answer, etag, read
from contracts.stubs.rest.notices import RETRY_SECONDS, Notices
from contracts.stubs.rest.problems import Problem, on_problem, on_router
from contracts.stubs.rest.trouble import Trouble
from contracts.stubs.rest.work_items import NewWorkItem, Outcome, WorkItems
from contracts.stubs.views import Look, view_routes

NOTICES_ENTRY = "notices"
"""The entry of the secrets file that signs notices; every other entry is a client."""


class Service:
    """What every REST system here has; the agency's own routes are added to it."""

    def __init__(self, agency: Agency, ledger: Ledger, secrets: Mapping[str, str], notice_url: str = "") -> None:
        self.agency, self.ledger = agency, ledger
        clients = {client: secret for client, secret in secrets.items() if client != NOTICES_ENTRY}
        self.gate = Gate(clients, float(agency.settings.get("token_seconds", 300)))
        retries = agency.settings.get("notice_retry_seconds", RETRY_SECONDS)
        self.notices = Notices(notice_url, secrets.get(NOTICES_ENTRY, ""), ledger, retries)
        self.trouble = Trouble(agency)

    def app(self, routes: Sequence[Route], looks: Mapping[str, Look], latency: float) -> ASGIApp:
        """The whole application: the agency's routes behind the front door, staff and controls beside them."""
        controls = [*control_routes(self.ledger), *view_routes(looks), *self._control_routes()]
        inner = Starlette(
            routes=[*self.gate.routes(), *routes, *controls],
            exception_handlers={Problem: on_problem, HTTPException: on_router},
        )
        return FrontDoor(inner, self.gate, latency)

    def _control_routes(self) -> list[Route]:
        async def trouble(request: Request) -> Response:
            asked = await request.json()
            self.trouble.order(asked["operation"], asked["happens"], int(asked.get("times", 1)), asked.get("behaviour", {}))
            return answer({"ordered": True})

        async def forget_tokens(_request: Request) -> Response:
            self.gate.forget_tokens()
            return answer({"forgotten": True})

        async def notices_to(request: Request) -> Response:
            self.notices.url = (await request.json())["url"]
            return answer({"changed": True})

        return [
            Route("/__staff/trouble", trouble, methods=["POST"]),
            Route("/__staff/forget-tokens", forget_tokens, methods=["POST"]),
            Route("/__staff/notices", notices_to, methods=["PUT"]),
        ]


class FrontDoor:
    """Lets in those who may ask, and makes every answer as slow as the command line says."""

    def __init__(self, app: ASGIApp, gate: Gate, latency: float) -> None:
        self._app, self._gate, self._latency = app, gate, latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on, or answers 401."""
        if scope["type"] == "http" and not scope["path"].startswith("/__"):
            if self._latency:
                await asyncio.sleep(self._latency)
            if scope["path"] != "/oauth2/token" and not self._admits(scope):
                await Problem(401, "unauthorised", headers={"WWW-Authenticate": "Bearer"}).response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _admits(self, scope: Scope) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        return self._gate.admits(headers.get(b"authorization", ""), headers.get(b"x-api-key", ""))


class WorkItemDesk:
    """The interface's routes for work items, and the deeds of the agency's people on them."""

    def __init__(self, service: Service, items: WorkItems, people: Mapping[str, AgencyPerson]) -> None:
        self._service, self._items, self._people = service, items, people
        self._noun = items.wording.noun

    def routes(self, path: str) -> list[Route]:
        """The work items under ``path``; staff and their inbox under ``/__staff/work-items``."""
        return [
            Route(path, self.page),
            Route(path + "/{reference}", self.one, methods=["GET", "PUT"]),
            Route("/__staff/work-items", self.inbox),
            Route("/__staff/work-items/{reference}/{deed}", self.deed, methods=["POST"]),
        ]

    async def one(self, request: Request) -> Response:
        """One work item, read or put."""
        reference = _reference(request)
        if request.method == "GET":
            item = self._items.get(reference)

            async def respond() -> Response:
                return answer(item.shown(), 200, etag(item.version))

            return await self._service.trouble.around(request, f"get {self._noun}", self._people.get(item.subject), respond)
        asked = await read(request, NewWorkItem)
        subject = next(iter((asked.subject or {}).values()), "")

        async def store() -> Response:
            stored, created = self._items.put(reference, asked, request.headers.get("if-match"))
            return answer(stored.shown(), 201 if created else 200, etag(stored.version))

        return await self._service.trouble.around(request, f"put {self._noun}", self._people.get(subject), store)

    async def page(self, request: Request) -> Response:
        """One page in the order of changes."""

        async def respond() -> Response:
            wanted = request.query_params
            found, cursor = self._items.page(wanted.get("updatedSince"), wanted.get("cursor"), _limit(wanted.get("limit", "50")))
            return answer({"items": [item.shown() for item in found], "nextCursor": cursor})

        return await self._service.trouble.around(request, f"list {self._noun}", None, respond)

    async def deed(self, request: Request) -> Response:
        """``accept``, or ``finish`` with an outcome; the notice goes out."""
        reference = request.path_params["reference"]
        accepts = request.path_params["deed"] == "accept"
        item = self._items.accept(reference) if accepts else self._items.finish(reference, await read(request, Outcome))
        self._items.tell(item, _manner(self._service, self._people.get(item.subject)))
        return answer(item.shown())

    async def inbox(self, _request: Request) -> Response:
        """All work items, as the agency's own people see them."""
        return answer([item.shown() for item in self._items.page(None, None, 1_000_000)[0]])


def read_rest_command_line(kind: str, argv: Sequence[str] | None = None) -> tuple[Invocation, dict[str, str]]:
    """The command line of a REST stub: what every stub takes, ``--client-secrets FILE`` and ``--notice-url URL``."""

    def more(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--client-secrets", type=Path, required=True,
            help=f'TOML, <client id> = "<secret>"; the entry {NOTICES_ENTRY} signs notices',
        )  # fmt: skip
        parser.add_argument("--notice-url", default="", help="where signed notices go; none are sent without it")

    invocation = read_command_line(kind, more, argv)
    return invocation, read_secrets(invocation.options.client_secrets)


def _reference(request: Request) -> str:
    reference: str = request.path_params["reference"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,64}", reference):
        raise Problem(404, "not-found")
    return reference


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise Problem(400, "invalid-request")
    return int(text)


def _manner(service: Service, subject: AgencyPerson | None) -> str:
    """How a notice goes wrong: as ordered, or as the persona of its subject has it."""
    order = service.trouble.takes("notice")
    if order:
        return order.happens
    return (subject.persona or "") if subject else ""


