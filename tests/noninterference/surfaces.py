"""What each observer can see, as bytes: outputs of the agencies' systems, the gateway's pages and interface, its logs and its queue.

A reading is named by observer and surface. Everything that others than an agency's staff get is read after every step, and after every exchange
that wrote something, so that what stood there for a moment only is seen too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import text

from gateway.domain.actors import Actor
from gateway.services import hits
from gateway.web.session import IDLE
from tests.noninterference import users
from tests.noninterference.agencies import alerts
from tests.noninterference.steps import Course
from tests.noninterference.worlds import CALDER, HOMES, POLICE, TRUST

Key = tuple[str, str]
"""Observer and surface."""
Readings = dict[Key, tuple[bytes, ...]]
"""What was seen since the step before: one value, or several in their order where it changed on the way."""

Page = tuple[str, str, str, str, bytes]
"""Observer, account ("" for none), method, path, body."""
_CHANGES_RECORDS = frozenset({"staff-opens", "telephone", "publish", "finish", "staff-flag-edit", "record-merged", "record-parted"})
"""Steps at which an agency's own people change what a patient's program may see."""
AFTER_A_STEP, AT_THE_END = 3, 16
"""How many of the site's pages are read."""
ACTS_AFTER_A_STEP, ACTS_AT_THE_END = 1, 6
"""How much is tried with ids of what is somebody else's."""
DECLARED = "declared"
"""The observer who may know; a difference here shows that the secret was reached."""
OTHERS = "tasks about another table's things"
"""What of an agency's own tasks is of a table at which the reader does not sit: nothing may be."""
_SEEN_BY = {"proxy record": "O3", "proxy-app": "O3", "household letter": "O4", "record transfer": "O6", "demographics feed": "O6", "clinic list": "O6",
            "kiosk": "O6", "arrivals-kiosk": "O6", "feed": "O6", "subject access pack": "O5", "subject-access-pack": "O5", "disclosure-export": "O5",
            "custody-record": "O5"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """Opaque ids that somebody may have seen over a shoulder: both runs are asked for the same."""

    lists: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    remote_flags: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


@dataclass
class Watch:
    """The observers of one run."""

    course: Course
    readings: Readings = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    outputs: dict[str, dict[Key, bytes]] = field(default_factory=dict)
    cookies: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    programs: dict[str, tuple[tuple[str, ...], dict[Key, bytes]]] = field(default_factory=dict)
    day: date | None = None

    def __post_init__(self) -> None:
        self.course.town.after_exchange = self._exchanged
        self.actors: dict[str, Actor] = {"operator": users.OPERATOR, **users.outsiders(self.course.world)}
        self.tokens.update((name, self.course.house.token_of(actor)) for name, actor in self.actors.items())

    def _signed_in(self, user: str) -> str:
        """The cookie of somebody who signed in a moment ago: between most steps more time passes than a session lasts."""
        now = self.course.house.chance.now
        cookie, since = self.cookies.get(user, ("", now))
        if not cookie or now - since > IDLE / 2:
            world = self.course.world
            perpetrator = world.resident(world.secret.people[1][1])
            shown = f"{perpetrator.given} {perpetrator.family}" if user == world.party else user
            cookie = self.course.house.cookie_of(self.actors[user], shown)
            self.cookies[user] = cookie, now
        return cookie

    # ----------------------------------------------------------------------------------------------------- what is read

    async def after(self, step_label: str, known: Known, last: bool) -> Readings:
        """Every output of every agency, and the pages whose turn it is, as they are after a step."""
        day, self.day = self.day, self.course.house.chance.now.date()
        by_hand = last or step_label.split(" ")[1] in _CHANGES_RECORDS or day != self.day  # of a child of sixteen a parent sees no more
        for agency in self.course.world.holdings:
            if by_hand or agency in self.touched or agency not in self.outputs:
                self._outputs(agency)
            else:  # nobody asked it anything, its own people did nothing, and it is the same day
                self._again(self.outputs[agency])
        for agency in self.course.town.trusts:
            await self._patients(agency, known, anew=by_hand or agency in self.written)
        pages = self._turn(step_label, list(self._pages(known)), AT_THE_END if last else AFTER_A_STEP)
        acts = self._turn(f"acts {step_label}", list(self._acts(known)), ACTS_AT_THE_END if last else ACTS_AFTER_A_STEP)
        always = [(self._called("s-shared"), "s-shared", "GET", "/api/v1/tasks", b"")] if last and "s-shared" in self.actors else []
        for observer, user, method, path, body in (*pages, *acts, *always):
            await self._page(observer, user, method, path, body)
        self._note("O9 operator", "log", self.course.house.log.take())
        for number, payload in enumerate(self.course.house.rung()):
            self._note("O9 operator", f"queue server {number}", payload)
        for name, said in self.course.said.items():
            self._note("O7 s-coordinator", name, said)
        self._note(DECLARED, "agencies", self.course.town.staff_view())
        if last:
            self._note(DECLARED, "report", self._reported())
        found, self.readings = self.readings, {}
        self.written.clear()
        self.touched.clear()
        return found

    def _turn(self, label: str, pages: list[Page], count: int) -> list[Page]:
        """Pages take turns: a few after every step and more at the end, drawn by the world and the step, the same in both runs."""
        return random.Random(f"{self.course.world.seed} {label}").sample(pages, min(count, len(pages)))

    def _again(self, readings: dict[Key, bytes]) -> None:
        for key, value in readings.items():
            self._note(*key, value)

    def _exchanged(self, agency: str, write: bool) -> None:
        self.touched.add(agency)
        if write:
            self.written.add(agency)
            self._outputs(agency)

    def _outputs(self, agency: str) -> None:
        found = self.outputs[agency] = {}
        for name, look in self.course.town.looks(agency):
            view = name.rpartition(" ")[0]
            found[f"{_SEEN_BY.get(view.split(' ')[0] if view.startswith('feed') else view, 'O2')} at {agency}", name] = look()
        self._again(found)

    def _note(self, observer: str, surface: str, value: bytes) -> None:
        key = (observer, surface)
        before = self.readings.get(key)
        if before is None:
            self.readings[key] = (value,)
        elif before[-1] != value:
            self.readings[key] = (*before, value)

    # ------------------------------------------------------------------------------------------ a patient's own program

    async def _patients(self, agency: str, known: Known, *, anew: bool) -> None:
        """Everything that a patient's token reaches, of the two people of the case. What nothing was written to is as it was."""
        if not anew and agency in self.programs and self.programs[agency][0] == known.remote_flags:
            self._again(self.programs[agency][1])
            return
        found: dict[Key, bytes] = {}
        self.programs[agency] = (known.remote_flags, found)
        parties = [id_ for _, id_ in self.course.world.secret.people[:2]]
        for person in self.course.world.holdings[agency]:
            if person.resident_id in parties:
                for path in _reached_by(person.local_id, known):
                    heard = await self.course.town.ask(agency, "GET", path, {"authorization": f"Bearer {self.course.town.tokens[agency, person.local_id]}"})
                    found[f"O2 at {agency}", f"own program {path} {person.local_id}"] = heard.as_bytes()
        self._again(found)

    # -------------------------------------------------------------------------------------------------------- the site

    def _pages(self, known: Known) -> Iterator[Page]:
        for path in ("/", "/sign-out", "/lists", "/static/style.css", "/favicon.ico", "/api/v1/openapi.json", "/api/v1/case-lists", "/api/v1/nothing"):
            yield "O1 anyone", "", "GET", path, b""
        for path in (*[f"/lists/{one}" for one in known.lists], *[f"/api/v1/case-lists/{one}/report" for one in known.lists]):
            yield "O1 anyone", "", "GET", path, b""
        yield "O1 anyone", "", "POST", f"/api/v1/callbacks/{TRUST}", b"{}"
        for user, actor in self.actors.items():
            observer = self._called(user)
            for path in (*_MENU, *self._own(actor), *_foreign(known)):
                yield observer, user, "GET", path, b""
            yield observer, user, "POST", "/api/v1/alerts", _proposal(known, actor)
            yield observer, user, "POST", "/api/v1/alerts?wrong", b'{"subject_id": "echo-of-what-was-sent", "agency": "echo-of-what-was-sent"}'
            if self.course.south:
                yield observer, user, "POST", f"/lists/{self.course.south}/export", b"csrf=form-%b" % actor.user_id.encode()
            for thing in (*known.lists, *known.subjects, *known.flags) or ("none",):
                yield observer, user, "POST", "/audit", b"csrf=form-%b&thing=%b" % (actor.user_id.encode(), thing.encode())
                yield observer, user, "POST", "/api/v1/audit/search", json.dumps({"about": thing}).encode()

    def _acts(self, known: Known) -> Iterator[Page]:
        """What outsiders try with ids of things of the case. The operator is left out, who may do some of it."""
        for user, actor in self.actors.items():
            if user == "operator":
                continue
            for method, path, given in _tried(known):
                form = b"&".join((b"csrf=form-%b" % actor.user_id.encode(), *(f"{k}={v}".encode() for k, v in given.items()))) if given else b""
                body = json.dumps(given).encode() if given and path.startswith("/api/") else form
                yield self._called(user), user, method, path, body

    def _called(self, user: str) -> str:
        return "O9 operator" if user == "operator" else f"O8 {user}" if user == self.course.world.party else f"O7 {user}"

    def _own(self, actor: Actor) -> Iterator[str]:
        """Pages of the other Marac's own list."""
        list_id = self.course.south
        if list_id is not None and "southmoor" in actor.marac_ids:
            yield from (f"/lists/{list_id}", f"/lists/{list_id}/alerts", f"/lists/{list_id}/actions", f"/lists/{list_id}/review", f"/lists/{list_id}/progress")
            yield from (f"/api/v1/case-lists/{list_id}/{part}" for part in ("report", "problems", "possible-matches", "alerts", "actions"))

    async def _page(self, observer: str, user: str, method: str, path: str, body: bytes) -> None:
        headers = {}
        if path.startswith("/api/") and user:
            headers = {"authorization": f"Bearer {self.tokens[user]}"}
        elif user:
            headers = {"cookie": f"session={self._signed_in(user)}"}
        if method == "POST":
            headers |= {"content-type": "application/json" if "/api/" in path else "application/x-www-form-urlencoded"}
            headers |= {"idempotency-key": "the same each time"} if path.startswith("/api/v1/") else {}
        heard = await self.course.house.look(method, path, headers, body)
        if user and method == "GET" and path != "/" and heard.status == 303:
            raise LookupError(f"{user} was not signed in for {path}: nothing was looked at")
        self._note(observer, f"{method} {path}", heard.as_bytes())
        if user == "s-shared" and path == "/api/v1/tasks" and heard.status == 200:
            self._note(observer, OTHERS, self._of_the_north([str(task["about"]) for task in json.loads(heard.body)]))

    def _of_the_north(self, about: list[str]) -> bytes:
        """Those of the ids that are of the other table's list."""
        with self.course.house.gateway.engine.connect() as connection:
            return b" ".join(one.encode() for one in connection.execute(_NORTHERN, {"about": about}).scalars())

    # --------------------------------------------------------------------------------------------------- who may know

    def _reported(self) -> bytes:
        list_id = self.course.north
        if list_id is None:
            return b""
        with self.course.house.gateway.engine.connect() as connection, self.course.house.gateway.work_on(connection) as work:
            case_list = work.case_lists.get(list_id)
            report = hits.whole_report(work, case_list, work.lookups.of_list(case_list.id))
            flags = [(str(f.subject_id), f.state.value, f.role.value) for f in work.flags.of_list(list_id)]
            done = [(a.reference, a.state.value) for a in work.actions.of_list(list_id)]
            notes = [case.notes for case in case_list.cases]
        return json.dumps([hits.rows(report), sorted(flags), sorted(done), notes], default=str).encode()

    def known(self) -> Known:
        """The ids that are about by now."""
        list_id = self.course.north
        if list_id is None:
            return Known()
        with self.course.house.gateway.engine.connect() as connection:
            found = connection.execute(_IDS, {"subjects": list(self.course.subject_ids)}).one()
        flags, lookups, actions, tasks = (() if id_ is None else (str(id_),) for id_ in found)
        trust = self.course.town.trusts.get(TRUST)
        remote = [flag["id"] for flag in alerts(trust)] if trust else []
        return Known((str(list_id),), self.course.subject_ids[:1], flags, (), tuple(remote[-1:]), lookups, actions, tasks)


_IDS = text("""
    SELECT (SELECT id FROM flags WHERE subject_id = ANY(s.ids) ORDER BY id LIMIT 1),
           (SELECT id FROM lookups WHERE subject_id = ANY(s.ids) ORDER BY id LIMIT 1),
           (SELECT a.id FROM actions a JOIN subjects p ON p.case_id = a.case_id WHERE p.id = ANY(s.ids) ORDER BY a.id LIMIT 1),
           (SELECT t.id FROM person_tasks t JOIN lookups k ON t.about = k.id::text WHERE k.subject_id = ANY(s.ids) ORDER BY t.id LIMIT 1)
    FROM (SELECT CAST(:subjects AS uuid[]) AS ids) s
""")
_NORTHERN = text("""
    SELECT x.id::text FROM (
        SELECT id, list_id FROM subjects UNION ALL SELECT k.id, s.list_id FROM lookups k JOIN subjects s ON s.id = k.subject_id
        UNION ALL SELECT f.id, s.list_id FROM flags f JOIN subjects s ON s.id = f.subject_id
        UNION ALL SELECT a.id, c.list_id FROM actions a JOIN cases c ON c.id = a.case_id
    ) x JOIN case_lists l ON l.id = x.list_id WHERE l.marac_id = 'northmoor' AND x.id::text = ANY(:about) ORDER BY 1
""")
_MENU = ("/", "/lists", "/tasks", "/queue", "/reconciliation", "/audit", "/api/v1/case-lists", "/api/v1/tasks", "/api/v1/queue",
         "/api/v1/queue/dead-letters", "/api/v1/reconciliation", "/api/v1/audit/none", "/writing", "/models", "/help", "/lists/template.csv",
         "/api/v1/writing/systems", "/api/v1/writing/stops", "/api/v1/case-lists/template?kind=csv")  # fmt: skip


def _foreign(known: Known) -> Iterator[str]:
    """Addresses of what is not theirs."""
    for one in known.lists:
        yield from (f"/lists/{one}", f"/lists/{one}/alerts", f"/api/v1/case-lists/{one}/report", f"/api/v1/case-lists/{one}/actions")
    yield from (f"/api/v1/alerts/{one}" for one in known.flags)


def _tried(known: Known) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Method, address and what is sent: everything that could be done to things of the case."""
    done, seen = {"version": 1, "receipt": "done", "done": "true"}, {"content_hash": "0" * 64, "version": 1}
    for one in known.lists:
        for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
            yield from ((method, address, {}) for address in (f"/lists/{one}", f"/api/v1/case-lists/{one}/report"))
        yield "GET", f"/lists/{one}/progress", {}
        yield "GET", f"/lists/{one}/review", {}
        yield "POST", f"/lists/{one}/close", {"case_number": "NM-77"}
        yield "POST", f"/api/v1/case-lists/{one}/cases/close", {"case_number": "NM-77"}
        yield "POST", f"/api/v1/case-lists/{one}/ask-missing", {}
        yield from (("GET", f"/lists/{one}/alerts/{flag}", {}) for flag in known.flags)
        yield from (("POST", f"/lists/{one}/alerts/{flag}/approval", seen) for flag in known.flags)
    for one in known.flags:
        yield "GET", f"/api/v1/alerts/{one}/recall", {}
        yield from (("POST", f"/api/v1/alerts/{one}/{act}", body) for act, body in (("approval", seen), ("refusal", {"reason": "no", "version": 1}), ("end", {"reason": "no"}), ("recall", {})))
    for one in known.lookups:
        yield "GET", f"/api/v1/look-ups/{one}", {}
        yield "POST", f"/api/v1/look-ups/{one}/ask-again", {}
        yield "POST", f"/api/v1/look-ups/{one}/decision", {"record_id": None, "note": "no", "version": 1}
    yield from (("POST", f"/api/v1/actions/{one}/completion", {"outcome": "completed", "detail": "done", "version": 1}) for one in known.actions)
    yield from (("POST", f"/api/v1/people/{one}/recall", {}) for one in known.subjects)
    for one in known.tasks:
        yield "POST", f"/tasks/{one}", done
        yield "POST", f"/api/v1/tasks/{one}/receipt", {"receipt": "done", "version": 1}


def _proposal(known: Known, actor: Actor) -> bytes:
    subject = (known.subjects or ("00000000-0000-4000-8000-000000000000",))[0]
    return json.dumps({"subject_id": subject, "agency": actor.agency_id or TRUST}).encode()


def _reached_by(patient: str, known: Known) -> Sequence[str]:
    """The addresses of the FHIR service that a patient would try."""
    return (
        f"/Patient/{patient}", f"/Patient?_id={patient}", f"/Patient/{patient}/$everything", f"/Patient?_id={patient}&_revinclude=Flag:patient",
        f"/Patient?_id={patient}&_revinclude=Task:patient", f"/Patient?_id={patient}&_summary=count", "/Patient?birthdate=ge1900", f"/Patient/{patient}/_history",
        "/Patient?_has:Flag:patient:status=active", f"/Flag?patient={patient}", f"/Flag?patient={patient}&_summary=count", f"/Flag?patient={patient}&_count=1",
        f"/Task?patient={patient}", f"/Task?patient={patient}&_summary=count", f"/EpisodeOfCare?patient={patient}", f"/Flag/_history?patient={patient}", f"/Task/_history?patient={patient}", "/AuditEvent", "/Provenance", "/Subscription",
        "/$graphql", "/$export", "/metadata",
        *(address for one in known.remote_flags for address in (f"/Flag/{one}", f"/Flag/{one}/_history", f"/Flag/{one}/_history/1", f"/Flag?_id={one}")),
    )  # fmt: skip


__all__ = ["CALDER", "DECLARED", "HOMES", "POLICE", "Key", "Known", "Readings", "Watch"]
