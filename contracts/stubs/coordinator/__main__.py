"""Starts the coordinator's case system.

    python -m contracts.stubs.coordinator --agency DIR --client-secrets FILE [--port 0] [--ledger PATH] [--latency-ms N]
"""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from contracts.stubs.coordinator.completions import Completions, NewCompletion
from contracts.stubs.process import serve_http
from contracts.stubs.rest.bodies import answer, read
from contracts.stubs.rest.problems import Problem
from contracts.stubs.rest.service import Service, read_rest_command_line


class CaseSystem:
    """The routes of the case system."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.completions = Completions(service.ledger, bool(service.agency.settings.get("known_actions_only", False)))

    def routes(self) -> list[Route]:
        """Actions of a case, and the completion of each; the coordinator's own deed beside."""
        actions = "/cases/{case}/actions"
        return [
            Route(actions, self.actions),
            Route(actions + "/{action}/completion", self.completion, methods=["GET", "PUT"]),
            Route("/__staff/actions", self.expect, methods=["POST"]),
        ]

    async def actions(self, request: Request) -> Response:
        """The actions of a case."""
        case = _reference(request, "case")

        async def respond() -> Response:
            return answer({"caseRef": case, "actions": self.completions.actions(case)})

        return await self._service.trouble.around(request, "listActions", None, respond)

    async def completion(self, request: Request) -> Response:
        """The completion of an action, read or told."""
        case, action = _reference(request, "case"), _reference(request, "action")
        if request.method == "GET":
            return await self._service.trouble.around(request, "readCompletion", None, lambda: self._held(case, action))
        key = request.headers.get("idempotency-key", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{8,128}", key):
            raise Problem(400, "idempotency-key-required")
        told = await read(request, NewCompletion)

        async def take() -> Response:
            completion, new = self.completions.take(case, action, key, told)
            return answer(completion.shown(), 201 if new else 200)

        return await self._service.trouble.around(request, "putCompletion", None, take)

    async def expect(self, request: Request) -> Response:
        """The coordinator sets an action: ``{"caseRef", "actionRef"}``."""
        asked = await request.json()
        self.completions.expect(asked["caseRef"], asked["actionRef"])
        return answer({"expected": True}, 201)

    async def _held(self, case: str, action: str) -> Response:
        return answer(self.completions.held(case, action).shown())


def _reference(request: Request, name: str) -> str:
    reference: str = request.path_params[name]
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", reference):
        raise Problem(404, "not-found")
    return reference


def build(service: Service, latency: float) -> ASGIApp:
    """The application. It shows nothing to any subject."""
    return service.app(CaseSystem(service).routes(), {}, latency)


def main() -> None:
    """Runs until SIGTERM or the parent's end."""
    invocation, secrets = read_rest_command_line("coordinator")
    serve_http(build(Service(invocation.agency, invocation.ledger, secrets), invocation.latency), invocation)


if __name__ == "__main__":
    main()
