"""What is written on records: Flag and Task, with versions, conditional creates and searches."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.stubs.fhir_trust.criteria import criterion
from contracts.stubs.fhir_trust.definitions import check
from contracts.stubs.fhir_trust.mishaps import Mishaps, never, refuse_write, stored_instead
from contracts.stubs.fhir_trust.oauth import Caller, TokenOffice
from contracts.stubs.fhir_trust.paging import Pages
from contracts.stubs.fhir_trust.trust import Trust, is_labelled_hidden, subject_of
from contracts.stubs.fhir_trust.wire import (
    Refusal,
    Resource,
    entry,
    expected_version,
    read_parameters,
    read_resource,
    reply,
    version_headers,
)  # fmt: skip
from contracts.stubs.leaks import Leak

FINISHED = frozenset({"completed", "cancelled", "failed", "rejected", "entered-in-error"})
_CONTROLS = frozenset({"_count", "_summary", "_sort", "_page", "_format"})


class Records:
    """The interactions on one kind of resource."""

    def __init__(self, kind: str, trust: Trust, office: TokenOffice, mishaps: Mishaps) -> None:
        self.kind, self._trust, self._office, self._mishaps = kind, trust, office, mishaps
        self._pages = Pages()

    def routes(self) -> list[Route]:
        """All interactions, relative to the base."""
        one, at = f"/{self.kind}/{{id}}", f"/{self.kind}"
        return [
            Route(at, self.create, methods=["POST"]),
            Route(at, self.search, methods=["GET"]),
            Route(f"{at}/_search", self.search, methods=["POST"]),
            Route(f"{at}/_history", self.history_of_all, methods=["GET"]),
            Route(one, self.read, methods=["GET"]),
            Route(one, self.update, methods=["PUT"]),
            Route(one, self.delete, methods=["DELETE"]),
            Route(f"{one}/_history", self.history, methods=["GET"]),
            Route(f"{one}/_history/{{version}}", self.read_version, methods=["GET"]),
        ]

    # --- writing -------------------------------------------------------------------------------------------------------

    async def create(self, request: Request) -> Response:
        """201 for a new resource; 200 or 412 by ``If-None-Exist``, where this installation heeds it."""
        self._office.need(request, self.kind, "c")
        resource, body = await read_resource(request, self.kind)
        self._check(resource)
        if found := self._existing(request):
            self._trust.ledger.record(f"{self.kind.lower()}.found", key_of(found), _about(found), body)
            return self._written(request, found, 200)
        return await self._store(request, resource, body)

    async def _store(self, request: Request, resource: Resource, body: bytes) -> Response:
        person = self._trust.register.by_id.get(_about(resource))
        if self.kind != "Flag" or person is None:
            return self._written(request, self._keep(resource, body), 201)
        refuse_write(person)
        kept = stored_instead(self._trust, person, resource)
        if kept is None:
            told = {**resource, "id": "0" * 20, "meta": {"versionId": "1", "lastUpdated": self._trust.now().isoformat()}}
            return self._written(request, told, 201)
        stored = self._keep(kept, body)
        if person.persona == "flag_times_out_after_storing":
            return await never(request)
        told = {**stored, "subject": resource["subject"], "code": resource["code"]}
        return self._written(request, told, 201)

    def _keep(self, resource: Resource, body: bytes) -> Resource:
        stored = self._trust.store.create(resource)
        self._trust.ledger.record(f"{self.kind.lower()}.create", key_of(stored), _about(stored), body)
        return stored

    async def update(self, request: Request) -> Response:
        """200 with the new version; 412 where ``If-Match`` is missing or stale (409 for one persona)."""
        self._office.need(request, self.kind, "u")
        resource_id = request.path_params["id"]
        resource, body = await read_resource(request, self.kind)
        current = self._current_for_update(resource_id)
        if resource.get("id") != resource_id:
            raise Refusal(400, "invalid", "ID_DIFFERS", f"{self.kind}.id")
        self._check(resource)
        self._check_version(request, current)
        self._check_change(current, resource)
        stored = self._trust.store.update(self.kind, resource_id, resource)
        self._trust.ledger.record(f"{self.kind.lower()}.update.{stored['status']}", key_of(stored), _about(stored), body)
        return self._written(request, stored, 200)

    async def delete(self, request: Request) -> Response:
        """204, also when it was deleted before; the history stays."""
        self._office.need(request, self.kind, "d")
        resource_id = request.path_params["id"]
        try:
            current = self._trust.store.read(self.kind, resource_id)
        except Refusal as refusal:
            if refusal.status == 410:
                return Response(status_code=204)
            raise
        if request.headers.get("if-match"):
            self._check_version(request, current)
        self._trust.store.delete(self.kind, resource_id)
        self._trust.ledger.record(f"{self.kind.lower()}.delete", key_of(current), _about(current))
        return Response(status_code=204)

    def _check(self, resource: Resource) -> None:
        check(resource)
        if self.kind == "Flag":
            self._check_flag(resource)

    def _check_flag(self, flag: Resource) -> None:
        if flag["subject"].get("reference", "").partition("/")[0] != "Patient":
            raise Refusal(422, "not-supported", "ONLY_PATIENTS", "Flag.subject")
        if subject_of(flag) not in self._trust.register.by_id:
            raise Refusal(422, "not-found", "NO_SUCH_PATIENT", "Flag.subject")
        if len(flag["code"].get("text", "")) > self._trust.setting("max_flag_text", 250):
            raise Refusal(422, "too-long", "TEXT_TOO_LONG", "Flag.code.text")

    def _existing(self, request: Request) -> Resource | None:
        condition = request.headers.get("if-none-exist")
        if condition is None or not self._trust.setting("conditional_create", True):
            return None
        asked = parse_qsl(condition.removeprefix("?"), keep_blank_values=True)
        if not asked:
            raise Refusal(400, "invalid", "IF_NONE_EXIST_UNREADABLE")
        found = self._found(asked)
        if len(found) > 1:
            raise Refusal(412, "multiple-matches", "SEVERAL_EXIST")
        return found[0] if found else None

    def _current_for_update(self, resource_id: str) -> Resource:
        try:
            return self._trust.store.read(self.kind, resource_id)
        except Refusal as refusal:
            if refusal.status == 404:
                raise Refusal(405, "not-supported", "NO_CREATE_BY_UPDATE") from None
            raise

    def _check_version(self, request: Request, current: Resource) -> None:
        expected = expected_version(request)
        if expected is None:
            raise Refusal(412, "conflict", "IF_MATCH_REQUIRED")
        person = self._trust.register.by_id.get(_about(current))
        persona = person.persona if person else None
        if persona in ("edited_in_between", "conflict_says_409") and self._mishaps.first_time("edit", current["id"]):
            current = self._trust.store.update(self.kind, current["id"], current)
        if expected != current["meta"]["versionId"]:
            raise Refusal(409 if persona == "conflict_says_409" else 412, "conflict", "STALE_VERSION")

    def _check_change(self, current: Resource, resource: Resource) -> None:
        if self.kind == "Flag" and subject_of(current) != subject_of(resource):
            raise Refusal(422, "business-rule", "SUBJECT_CHANGED", "Flag.subject")
        if self.kind == "Task" and current["status"] in FINISHED and current["status"] != resource["status"]:
            raise Refusal(422, "business-rule", "TASK_IS_FINISHED", "Task.status")

    def _written(self, request: Request, resource: Resource, status: int) -> Response:
        place = f"{self._trust.base}/{self.kind}/{resource['id']}/_history/{resource['meta']['versionId']}"
        headers = version_headers(resource) | ({"Location": place} if status == 201 else {})
        minimal = "return=minimal" in request.headers.get("prefer", "")
        return reply(None if minimal else resource, status, headers)

    # --- reading -------------------------------------------------------------------------------------------------------

    async def read(self, request: Request) -> Response:
        """The current version; 404 never existed (or not for this caller), 410 deleted."""
        caller = self._office.need(request, self.kind, "r")
        resource = self._trust.store.read(self.kind, request.path_params["id"])
        self._let_through(caller, resource)
        return reply(resource, headers=version_headers(resource))

    async def read_version(self, request: Request) -> Response:
        """One version."""
        caller = self._office.need(request, self.kind, "r")
        resource = self._trust.store.version(self.kind, request.path_params["id"], request.path_params["version"])
        self._let_through(caller, resource)
        return reply(resource, headers=version_headers(resource))

    async def history(self, request: Request) -> Response:
        """All versions, newest first."""
        caller = self._office.need(request, self.kind, "r")
        versions, deleted_at = self._trust.store.versions(self.kind, request.path_params["id"])
        self._let_through(caller, versions[-1])
        entries = [self._history_entry(version) for version in reversed(versions)]
        if deleted_at:
            place = f"{self.kind}/{versions[-1]['id']}"
            response = {"status": "204", "lastModified": deleted_at}
            entries.insert(0, {"fullUrl": f"{self._trust.base}/{place}", "request": {"method": "DELETE", "url": place}, "response": response})
        return reply({"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries})

    async def history_of_all(self, request: Request) -> Response:
        """All versions of all that the caller may see, newest first; of one patient where ``patient`` says so."""
        caller = self._office.need(request, self.kind, "s")
        asked = dict(await read_parameters(request))
        if not set(asked) <= {"patient", "_count", "_format"}:
            raise Refusal(400, "not-supported", "UNKNOWN_PARAMETER")
        patient = asked.get("patient", "").removeprefix("Patient/")
        every = [one for one in self._trust.store.every_version(self.kind) if patient in ("", _about(one))]
        filtered = Leak.HISTORY not in self._trust.leaks
        shown = [one for one in every if self._visible(caller, one) or (not filtered and caller.id == _about(one))]
        shown.sort(key=lambda one: one["meta"]["lastUpdated"], reverse=True)
        return reply({"resourceType": "Bundle", "type": "history", "total": len(shown), "entry": [self._history_entry(one) for one in shown]})

    def _history_entry(self, version: Resource) -> Resource:
        number, place = version["meta"]["versionId"], f"{self.kind}/{version['id']}"
        first = number == "1"
        return {
            "fullUrl": f"{self._trust.base}/{place}", "resource": version,
            "request": {"method": "POST" if first else "PUT", "url": self.kind if first else place},
            "response": {"status": "201" if first else "200", "etag": f'W/"{number}"', "lastModified": version["meta"]["lastUpdated"]},
        }  # fmt: skip

    async def search(self, request: Request) -> Response:
        """A searchset of what the caller may see, with what they may not left out before it is counted."""
        caller = self._office.need(request, self.kind, "s")
        asked = await read_parameters(request)
        controls = {name: value for name, value in asked if name in _CONTROLS}
        if page := controls.get("_page"):
            return reply(self._pages.next(self._trust.base, caller, self.kind, page))
        every = [resource for resource in self._found(asked) if caller.kind in ("system", "staff") or caller.id in _compartment(resource)]
        found = [resource for resource in every if self._visible(caller, resource)]
        _sort(found, controls.get("_sort", ""))
        base = self._trust.base
        told = self._pages.first(base, caller, self.kind, self._leaked(found, every, controls), lambda one: [entry(base, one)], controls)
        if Leak.COUNT_BEFORE_FILTER in self._trust.leaks and controls.get("_summary") != "count":
            told["total"] = len(every)
        return reply(told)

    def _leaked(self, found: list[Resource], every: list[Resource], controls: dict[str, str]) -> list[Resource]:
        """What is found, with what is hidden behind the first page or in a count, where that leak is on."""
        paged = Leak.PAGING_UNFILTERED in self._trust.leaks and len(found) >= int(controls.get("_count", "20")) > 0
        counted = Leak.SUMMARY_COUNT in self._trust.leaks and controls.get("_summary") == "count"
        return [*found, *(one for one in every if one not in found)] if paged or counted else found

    def _found(self, asked: list[tuple[str, str]]) -> list[Resource]:
        criteria = [(name, value) for name, value in asked if name not in _CONTROLS]
        tests = [criterion(self.kind, name, value) for name, value in criteria]
        token = next((value for name, value in criteria if name == "identifier"), None)
        start = self._trust.store.identified(self.kind, token) if token and "," not in token else self._trust.store.current(self.kind)
        return [resource for resource in start if all(test(resource) for test in tests)]

    def _let_through(self, caller: Caller, resource: Resource) -> None:
        if not self._visible(caller, resource):
            raise Refusal(404, "not-found", "NOT_FOUND")

    @staticmethod
    def _visible(caller: Caller, resource: Resource) -> bool:
        """Systems and staff see all; a patient what stands in their own compartment and is not labelled as hidden from them."""
        if caller.kind in ("system", "staff"):
            return True
        return caller.id in _compartment(resource) and not is_labelled_hidden(resource)


def key_of(resource: Resource) -> str:
    """What the client calls the resource: the value of its first identifier, or nothing."""
    return str(next((identifier.get("value", "") for identifier in resource.get("identifier", ())), ""))


def _about(resource: Resource) -> str:
    return next(iter(_compartment(resource)), "")


def _compartment(resource: Resource) -> list[str]:
    references = [resource.get(name, {}).get("reference", "") for name in ("subject", "for", "focus")]
    return [reference.removeprefix("Patient/") for reference in references if reference.startswith("Patient/")]


def _sort(found: list[Resource], wanted: str) -> None:
    if not wanted:
        return
    name = wanted.removeprefix("-")
    if name not in ("_lastUpdated", "authored-on", "modified"):
        raise Refusal(400, "not-supported", "UNKNOWN_SORT")
    element = {"authored-on": "authoredOn", "modified": "lastModified"}.get(name)
    found.sort(key=lambda one: one.get(element, "") if element else one["meta"]["lastUpdated"], reverse=wanted.startswith("-"))
