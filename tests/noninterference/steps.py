"""What happens at each step: what the Marac's people do with the secret, what others do about nothing, what machines do by themselves.

Each is done through the use cases, as pages and commands do it; whoever is refused goes on.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from contracts.stubs.people import Resident
from gateway.domain.actors import Actor
from gateway.domain.case_list import Address, BirthDate, Person, PersonName, Phone, Role
from gateway.domain.case_list_reading import ParsedCase, ParsedList, ParsedPerson
from gateway.domain.errors import GatewayError
from gateway.domain.flags import LIVE_FLAG_STATES, FlagState
from gateway.domain.identifiers import AgencyId, CaseListId, MaracId, NhsNumber, SubjectId
from gateway.domain.lookup import Lookup, LookupOutcome
from gateway.domain.tasks import TaskKind
from gateway.services import actions, closing, flagging, hits, intake, lookups, reconcile, tasks
from gateway.services.actions import NewAction
from gateway.services.intake import ListReceipt
from gateway.store.unit_of_work import SqlWork
from gateway.worker.jobs import jobs_of, run_due
from tests.noninterference import users
from tests.noninterference.agencies import Town, alerts
from tests.noninterference.house import House
from tests.noninterference.worlds import CALDER, HOMES, NORTH, POLICE, SOUTH, SOUTH_TRUST, TRUST, Listed, Secret, Step, World

T = TypeVar("T")
MEETING = timedelta(days=16)
ROLES = {role.value: role for role in Role}
PLACE_BY_HAND = "Placed where only staff see it."


@dataclass
class Course:
    """One run of a world under one secret. ``said`` is what people were told at the last step who sent something in themselves; ``subject_ids`` are the
    entries of the secret case, ``edited`` the alerts that an agency's own staff changed by hand."""

    house: House
    town: Town
    world: World
    secret: Secret
    north: CaseListId | None = None
    south: CaseListId | None = None
    said: dict[str, bytes] = field(default_factory=dict)
    subject_ids: tuple[str, ...] = ()
    edited: set[str] = field(default_factory=set)

    async def take(self, step: Step) -> None:
        """One step."""
        self.said.clear()
        await _STEPS[step.kind](self, step)

    # -------------------------------------------------------------------------------------------------------- the lists

    def listed(self) -> list[Listed]:
        """The cases of the Marac, with the secret one where there is one."""
        return [*self.world.public, *([self._secret_case()] if self.secret.listed else [])]

    def _secret_case(self) -> Listed:
        people = list(self.world.secret.people)
        if self.secret.linked == "y":
            people[1] = ("perpetrator", self.world.other)
        if self.secret.swapped:
            people[0], people[1] = ("victim", people[1][1]), ("perpetrator", people[0][1])
        return Listed(self.world.secret.number, tuple(people))

    def parsed(self, cases: list[Listed], issue: int = 1) -> ParsedList:
        """The list as reading a file gives it."""
        rows = iter(range(2, 500))
        told = [
            ParsedCase(
                case.number, tuple(ParsedPerson(ROLES[role], self._person(case, id_, issue), next(rows)) for role, id_ in case.people), 2,
                notes=self.secret.notes if case.number == self.world.secret.number else f"public {issue}",
            )
            for case in cases
        ]  # fmt: skip
        return ParsedList(None, tuple(told))

    def _person(self, case: Listed, id_: str, issue: int) -> Person:
        who = self.world.resident(id_)
        secret = case.number == self.world.secret.number
        described = self.secret.described if secret and id_ == case.people[1][1] else "exactly"
        return Person(
            names=(PersonName(who.family, who.given),), birth_dates=_birth_dates(who, described), nhs_number=NhsNumber(who.nhs_number) if described == "exactly" else None,
            addresses=(Address((who.address.lines[0] if issue == 1 else "9 Elsewhere Row",), who.address.postcode),), phones=(Phone(who.phone, None, "after six"),),
        )  # fmt: skip

    def meeting(self) -> date:
        """The day of the meeting."""
        return (self.house.chance.now + MEETING).date()

    def receive(self, actor: Actor, marac: str, parsed: ParsedList, day: date) -> ListReceipt | None:
        """Hands a list in."""
        return self.attempt(lambda work: intake.receive_case_list(work, actor, MaracId(marac), parsed, day))

    def attempt(self, use_case: Callable[[SqlWork], T]) -> T | None:
        """One use case; None where it is refused."""
        try:
            return self.house.do(use_case)
        except GatewayError:
            return None

    # ------------------------------------------------------------------------------------------------------- who knows

    def at_the_table(self, marac: str = NORTH) -> list[str]:
        """Agencies that are asked."""
        agencies = [a for a in self.world.holdings if a != SOUTH_TRUST]
        return agencies if marac == NORTH else [SOUTH_TRUST, *self.world.shared]

    def truly(self, lookup: Lookup, people: Mapping[SubjectId, str]) -> str | None:
        """The offered record that really is the person's."""
        agency = lookup.agency_id
        ids = {p.local_id for p in self.world.holdings.get(agency, ()) if p.resident_id == people.get(lookup.subject_id)}
        return next((g.candidate.record_id for g in lookup.graded if g.candidate.record_id in ids), None)

    def people_of(self, list_id: CaseListId) -> dict[SubjectId, str]:
        """Whom each entry of a list is about (resident ids)."""
        by_number = {r.nhs_number: r.id for r in self.world.residents}
        by_name = {(r.family, r.given): r.id for r in self.world.residents}
        found = self.house.do(lambda work: work.case_lists.get(list_id)).subjects
        return {s.id: by_number.get(str(s.person.nhs_number.value) if s.person.nhs_number else "", by_name.get((s.person.main_name.family, s.person.main_name.given), "")) for s in found}


