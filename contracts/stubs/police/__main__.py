"""Starts the records service.

    python -m contracts.stubs.police --agency DIR --client-secrets FILE [--port 0] [--ledger PATH] [--latency-ms N] [--notice-url URL]
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from contracts.stubs.people import AgencyPerson
from contracts.stubs.police.markers import Capability, MarkerReplacement, Markers, NewMarker
from contracts.stubs.police.nominals import Nominals, PersonSearch, shown
from contracts.stubs.police.views import VIEWS, View
from contracts.stubs.process import serve_http
from contracts.stubs.rest.bodies import answer, etag, read
from contracts.stubs.rest.problems import Problem
from contracts.stubs.rest.service import Service, WorkItemDesk, read_rest_command_line
from contracts.stubs.rest.work_items import Wording, WorkItems
from contracts.stubs.views import Look

WORDING = Wording(noun="workItem", event="work-item", subject_key="nominalId", stale=412)
Handler = Callable[[Request], Awaitable[Response]]


class Records:
    """The routes of the records service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.nominals = Nominals(service.agency.people)
        self.markers = Markers(Capability.of(service.agency.settings.get("markers", {})), service.ledger)
        self.items = WorkItems(WORDING, service.ledger, service.notices, self.nominals.by_id.__contains__)
        self._too_many = int(service.agency.settings.get("too_many", 50))

    def routes(self) -> list[Route]:
        """Persons, markers, capabilities and work items."""
        person = "/v1/persons/{nominal}"
        return [
            Route("/v1/capabilities", self.capabilities),
            Route("/v1/persons/search", self.search, methods=["POST"]),
            Route(person, self.person),
            Route(person + "/markers", self.markers_of, methods=["GET", "POST"]),
            Route(person + "/markers/{marker}", self.marker, methods=["GET", "PUT"]),
            *self.markers.leaks.routes(),
            *WorkItemDesk(self._service, self.items, self.nominals.by_id).routes("/v1/work-items"),
        ]

    def looks(self) -> dict[str, Look]:
        """What leaves the force about a person."""

        def look(view: View) -> Look:
            people = self.nominals.by_id
            return lambda local_id: view(self.markers, people[local_id]) if local_id in people else None

        return {name: look(view) for name, view in VIEWS.items()}

    async def capabilities(self, _request: Request) -> Response:
        """What is offered here."""
        offered = self.markers.capability
        agency = self._service.agency
        return answer({
            "system": {"name": agency.name, "version": str(agency.settings.get("version", "1"))},
            "markers": {
                "read": offered.read, "write": offered.read and offered.write, "visibilities": offered.visibilities,
                "maxTextLength": offered.max_text_length,
            },
            "workItems": {"notices": bool(self._service.notices.url)},
        })  # fmt: skip

    async def search(self, request: Request) -> Response:
        """Nominals found, or that there are too many, or that they are protected."""
        asked = await read(request, PersonSearch)
        if not (asked.names or asked.identifiers):
            raise Problem(422, "invalid-request", "/names")
        found = self.nominals.find(asked)
        touched = next((person for person in found if person.persona), None)

        async def respond() -> Response:
            self._service.ledger.record("lookup", "", touched.local_id if touched else "", await request.body())
            return answer(self._search_answer(found, touched))

        return await self._service.trouble.around(request, "searchPersons", touched, respond)

    async def person(self, request: Request) -> Response:
        """One nominal; 301 where it was merged, 403 where it is restricted."""
        person = self._nominal(request)

        async def respond() -> Response:
            self._service.ledger.record("person.read", "", person.local_id)
            if person.persona == "merged":
                return answer({"nominalId": person.local_id, "mergedInto": self._survivor(person)}, 301)
            _refuse_restricted(person)
            stand_in = self._stranger(person) if person.persona == "wrong_person" else person
            return answer(shown(stand_in), headers=etag(1))

        return await self._service.trouble.around(request, "readPerson", person, respond)

    async def markers_of(self, request: Request) -> Response:
        """The markers of a nominal, or a new one."""
        person = self._markable(request)

        async def respond() -> Response:
            if request.method == "GET":
                return answer({"markers": [marker.shown() for marker in self.markers.on(person.local_id)]})
            marker, created = self.markers.create(person.local_id, await read(request, NewMarker))
            place = {"Location": f"/v1/persons/{person.local_id}/markers/{marker.marker_id}"} if created else {}
            return answer(marker.shown(), 201 if created else 200, etag(marker.version) | place)

        return await self._service.trouble.around(request, f"{request.method.lower()} markers", person, respond)

    async def marker(self, request: Request) -> Response:
        """One marker, read or replaced."""
        person = self._markable(request)
        marker = self.markers.get(person.local_id, request.path_params["marker"])

        async def respond() -> Response:
            if request.method == "PUT":
                self.markers.replace(marker, await read(request, MarkerReplacement), request.headers.get("if-match"))
            return answer(marker.shown(), headers=etag(marker.version))

        return await self._service.trouble.around(request, f"{request.method.lower()} marker", person, respond)

    def _search_answer(self, found: list[AgencyPerson], touched: AgencyPerson | None) -> dict[str, object]:
        seen = [person for person in found if not person.restricted]
        withheld = len(seen) < len(found)
        if len(seen) > self._too_many or (touched and touched.persona == "too_many"):
            return {"outcome": "too-many", "candidates": [], "someWithheld": withheld}
        if touched and touched.persona == "wrong_person":
            seen = [self._stranger(touched)]
        outcome = "matches" if seen else "protected" if withheld else "none"
        return {"outcome": outcome, "candidates": [shown(person) for person in seen], "someWithheld": withheld}

    def _nominal(self, request: Request) -> AgencyPerson:
        person = self.nominals.by_id.get(request.path_params["nominal"])
        if person is None:
            raise Problem(404, "not-found")
        return person

    def _markable(self, request: Request) -> AgencyPerson:
        self.markers.check_offered(to_write=request.method != "GET")
        person = self._nominal(request)
        _refuse_restricted(person)
        return person

    def _survivor(self, person: AgencyPerson) -> str:
        into = str(self._service.trouble.behaviour_of(person)["into"])
        return next(other.local_id for other in self.nominals.by_id.values() if into in (other.local_id, other.nhs_number))

    def _stranger(self, person: AgencyPerson) -> AgencyPerson:
        """Somebody else: not of this name, nor of this birth year."""
        return next(
            other for other in self.nominals.by_id.values()
            if not (other.restricted or other.persona or other.family == person.family or other.birth_date.year == person.birth_date.year)
        )  # fmt: skip


def _refuse_restricted(person: AgencyPerson) -> None:
    if person.restricted:
        raise Problem(403, "restricted-nominal")


def build(service: Service, latency: float) -> ASGIApp:
    """The application."""
    records = Records(service)
    return service.app(records.routes(), records.looks(), latency)


def main() -> None:
    """Runs until SIGTERM or the parent's end."""
    invocation, secrets = read_rest_command_line("police")
    service = Service(invocation.agency, invocation.ledger, secrets, invocation.options.notice_url)
    serve_http(build(service, invocation.latency), invocation)


if __name__ == "__main__":
    main()
