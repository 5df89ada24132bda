"""Starts the housing service.

    python -m contracts.stubs.housing --agency DIR --client-secrets FILE [--port 0] [--ledger PATH] [--latency-ms N] [--notice-url URL]
"""

from collections import defaultdict
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from contracts.stubs.housing.alerts import Alerts, EndAlert, NewAlert
from contracts.stubs.housing.tenures import PersonSearch, Register, shown_person, shown_tenure
from contracts.stubs.housing.views import VIEWS, View
from contracts.stubs.people import AgencyPerson
from contracts.stubs.process import serve_http
from contracts.stubs.rest.bodies import Record, answer, etag, plain, read
from contracts.stubs.rest.problems import Problem
from contracts.stubs.rest.service import Service, WorkItemDesk, read_rest_command_line
from contracts.stubs.rest.work_items import Wording, WorkItems
from contracts.stubs.views import Look

WORDING = Wording(noun="task", event="task", subject_key="personId", stale=409)


class Edit(Record, frozen=True):
    """What of a person may be changed from outside."""

    title: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET
    preferred_first_name: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    preferred_surname: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET


class Housing:
    """The routes of the housing service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.register = Register(service.agency.people)
        self.alerts = Alerts(self.register, service.ledger)
        self.items = WorkItems(WORDING, service.ledger, service.notices, self.register.by_id.__contains__)
        self._too_many = int(service.agency.settings.get("too_many", 100))
        self._edits: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._versions: defaultdict[str, int] = defaultdict(lambda: 1)

    def routes(self) -> list[Route]:
        """Persons, tenures, cautionary alerts and tasks."""
        alerts = "/api/v1/cautionary-alerts"
        return [
            Route("/api/v1/search/persons", self.search, methods=["POST"]),
            Route("/api/v1/persons/{id}", self.person, methods=["GET", "PATCH"]),
            Route("/api/v1/tenures/{id}", self.tenure),
            Route(alerts, self.new_alert, methods=["POST"]),
            Route(alerts + "/persons/{id}", self.alerts_of_person),
            Route(alerts + "/properties/{reference}", self.alerts_of_property),
            Route(alerts + "/alerts/{id}/end-alert", self.end_alert, methods=["PATCH"]),
            *self.alerts.notes.routes(), *self.alerts.notes.leaks.routes(),
            *WorkItemDesk(self._service, self.items, self.register.by_id).routes("/api/v1/tasks"),
        ]

    def looks(self) -> dict[str, Look]:
        """What tenants and households see."""

        def look(view: View) -> Look:
            people = self.register.by_id
            return lambda local_id: view(self.register, self.alerts, people[local_id]) if local_id in people else None

        return {name: look(view) for name, view in VIEWS.items()}

    async def search(self, request: Request) -> Response:
        """One page of persons found, and how many were withheld."""
        asked = await read(request, PersonSearch)
        if not asked.is_enough:
            raise Problem(422, "invalid-request", "/surname")
        found = self.register.find(asked)
        touched = next((person for person in found if person.persona), None)

        async def respond() -> Response:
            self._service.ledger.record("lookup", "", touched.local_id if touched else "", await request.body())
            return answer(self._search_answer(asked, found, touched))

        return await self._service.trouble.around(request, "searchPersons", touched, respond)

    async def person(self, request: Request) -> Response:
        """One person, read or (the preferred names) changed."""
        person = self._person(request)

        async def respond() -> Response:
            if person.persona == "merged":
                return answer({"id": person.local_id, "mergedInto": self._survivor(person)}, 301)
            if person.restricted:
                raise Problem(403, "restricted-person")
            if request.method == "PATCH":
                await self._edit(person, request)
            else:
                self._service.ledger.record("person.read", "", person.local_id)
            shown = self._stranger(person) if person.persona == "wrong_person" else person
            return answer(self._shown(shown), headers=etag(self._versions[person.local_id]))

        return await self._service.trouble.around(request, "readPerson", person, respond)

    async def tenure(self, request: Request) -> Response:
        """One tenure with its household."""
        tenure = self.register.tenures.get(request.path_params["id"])
        if tenure is None:
            raise Problem(404, "not-found")
        return answer(shown_tenure(tenure), headers=etag(1))

    async def new_alert(self, request: Request) -> Response:
        """A cautionary alert on the property."""
        return answer(self.alerts.create(await read(request, NewAlert)).shown(), 201)

    async def end_alert(self, request: Request) -> Response:
        """The end of one."""
        ended = await read(request, EndAlert)
        return answer(self.alerts.end(request.path_params["id"], ended.end_date).shown())

    async def alerts_of_person(self, request: Request) -> Response:
        """Alerts about a person."""
        return answer({"alerts": [alert.shown() for alert in self.alerts.of_person(self._person(request).local_id)]})

    async def alerts_of_property(self, request: Request) -> Response:
        """Alerts on a home."""
        reference = request.path_params["reference"]
        if not self.register.of_property(reference):
            raise Problem(404, "not-found")
        return answer({"alerts": [alert.shown() for alert in self.alerts.of_property(reference)]})

    def _search_answer(self, asked: PersonSearch, found: list[AgencyPerson], touched: AgencyPerson | None) -> dict[str, object]:
        seen = [person for person in found if not person.restricted]
        withheld, total = len(found) - len(seen), len(seen)
        if touched and touched.persona == "too_many":
            total = self._too_many + 1 + total
        if touched and touched.persona == "wrong_person":
            seen = [self._stranger(touched)]
        first = (asked.page - 1) * asked.page_size
        page = seen[first : first + asked.page_size] if total <= self._too_many else []
        return {"results": {"persons": [self._shown(person) for person in page]}, "total": total, "totalWithheld": withheld}

    async def _edit(self, person: AgencyPerson, request: Request) -> None:
        edit = plain(await read(request, Edit))
        if not edit:
            raise Problem(422, "invalid-request")
        if "if-match" not in request.headers:
            raise Problem(428, "version-required")
        if request.headers["if-match"] != f'"{self._versions[person.local_id]}"':
            raise Problem(409, "version-mismatch")
        self._edits[person.local_id] |= edit
        self._versions[person.local_id] += 1
        self._service.ledger.record("person.edit", "", person.local_id, await request.body())

    def _shown(self, person: AgencyPerson) -> dict[str, object]:
        return shown_person(person, self.register, self._edits.get(person.local_id, {}), self._versions[person.local_id])

    def _person(self, request: Request) -> AgencyPerson:
        person = self.register.by_id.get(request.path_params["id"])
        if person is None:
            raise Problem(404, "not-found")
        return person

    def _survivor(self, person: AgencyPerson) -> str:
        into = str(self._service.trouble.behaviour_of(person)["into"])
        return next(other.local_id for other in self.register.by_id.values() if into in (other.local_id, other.nhs_number))

    def _stranger(self, person: AgencyPerson) -> AgencyPerson:
        """Somebody else: not of this name, nor of this birth year."""
        return next(
            other for other in self.register.by_id.values()
            if not (other.restricted or other.persona or other.family == person.family or other.birth_date.year == person.birth_date.year)
        )  # fmt: skip


def build(service: Service, latency: float) -> ASGIApp:
    """The application."""
    housing = Housing(service)
    return service.app(housing.routes(), housing.looks(), latency)


def main() -> None:
    """Runs until SIGTERM or the parent's end."""
    invocation, secrets = read_rest_command_line("housing")
    service = Service(invocation.agency, invocation.ledger, secrets, invocation.options.notice_url)
    serve_http(build(service, invocation.latency), invocation)


if __name__ == "__main__":
    main()