def _birth_dates(who: Resident, described: str) -> tuple[BirthDate, ...]:
    days = {"exactly": who.birth_date, "wrongly": who.birth_date + timedelta(days=3_700)}
    return (BirthDate.of(days[described]),) if described in days else ()


# ------------------------------------------------------------------------------------------------------- the Marac's side


async def _import(course: Course, step: Step) -> None:
    if cases := course.listed():
        receipt = course.receive(users.COORDINATOR, NORTH, course.parsed(cases), course.meeting())
        course.north = receipt.list_id if receipt else course.north
        course.subject_ids = tuple(sorted(map(str, _secret_subjects(course, course.north)))) if course.north else ()


async def _reissue(course: Course, step: Step) -> None:
    if course.north and (cases := course.listed()):
        course.receive(users.COORDINATOR, NORTH, course.parsed(cases, issue=2), _day_of(course))


def _day_of(course: Course) -> date:
    found = course.north
    assert found is not None
    return course.house.do(lambda work: work.case_lists.get(found)).meeting_date


async def _resend(course: Course, step: Step) -> None:
    if course.north and (cases := course.listed()):
        course.receive(users.COORDINATOR, NORTH, course.parsed(cases), _day_of(course))


async def _partial(course: Course, step: Step) -> None:
    """Part of the list sent as if it were all of it."""
    if course.north and (cases := course.listed()[:-1] or course.listed()):
        course.receive(users.COORDINATOR, NORTH, course.parsed(cases), _day_of(course))


async def _deliver(course: Course, step: Step) -> None:
    await course.house.deliver()


async def _match(course: Course, step: Step) -> None:
    _settle(course, course.north, NORTH)


def _settle(course: Course, list_id: CaseListId | None, marac: str) -> None:
    """Representatives look at what is possible. Of somebody described vaguely they cannot say, and leave it open."""
    if list_id is None:
        return
    people = course.people_of(list_id)
    for agency in course.at_the_table(marac):
        actor = users.representative(agency, marac)
        for match in course.attempt(lambda work, a=actor: hits.possible_matches(work, a, list_id)) or ():
            if course.secret.described == "vaguely" and match.case_number == course.world.secret.number:
                continue
            record = course.truly(match.lookup, people)
            note = f"looked, {course.secret.notes}" if match.case_number == course.world.secret.number else "looked"
            course.attempt(lambda work, a=actor, m=match, r=record, n=note: hits.settle_match(work, a, m.lookup.id, r, n, m.lookup.version))


