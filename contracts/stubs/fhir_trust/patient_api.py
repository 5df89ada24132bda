"""Reading the record over FHIR: Patient search, $match, read and $everything; EpisodeOfCare."""

from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.stubs.fhir_trust.definitions import check
from contracts.stubs.fhir_trust.matching import GRADE, Scored, match
from contracts.stubs.fhir_trust.mishaps import Mishaps
from contracts.stubs.fhir_trust.oauth import Caller, TokenOffice
from contracts.stubs.fhir_trust.paging import Pages, count_of
from contracts.stubs.fhir_trust.patients import episodes
from contracts.stubs.fhir_trust.trust import Trust, is_labelled_hidden
from contracts.stubs.fhir_trust.wire import (
    Refusal,
    Resource,
    entry,
    outcome,
    read_parameters,
    read_resource,
    reply,
    searchset,
    version_headers,
)  # fmt: skip
from contracts.stubs.leaks import Leak
from contracts.stubs.people import AgencyPerson

_CONTROLS = frozenset({"_count", "_summary", "_revinclude", "_page", "_format"})
_REVERSE = ("EpisodeOfCare:patient", "Flag:patient", "Task:patient")


class PatientApi:
    """Patient and EpisodeOfCare of one trust."""

    def __init__(self, trust: Trust, office: TokenOffice, mishaps: Mishaps) -> None:
        self._trust, self._office, self._mishaps = trust, office, mishaps
        self._pages, self._episode_pages = Pages(), Pages()

    def routes(self) -> list[Route]:
        """All interactions, relative to the base."""
        found = [
            Route("/Patient", self.search, methods=["GET"]),
            Route("/Patient/_search", self.search, methods=["POST"]),
            Route("/Patient/{id}", self.read, methods=["GET"]),
            Route("/Patient/{id}/$everything", self.everything, methods=["GET"]),
            Route("/EpisodeOfCare", self.search_episodes, methods=["GET"]),
            Route("/EpisodeOfCare/_search", self.search_episodes, methods=["POST"]),
            Route("/EpisodeOfCare/{id}", self.read_episode, methods=["GET"]),
            Route("/RelatedPerson", self.search_related, methods=["GET"]),
        ]
        if self._trust.setting("match", True):
            found.insert(0, Route("/Patient/$match", self.match, methods=["POST"]))
        return found

    # --- Patient -------------------------------------------------------------------------------------------------------

    async def search(self, request: Request) -> Response:
        """A searchset of patients; more than the trust allows is an OperationOutcome with status 200, as PDS answers."""
        caller = self._office.need(request, "Patient", "s")
        asked = await read_parameters(request)
        controls = [(name, value) for name, value in asked if name in _CONTROLS]
        told = dict(controls)
        if page := told.get("_page"):
            return reply(self._pages.next(self._trust.base, caller, "Patient", page))
        count_of(told.get("_count"))
        included = self._reverse(controls)
        found = self._trust.register.search([pair for pair in asked if pair[0] not in _CONTROLS])
        found = [person for person in found if self._may_see(caller, person)]
        self._note("lookup.search", request, await request.body())
        if len(found) > self._trust.setting("max_matches", 50):
            return reply(outcome("multiple-matches", "TOO_MANY_MATCHES", severity="information"))

        def honest(people: Sequence[AgencyPerson]) -> Response:
            base = self._trust.base
            return reply(
                self._pages.first(base, caller, "Patient", people, lambda one: self._entries(one, caller, included), told)
            )

        return await self._mishaps.answer(request, found, honest)

    async def match(self, request: Request) -> Response:
        """Candidates with score and grade, best first; none is an empty searchset."""
        caller = self._office.need(request, "Patient", "s")
        if caller.kind != "system":
            raise Refusal(403, "forbidden", "OUT_OF_SCOPE")
        parameters, body = await read_resource(request, "Parameters")
        wanted, certain_only, count = _match_parameters(parameters)
        scored = match(self._trust.register, wanted, certain_only=certain_only, count=count)
        self._note("lookup.match", request, body)
        told = {found.person.local_id: found for found in scored}

        def honest(people: Sequence[AgencyPerson]) -> Response:
            entries = [self._scored(told.get(person.local_id) or Scored(person, 0.97, "certain")) for person in people]
            return reply(searchset(entries, len(entries), {"self": f"{self._trust.base}/Patient/$match"}))

        return await self._mishaps.answer(request, [found.person for found in scored], honest)

    async def read(self, request: Request) -> Response:
        """One patient; 404 for nobody, for somebody this caller may not see, and for a record hidden from reading."""
        caller = self._office.need(request, "Patient", "r")
        person = self._person(caller, request.path_params["id"])
        self._note("lookup.read", request, b"")

        def honest(people: Sequence[AgencyPerson]) -> Response:
            patient = self._as_told(caller, people[0])
            return reply(patient, headers=version_headers(self._touched(caller, people[0])))

        return await self._mishaps.answer(request, [person], honest)

    async def everything(self, request: Request) -> Response:
        """The patient's compartment, as far as the caller may see it."""
        caller = self._office.need(request, "Patient", "r")
        person = self._person(caller, request.path_params["id"])
        entries = self._entries(person, caller, _REVERSE)
        return reply(searchset(entries, len(entries), {"self": f"{self._trust.base}/Patient/{person.local_id}/$everything"}))

    def _person(self, caller: Caller, patient_id: str) -> AgencyPerson:
        person = self._trust.register.by_id.get(patient_id)
        if person is None or person.persona == "hidden" or not self._may_see(caller, person):
            raise Refusal(404, "not-found", "NOT_FOUND")
        return person

    @staticmethod
    def _may_see(caller: Caller, person: AgencyPerson) -> bool:
        return caller.kind in ("system", "staff") or caller.id == person.local_id

    def _entries(self, person: AgencyPerson, caller: Caller, included: Iterable[str]) -> list[Resource]:
        base, found = self._trust.base, list[Resource]()
        if "EpisodeOfCare:patient" in included:
            found += episodes(person)
        if "Flag:patient" in included:
            found += self._trust.flags(person.local_id)
        if "Task:patient" in included:
            found += self._trust.tasks_about(person.local_id)
        unfiltered = caller.kind in ("system", "staff") or (Leak.REVINCLUDE in self._trust.leaks and included is not _REVERSE)
        shown = [one for one in found if unfiltered or not is_labelled_hidden(one)]
        return [entry(base, self._as_told(caller, person)), *(entry(base, one, "include") for one in shown)]

    def _as_told(self, caller: Caller, person: AgencyPerson) -> Resource:
        """The Patient; for the patient with a text made from all that stands on the record, where that leak is on."""
        patient = self._trust.patient(person)
        if caller.kind != "patient" or Leak.NARRATIVE not in self._trust.leaks:
            return patient
        words = "; ".join(str(flag["code"].get("text", "")) for flag in self._trust.flags(person.local_id) if flag["status"] == "active")
        div = f'<div xmlns="http://www.w3.org/1999/xhtml">{person.given} {person.family}. {words}</div>'
        return {**patient, "text": {"status": "generated", "div": div}}

    def _touched(self, caller: Caller, person: AgencyPerson) -> Resource:
        """What the entity tag is of; a Flag moves it where that leak is on."""
        patient, flags = self._trust.patient(person), self._trust.versions_about(person.local_id, hidden=True)
        if caller.kind != "patient" or Leak.ENTITY_TAGS not in self._trust.leaks or not flags:
            return patient
        return {**patient, "meta": {"versionId": str(1 + len(flags)), "lastUpdated": flags[-1]["meta"]["lastUpdated"]}}

    def _reverse(self, controls: list[tuple[str, str]]) -> list[str]:
        wanted = [value for name, value in controls if name == "_revinclude"]
        if any(value not in _REVERSE for value in wanted):
            raise Refusal(400, "not-supported", "UNKNOWN_INCLUDE")
        return wanted

    def _scored(self, scored: Scored) -> Resource:
        grade = [{"url": GRADE, "valueCode": scored.grade}]
        return entry(self._trust.base, self._trust.patient(scored.person), score=scored.score, extension=grade)

    def _note(self, what: str, request: Request, body: bytes) -> None:
        self._trust.ledger.record(what, request.headers.get("x-request-id", ""), "", body or request.url.query.encode())

    # --- EpisodeOfCare -------------------------------------------------------------------------------------------------

    async def search_episodes(self, request: Request) -> Response:
        """By patient, and by status."""
        caller = self._office.need(request, "EpisodeOfCare", "s")
        asked = dict(await read_parameters(request))
        if page := asked.get("_page"):
            return reply(self._episode_pages.next(self._trust.base, caller, "EpisodeOfCare", page))
        if not set(asked) <= {"patient", "status", *_CONTROLS}:
            raise Refusal(400, "not-supported", "UNKNOWN_PARAMETER")
        person = self._trust.register.by_id.get(asked.get("patient", "").removeprefix("Patient/"))
        if person is None or not self._may_see(caller, person):
            found = []
        else:
            found = [one for one in episodes(person) if "status" not in asked or one["status"] in asked["status"].split(",")]
        base = self._trust.base
        return reply(self._episode_pages.first(base, caller, "EpisodeOfCare", found, lambda one: [entry(base, one)], asked))

    async def search_related(self, request: Request) -> Response:
        """Who may open a patient's record for them; for systems and staff alone."""
        caller = self._office.need(request, "Patient", "s")
        asked = dict(await read_parameters(request))
        person = self._trust.register.by_id.get(asked.get("patient", "").removeprefix("Patient/"))
        if caller.kind not in ("system", "staff") or not set(asked) <= {"patient", "_count", "_format"}:
            raise Refusal(403, "forbidden", "OUT_OF_SCOPE")
        found = self._trust.related(person) if person else []
        base = self._trust.base
        return reply(searchset([entry(base, one) for one in found], len(found), {"self": f"{base}/RelatedPerson"}))

    async def read_episode(self, request: Request) -> Response:
        """One episode."""
        caller = self._office.need(request, "EpisodeOfCare", "r")
        patient_id = request.path_params["id"].rpartition("-")[0]
        person = self._trust.register.by_id.get(patient_id)
        held = episodes(person) if person and self._may_see(caller, person) else []
        for episode in held:
            if episode["id"] == request.path_params["id"]:
                return reply(episode, headers=version_headers(episode))
        raise Refusal(404, "not-found", "NOT_FOUND")


def _match_parameters(parameters: Resource) -> tuple[Resource, bool, int]:
    """(the Patient, onlyCertainMatches, count) of the Parameters of a $match."""
    told = {one.get("name"): one for one in parameters.get("parameter", ()) if isinstance(one, dict)}
    wanted = told.get("resource", {}).get("resource")
    if not isinstance(wanted, dict) or wanted.get("resourceType") != "Patient":
        raise Refusal(400, "required", "PATIENT_NEEDED", "Parameters.parameter")
    check(wanted)
    certain_only, count = told.get("onlyCertainMatches", {}).get("valueBoolean", False), told.get("count", {}).get("valueInteger", 20)
    if type(certain_only) is not bool or type(count) is not int or count < 1:
        raise Refusal(400, "value", "WRONG_TYPE", "Parameters.parameter")
    return wanted, certain_only, min(count, 50)
