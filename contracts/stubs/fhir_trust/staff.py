"""What the trust's own people do: open a chart, work through tasks, edit what should not be edited."""

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contracts.stubs.fhir_trust.oauth import TokenOffice
from contracts.stubs.fhir_trust.records import FINISHED, key_of
from contracts.stubs.fhir_trust.trust import Trust
from contracts.stubs.fhir_trust.views import views
from contracts.stubs.fhir_trust.wire import Refusal, Resource, reply, version_headers
from contracts.stubs.people import AgencyPerson
from contracts.stubs.rest.notices import Notices, new_delivery_id

_ENDS = {
    "completed": ("completed", None),
    "not_possible": ("cancelled", "circumstances-changed"),
    "not_done": ("failed", "not-done"),
}
"""How a person's answer stands on the Task: status, and statusReason code."""


class StaffDesk:
    """Endpoints that only a staff token opens, and the test control that gives out tokens."""

    def __init__(self, trust: Trust, office: TokenOffice, notices: Notices) -> None:
        self._trust, self._office, self._notices = trust, office, notices
        self.outcomes = f"https://{trust.agency.id}.example/fhir/CodeSystem/work-outcome"

    def routes(self) -> list[Route]:
        """Staff endpoints and ``POST /__staff/sign-in``."""
        return [
            Route("/staff/patients/{id}", self.chart, methods=["GET"]),
            Route("/staff/patients/{id}/telephone", self.change_telephone, methods=["POST"]),
            Route("/staff/tasks", self.worklist, methods=["GET"]),
            Route("/staff/tasks/{id}/accept", self.accept, methods=["POST"]),
            Route("/staff/tasks/{id}/complete", self.complete, methods=["POST"]),
            Route("/staff/flags/{id}/edit", self.edit_flag, methods=["POST"]),
            Route("/__staff/work-items", self.all_tasks, methods=["GET"]),
            Route("/__staff/work-items/{id}/{deed}", self.do_task, methods=["POST"]),
            Route("/__staff/record", self.change_record, methods=["POST"]),
            Route("/__staff/sign-in", self.sign_in, methods=["POST"]),
            Route("/__staff/notices", self.send_notices_to, methods=["PUT"]),
            Route("/__staff/leaks", self.set_leaks, methods=["PUT"]),
            Route("/__staff/forget-tokens", self.expire_tokens, methods=["POST"]),
        ]

    async def change_record(self, request: Request) -> Response:
        """Test control: ``{"id": a patient's}`` with ``practice``, ``family``, ``proxy`` (another patient's id), ``merged_into`` (another
        patient's id) or ``split`` (true): what the trust's people change on a record under an alert."""
        told = await request.json()
        self._trust.change_record(self._trust.register.by_id[told["id"]], told)
        return JSONResponse({"changed": True})

    async def sign_in(self, request: Request) -> Response:
        """Test control: ``{"as": "staff"|"patient"|"proxy", "id": patient id}`` gives a token of that person."""
        told = await request.json()
        kind = told["as"]
        scopes = {"staff": ("staff/*.cruds",), "patient": ("patient/*.rs",), "proxy": ("patient/SubjectView.r",)}[kind]
        return JSONResponse({"access_token": self._office.issue(kind, told.get("id", "staff"), scopes, 3600)})

    async def all_tasks(self, _request: Request) -> Response:
        """Control, the same at every agency of the demonstration: all work that came by the interface."""
        told = [{"reference": key_of(task), "status": task["status"], "text": task.get("description", "")} for task in self._tasks()]
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def do_task(self, request: Request) -> Response:
        """Control, the same at every agency: ``accept``, or ``finish`` with ``{"code", "detail", "finishedBy"}``.

        The task is named by its identifier's value; codes are completed, not-possible and not-done.
        """
        wanted = request.path_params["id"]
        task = next((task for task in self._tasks() if wanted in (key_of(task), task["id"])), None)
        if task is None:
            raise Refusal(404, "not-found", "NOT_FOUND")
        if request.path_params["deed"] == "accept":
            return self._changed({**task, "status": "accepted", "lastModified": self._second()}, "task.accept")
        told = await request.json()
        answer = {"outcome": told["code"].replace("-", "_"), "detail": told.get("detail", ""), "by": told.get("finishedBy", "Duty desk")}
        return self._changed(self._finished(task, answer), "task.complete")

    def _tasks(self) -> list[Resource]:
        return list(self._trust.store.current("Task"))

    async def send_notices_to(self, request: Request) -> Response:
        """Test control: ``{"url": where}``."""
        self._notices.url = (await request.json())["url"]
        return JSONResponse({"changed": True})

    async def set_leaks(self, request: Request) -> Response:
        """Test control: ``{"outputs": [names of views]}`` from now on show what is labelled as hidden, or ``{"leaks": [names of leaks]}``
        are switched on; no others."""
        told = await request.json()
        wanted = {*told.get("outputs", ()), *told.get("leaks", ())}
        if not wanted <= {view.name for view in views()} | set(self._trust.leaks.known):
            return JSONResponse({"changed": False}, 422)
        self._trust.leaks.clear()
        self._trust.leaks.update(wanted)
        return JSONResponse({"changed": True})

    async def expire_tokens(self, _request: Request) -> Response:
        """Test control: every token ends now, as when the trust restarts its authorisation server."""
        self._office.revoke_all()
        return JSONResponse({"forgotten": True})

    async def chart(self, request: Request) -> Response:
        """The record as staff see it, with every active alert; the patient's access log gets a line."""
        person = self._person(request)
        opened = {"on": self._trust.now().date().isoformat(), "organisation": self._trust.agency.name, "role": "Clinician"}
        self._trust.openings.setdefault(person.local_id, []).append(opened)
        alerts = [flag for flag in self._trust.flags(person.local_id) if flag["status"] == "active"]
        return JSONResponse({"patient": self._trust.patient(person), "alerts": alerts}, headers={"Cache-Control": "no-store"})

    async def change_telephone(self, request: Request) -> Response:
        """Sends an ADT^A31 to the feed's subscribers and a notice to the patient, as any change of the record does."""
        person = self._person(request)
        number = str((await request.json())["telephone"])
        self._trust.change_telephone(person, number)
        return Response(status_code=204)

    async def worklist(self, request: Request) -> Response:
        """Tasks nobody has finished."""
        self._staff(request)
        open_tasks = [task for task in self._trust.store.current("Task") if task["status"] not in FINISHED]
        return JSONResponse({"tasks": open_tasks}, headers={"Cache-Control": "no-store"})

    async def accept(self, request: Request) -> Response:
        """Somebody takes the task."""
        task = self._open_task(request)
        return self._changed({**task, "status": "accepted", "lastModified": self._second()}, "task.accept")

    async def complete(self, request: Request) -> Response:
        """``{"outcome": "completed"|"not_possible"|"not_done", "detail": text, "by": who}``; 422 where it is finished already.

        A signed notice follows where an address was agreed.
        """
        task, told = self._open_task(request), await request.json()
        if told.get("outcome") not in _ENDS or not str(told.get("detail", "")).strip() or not told.get("by"):
            raise Refusal(422, "required", "OUTCOME_DETAIL_AND_NAME_NEEDED")
        return self._changed(self._finished(task, told), "task.complete")

    def _second(self) -> str:
        return self._trust.now().isoformat(timespec="seconds")

    def _tell(self, task: Resource) -> None:
        event = "task.finished" if task["status"] in FINISHED else "task.accepted"
        self._notices.tell(task["id"], {"deliveryId": new_delivery_id(), "event": event, "sentAt": self._second(), "task": task})

    def _finished(self, task: Resource, told: dict[str, Any]) -> Resource:
        status, reason = _ENDS[told["outcome"]]
        now = self._second()
        output = [self._output("detail", told["detail"]), self._output("completed-by", told["by"])]
        done = {**task, "status": status, "lastModified": now, "output": [*task.get("output", ()), *output]}
        done["executionPeriod"] = {**task.get("executionPeriod", {}), "end": now}
        return done | ({"statusReason": {"coding": [{"system": self.outcomes, "code": reason}]}} if reason else {})

    def _output(self, code: str, text: str) -> Resource:
        return {"type": {"coding": [{"system": self.outcomes, "code": code}]}, "valueString": text}

    async def edit_flag(self, request: Request) -> Response:
        """``{"text": other words}`` or ``{"patient": another id}``: a person at the trust changes an alert by hand."""
        self._staff(request)
        told, flag = await request.json(), self._trust.store.read("Flag", request.path_params["id"])
        edited = {**flag}
        if "text" in told:
            edited["code"] = {**flag["code"], "text": told["text"]}
        if "patient" in told:
            edited["subject"] = {"reference": f"Patient/{told['patient']}"}
        return self._changed(edited, "flag.edited-by-staff")

    def _changed(self, resource: Resource, what: str) -> Response:
        stored = self._trust.store.update(resource["resourceType"], resource["id"], resource)
        self._trust.ledger.record(what, key_of(stored), "", hashlib.sha256(stored["id"].encode()).digest())
        if stored["resourceType"] == "Task":
            self._tell(stored)
        return reply(stored, headers=version_headers(stored))

    def _open_task(self, request: Request) -> Resource:
        self._staff(request)
        task = self._trust.store.read("Task", request.path_params["id"])
        if task["status"] in FINISHED:
            raise Refusal(422, "business-rule", "TASK_IS_FINISHED")
        return task

    def _person(self, request: Request) -> AgencyPerson:
        self._staff(request)
        person = self._trust.register.by_id.get(request.path_params["id"])
        if person is None:
            raise Refusal(404, "not-found", "NOT_FOUND")
        return person

    def _staff(self, request: Request) -> None:
        if self._office.caller(request).kind != "staff":
            raise Refusal(403, "forbidden", "STAFF_ONLY")