async def _report(course: Course, step: Step) -> None:
    list_id = course.north
    if list_id is not None:
        course.attempt(lambda work: hits.compile_report(work, users.COORDINATOR, list_id))


async def _propose(course: Course, step: Step) -> None:
    _propose_at(course, course.north, NORTH)


def _propose_at(course: Course, list_id: CaseListId | None, marac: str) -> None:
    if list_id is None:
        return
    for agency in course.at_the_table(marac):
        actor = users.representative(agency, marac)
        for lookup in _known(course, list_id, agency):
            course.house.chance.turn_to(str(lookup.id))
            if lookup.record and lookup.record.open_to_service is None:
                course.attempt(lambda work, a=actor, k=lookup: lookups.record_open_to_service(work, a, k.id, True, "looked", k.version))
            course.attempt(lambda work, a=actor, k=lookup: flagging.propose(work, a, k.subject_id, k.agency_id))
    course.house.chance.turn_to("")


def _known(course: Course, list_id: CaseListId, agency: str) -> list[Lookup]:
    found = course.house.do(lambda work: work.lookups.of_list(list_id))
    return [k for k in found if k.agency_id == agency and k.outcome is LookupOutcome.KNOWN]


async def _approve(course: Course, step: Step) -> None:
    _approve_at(course, course.north, NORTH)


def _approve_at(course: Course, list_id: CaseListId | None, marac: str) -> None:
    if list_id is None:
        return
    secret_ids = _secret_subjects(course, list_id)
    for agency in course.at_the_table(marac):
        first, second = users.representative(agency, marac), users.lead(agency, marac)
        for flag in course.attempt(lambda work, a=second: flagging.of_list(work, a, list_id)) or ():
            if flag.state is not FlagState.PROPOSED:
                continue
            course.house.chance.turn_to(str(flag.subject_id))
            if flag.subject_id in secret_ids and course.secret.decided == "refuse":
                course.attempt(lambda work, s=second, f=flag: flagging.refuse(work, s, f.id, "NOT_NOW", f.version))
                continue
            shown = course.attempt(lambda work, s=second, f=flag: flagging.preview(work, s, f.id))
            if shown and shown.flag:
                course.attempt(lambda work, s=second, f=shown.flag: flagging.approve(work, s, f.id, f.content_hash, f.version))
        for task in course.attempt(lambda work, a=first: tasks.open_tasks(work, a)) or ():
            if task.kind is TaskKind.PLACE_FLAG_BY_HAND:
                course.house.chance.turn_to(str(task.about))
                course.attempt(lambda work, a=first, t=task: flagging.record_receipt(work, a, t.id, PLACE_BY_HAND, True))
    course.house.chance.turn_to("")


def _secret_subjects(course: Course, list_id: CaseListId) -> set[SubjectId]:
    cases = course.house.do(lambda work: work.case_lists.get(list_id)).cases
    return {s.id for case in cases if case.number == course.world.secret.number for s in case.subjects}


async def _assign(course: Course, step: Step) -> None:
    list_id = course.north
    if list_id is None:
        return
    new = [
        NewAction(case.number, AgencyId(agency), f"Ring about {case.number}: {course.secret.notes if case.number == course.world.secret.number else 'as agreed'}", "duty desk")
        for case in course.listed() for agency in course.at_the_table()[:2]
    ]  # fmt: skip
    course.attempt(lambda work: actions.assign(work, users.COORDINATOR, list_id, new, course.house.gateway.holidays))


async def _finish(course: Course, step: Step) -> None:
    """Agencies' people finish what came by the interface; where the secret says so they leave the secret case's."""
    for agency in (TRUST, POLICE, HOMES):
        if agency not in course.town.apps:
            continue
        items = json.loads((await course.town.ask(agency, "GET", "/__staff/work-items")).body)
        for item in items:
            if course.world.secret.number in item["text"] and not course.secret.done:
                continue
            told = {"code": "completed", "detail": "Done as asked.", "finishedBy": "Duty desk"}
            await course.town.ask(agency, "POST", f"/__staff/work-items/{item['reference']}/finish", body=told)


