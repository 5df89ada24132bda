"""The subject-facing outputs over HTTP: for the patient, the proxy, and for a system that asks to see what they would see."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contracts.stubs.fhir_trust.oauth import Caller, TokenOffice
from contracts.stubs.fhir_trust.trust import Trust
from contracts.stubs.fhir_trust.views import TEXT, View, views
from contracts.stubs.fhir_trust.wire import Refusal


class ViewApi:
    """Serves every View, its index, and the whole demographics feed."""

    def __init__(self, trust: Trust, office: TokenOffice) -> None:
        self._trust, self._office = trust, office

    def routes(self) -> list[Route]:
        """``GET /portal/views`` names all others."""
        served = [Route(view.path, self._serve(view), methods=["GET"]) for view in views()]
        return [
            Route("/portal/views", self.index, methods=["GET"]),
            Route("/feeds/adt", self.feed, methods=["GET"]),
            *served,
        ]

    async def index(self, request: Request) -> Response:
        """Which outputs there are, and who sees each."""
        self._office.need(request, "SubjectView", "r")
        told = [{"name": view.name, "seenBy": view.seen_by, "path": view.path} for view in views()]
        return JSONResponse({"views": told}, headers={"Cache-Control": "no-store"})

    async def feed(self, request: Request) -> Response:
        """Every message sent to the subscribers of the demographics feed, oldest first, one a line."""
        self._office.need(request, "SubjectView", "r")
        return Response("\n".join(self._trust.feed), media_type=TEXT, headers={"Cache-Control": "no-store"})

    def _serve(self, view: View) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            caller = self._office.need(request, "SubjectView", "r")
            person = self._trust.register.by_id.get(request.path_params["id"])
            if person is None or not _may_look(caller, view, person.local_id):
                raise Refusal(404, "not-found", "NOT_FOUND")
            body = view.make(self._trust, person, request.query_params)
            return Response(body, media_type=view.media_type, headers={"Cache-Control": "no-store"})

        return answer


def _may_look(caller: Caller, view: View, patient_id: str) -> bool:
    """A system with the scope may look at everything; a patient at their own, a proxy at the proxy view of their own."""
    if caller.kind in ("system", "staff"):
        return True
    return caller.id == patient_id and view.seen_by == caller.kind