async def _poll(course: Course, step: Step) -> None:
    course.house.do(actions.start_polls)
    await course.house.deliver()
    course.house.time_passes()
    await course.house.deliver()


async def _check(course: Course, step: Step) -> None:
    course.house.do(flagging.start_checks)
    await course.house.deliver()


async def _remove(course: Course, step: Step) -> None:
    list_id = course.north
    if list_id is None or course.secret.decided != "remove":
        return
    ids = _secret_subjects(course, list_id)
    for agency in course.at_the_table():
        actor = users.lead(agency)
        for flag in course.attempt(lambda work, a=actor: flagging.of_list(work, a, list_id)) or ():
            if flag.subject_id in ids and flag.state in LIVE_FLAG_STATES:
                course.attempt(lambda work, a=actor, f=flag: flagging.end(work, a, f.id, "NO_LONGER_NEEDED"))


async def _close(course: Course, step: Step) -> None:
    list_id = course.north
    if list_id is not None:
        for case in course.listed():
            course.attempt(lambda work, c=case: closing.close_case(work, users.COORDINATOR, list_id, c.number))


async def _expire(course: Course, step: Step) -> None:
    """A year on: reviews, expiries, what is forgotten, as the scheduler has it done."""
    with course.house.gateway.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE jobs SET due_at = '1900-01-01'")
    gateway = course.house.gateway
    await course.house.loop.run_in_executor(course.house.aside, run_due, gateway, jobs_of(gateway))  # one of them has a loop of its own
    await course.house.deliver()


async def _reconcile(course: Course, step: Step) -> None:
    course.house.do(reconcile.start)
    await course.house.deliver()
    course.attempt(lambda work: reconcile.compare(work, users.COORDINATOR))


async def _crash(course: Course, step: Step) -> None:
    course.house.crash()


async def _retry(course: Course, step: Step) -> None:
    course.house.time_passes()
    await course.house.deliver()


async def _pause(course: Course, step: Step) -> None:
    """The operator stops one destination, whatever goes there; it is resumed at the next of these."""
    lane = f"{TRUST}/record"
    queue = course.house.gateway.queue

    def act(work: SqlWork) -> None:
        paused = {one.lane for one in queue(work).lanes() if one.paused}
        (queue(work).resume if lane in paused else queue(work).pause)(lane)  # type: ignore[arg-type]

    course.attempt(act)


async def _ask_again(course: Course, step: Step) -> None:
    list_id = course.north
    if list_id is not None:
        found = course.house.do(lambda work: work.lookups.of_list(list_id))
        for lookup in found[:3]:
            course.attempt(lambda work, k=lookup: lookups.ask_again(work, users.COORDINATOR, k.id))
    await course.house.deliver()  # in both runs: what others wait for does not hang on the secret


async def _open(course: Course, step: Step) -> None:
    """Somebody looks at tasks, and closes what only wants a word."""
    for agency in course.at_the_table():
        actor = users.representative(agency)
        for task in course.attempt(lambda work, a=actor: tasks.open_tasks(work, a)) or ():
            course.attempt(lambda work, a=actor, t=task: tasks.close_task(work, a, t.id, "seen", t.version))


# ------------------------------------------------------------------------------------------------------- everybody else


def _somebody(course: Course, agency: str, step: Step) -> str:
    """A record of the agency: of a person of the secret case more often than not."""
    people = course.world.holdings[agency]
    parties = {id_ for _, id_ in course.world.secret.people}
    chosen = [p for p in people if p.resident_id in parties] if step.choice % 10 < 7 else []
    pool = chosen or list(people)
    return pool[step.choice % len(pool)].local_id


async def _staff_opens(course: Course, step: Step) -> None:
    """A nurse opens a chart for a reason of her own; the patient may see that in the access log."""
    if TRUST in course.town.trusts:
        await _as_staff(course, "GET", f"/staff/patients/{_somebody(course, TRUST, step)}")
    if course.town.desk:
        course.town.desk.feeds.open_record(_somebody(course, CALDER, step), "Clinic")


async def _as_staff(course: Course, method: str, path: str, body: object = None) -> bytes:
    token = course.town.offices[TRUST].issue("staff", "staff", ("staff/*.cruds",), 1e9)
    return (await course.town.ask(TRUST, method, path, {"authorization": f"Bearer {token}"}, body)).body


async def _telephone(course: Course, step: Step) -> None:
    if TRUST in course.town.trusts:
        await _as_staff(course, "POST", f"/staff/patients/{_somebody(course, TRUST, step)}/telephone", {"telephone": "07700 900123"})


async def _publish(course: Course, step: Step) -> None:
    if course.town.desk:
        course.town.desk.feeds.publish("A31", _somebody(course, CALDER, step))


async def _staff_flag_edit(course: Course, step: Step) -> None:
    """Somebody of the trust moves an alert of ours to another record, or changes its words."""
    trust = course.town.trusts.get(TRUST)
    flags = sorted((f for f in alerts(trust) if f["status"] == "active"), key=lambda f: str(f["subject"]["reference"])) if trust else []
    if flags:
        course.edited.add(flags[0]["id"])
        told = {"text": "see notes"} if step.choice % 2 else {"patient": _somebody(course, TRUST, step)}
        await _as_staff(course, "POST", f"/staff/flags/{flags[0]['id']}/edit", told)


async def _record_merged(course: Course, step: Step) -> None:
    """Two records turn out to be one person's: the one is from now on replaced by the other."""
    trust = course.town.trusts.get(TRUST)
    if trust and len(trust.agency.people) > 1:
        gone = _somebody(course, TRUST, step)
        kept = next(p.local_id for p in trust.agency.people if p.local_id != gone)
        held = trust._patients
        held[gone] = {**held[gone], "link": [{"other": {"reference": f"Patient/{kept}"}, "type": "replaced-by"}]}


async def _record_parted(course: Course, step: Step) -> None:
    """What was put together is taken apart again."""
    trust = course.town.trusts.get(TRUST)
    if trust:
        await _record_merged(course, step)
        await course.house.deliver()
        course.town.after_exchange(TRUST, True)  # looked at while it stands, in both runs, whether or not anything was sent meanwhile
        for held in trust._patients.values():
            held.pop("link", None)


async def _south_import(course: Course, step: Step) -> None:
    """The other Marac hands in its list; a second time it is told that nothing changed."""
    parsed = course.parsed(list(course.world.southern))
    receipt = course.receive(users.SOUTHERN_COORDINATOR, SOUTH, parsed, date(2031, 3, 20))
    course.south = receipt.list_id if receipt else None
    course.said["receipt"] = repr(receipt).encode()


async def _south_match(course: Course, step: Step) -> None:
    _settle(course, course.south, SOUTH)


async def _south_propose(course: Course, step: Step) -> None:
    _propose_at(course, course.south, SOUTH)
    _approve_at(course, course.south, SOUTH)
    await course.house.deliver()


_STEPS: Mapping[str, Callable[[Course, Step], Awaitable[None]]] = {
    "import": _import, "search": _deliver, "match": _match, "report": _report, "propose": _propose, "approve": _approve, "write": _deliver,
    "assign": _assign, "deliver": _deliver, "finish": _finish, "poll": _poll, "check": _check, "remove": _remove, "close": _close,
    "reissue": _reissue, "resend": _resend, "partial": _partial, "crash": _crash, "retry": _retry, "expire": _expire, "reconcile": _reconcile,
    "pause": _pause, "ask-again": _ask_again, "open": _open, "staff-opens": _staff_opens, "telephone": _telephone, "publish": _publish,
    "staff-flag-edit": _staff_flag_edit, "record-merged": _record_merged, "record-parted": _record_parted, "south-import": _south_import, "south-search": _deliver,
    "south-match": _south_match, "south-propose": _south_propose,
}  # fmt: skip
