"""One whole Marac cycle, step by step, each decision taken as a user of the demonstration would take it."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from gateway.demo.cast import Cast, work_items
from gateway.demo.stage import DEMONSTRATION, Stage
from gateway.demo.teller import Teller
from gateway.demo.truth import differences
from gateway.domain.actions import ACTION_MACHINE, Action, ActionState
from gateway.domain.actors import Actor, UserRole
from gateway.domain.calendar import working_days_before
from gateway.domain.errors import Code, Conflict
from gateway.domain.flags import ALERT_TEXT, Flag, FlagState
from gateway.domain.identifiers import AgencyId, CaseListId, MaracId, SubjectId
from gateway.domain.lookup import Agreement, GradedCandidate, LookupOutcome
from gateway.domain.reports import HitReport
from gateway.domain.tasks import TaskKind
from gateway.policy.identity.explaining import comparisons
from gateway.policy.placement import Verdict
from gateway.presenting import report_csv, report_json, report_states, report_table
from gateway.services import actions, flagging, hits, intake, reconcile, tasks
from gateway.services.actions import NewAction

ANSWERS_LIMIT_S = 60.0
ALERTS_LIMIT_S = 30.0
ACTIONS_LIMIT_S = 30.0

_SETTLED_FLAGS = frozenset({FlagState.PLACED, FlagState.RECORDED, FlagState.WITHDRAWN, FlagState.ENDED, FlagState.REFUSED})
_WRITTEN_BY_US = frozenset({FlagState.PLACED, FlagState.WITHDRAWN})
_CHANGED = "circumstances changed"


class Cycle:
    """Plays on a running stage. Every method is one step; ``report`` is the hit report before anybody decided anything."""

    def __init__(self, stage: Stage, teller: Teller, patience: float = 1.0, script: Path = DEMONSTRATION) -> None:
        """``patience`` lengthens every wait, for those who disturb; ``script`` is the folder with list, truth and actions."""
        self._script = script
        self._stage, self._gateway, self._tell, self._patience = stage, stage.gateway, teller, patience
        self._cast = Cast.read(self._gateway.settings.users)
        self._coordinator = self._cast.one(UserRole.COORDINATOR)
        self._marac: MaracId = next(iter(sorted(self._coordinator.marac_ids)))
        self.list_id: CaseListId | None = None
        self.rows: list[dict[str, str]] = []

    def steps(self, out: Path) -> tuple[Callable[[], None], ...]:
        """The whole, in order."""
        return (
            self.receive, self.wait_for_answers, lambda: self.show(out), self.settle, self.place_alerts, self.wait_for_read_back, self.assign,
            self.complete, self.wait_until_closed, self.reconcile,
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------------- the list

    def lists(self) -> int:
        """How many lists there are already."""
        with self._gateway.transaction() as work:
            return len(work.case_lists.summaries(frozenset({self._marac})))

    def receive(self) -> None:
        """The coordinator sends the list; a second time changes nothing."""
        file = self._script / "case-list.xlsx"
        for again in (False, True):
            parsed = self._gateway.read_case_list(file.read_bytes(), file.suffix)
            with self._gateway.transaction() as work:
                receipt = intake.receive_case_list(work, self._coordinator, self._marac, parsed, self.meeting_day())
            self.list_id = receipt.list_id
            if again:
                self._tell.check(receipt.repeated, "the same list sent again changed nothing", "the same list sent again was taken as new")
            else:
                self._tell.check(bool(receipt.cases), f"case list received: {receipt.cases} cases, {receipt.people} people, meeting on {self.meeting_day():%A %d %B %Y}")

    def meeting_day(self) -> date:
        """As many working days ahead as the demonstration says."""
        ahead = int(tomllib.loads((self._script / "meeting.toml").read_text(encoding="utf-8"))["meeting"]["working_days_ahead"])
        today, holidays = self._gateway.today(), self._gateway.holidays.of("england-wales")
        day = today + timedelta(days=ahead)
        while working_days_before(day, ahead, holidays) < today or day.weekday() > 4 or day in holidays.days:
            day += timedelta(days=1)
        return day

    def wait_for_answers(self) -> None:
        """Every question is answered, or given up with its reason."""
        self._tell.wait("agencies asked about everybody", len(self._lookups()), self._answered, self._patience * ANSWERS_LIMIT_S)

    def _lookups(self) -> Sequence[object]:
        with self._gateway.transaction() as work:
            return work.lookups.states(self._list())

    def _answered(self) -> int:
        with self._gateway.transaction() as work:
            return sum(lookup.reason not in (Code.AWAITED, Code.ASKED_AGAIN) for lookup in work.lookups.states(self._list()))

    # --------------------------------------------------------------------------------------------------------- report

    def show(self, out: Path) -> None:
        """Prints the coordinator's report, writes it as CSV and JSON, and compares it with the truth."""
        report = self._compile()
        self._tell.console.print(report_table(report))
        self._tell.console.print(report_states(report))
        out.mkdir(parents=True, exist_ok=True)
        for name, content in (("hit-report.csv", report_csv(self.rows)), ("hit-report.json", report_json(self.rows))):
            (out / name).write_bytes(content)
        self._tell.step(f"hit report written to {out}")

    def _compile(self) -> HitReport:
        """The report of the coordinator, with every agency's own view of its own cells, held to the truth."""
        report = self._report(self._coordinator)
        self._tell.check(report.complete, f"hit report: {len(report.rows)} people at {len(report.agencies)} agencies, nobody missing", "answers are still awaited")
        self.rows = list(hits.rows(report))
        found = differences(self._script / "truth.csv", self._with_own_records())
        for words in found:
            self._tell.check(False, words)
        if not found:
            self._tell.step(f"hit report agrees with the truth in all {len(self.rows)} cells")
        return report

    def _with_own_records(self) -> list[dict[str, str]]:
        """The coordinator's rows with the record numbers that only each agency's own people see."""
        own = {
            (row["case"], row["role"], row["family_name"], row["given_name"], row["agency"]): row["record"]
            for representative in self._representatives()
            for row in hits.rows(self._report(representative))
            if row["agency"] == representative.agency_id
        }
        return [row | {"record": own.get((row["case"], row["role"], row["family_name"], row["given_name"], row["agency"]), "")} for row in self.rows]

    def _report(self, actor: Actor) -> HitReport:
        with self._gateway.transaction() as work:
            return hits.compile_report(work, actor, self._list())

    def settle(self) -> None:
        """Each agency's representative decides its possible matches."""
        decided: Counter[str] = Counter()
        for representative in self._representatives():
            with self._gateway.transaction() as work:
                found = hits.possible_matches(work, representative, self._list())
                for match in found:
                    record = _judged(match.lookup.offered)
                    note = "compared with the record on screen"
                    hits.settle_match(work, representative, match.lookup.id, record, note, match.lookup.version)
                    decided["the same person" if record else "somebody else"] += 1
        told = ", ".join(f"{count} {words}" for words, count in sorted(decided.items()))
        self._tell.check(bool(decided), f"possible matches settled: {told}", "there was no possible match to settle")

    # --------------------------------------------------------------------------------------------------------- alerts

    def place_alerts(self) -> None:
        """Proposed by one person, approved by another; the words exactly those of the procedure."""
        verdicts: Counter[str] = Counter()
        for representative in self._representatives():
            agency = AgencyId(str(representative.agency_id))
            for subject in self._known_at(representative):
                verdicts[self._propose(representative, self._approver(agency), subject, agency)] += 1
        told = ", ".join(f"{count} {words}" for words, count in sorted(verdicts.items()))
        self._tell.check(bool(verdicts), f"alerts considered: {told}", "nobody was known anywhere")

    def _known_at(self, representative: Actor) -> Iterator[SubjectId]:
        for row in self._report(representative).rows:
            known = any(c.agency_id == representative.agency_id and c.outcome is LookupOutcome.KNOWN for c in row.cells)
            if known and row.role in ALERT_TEXT:
                yield row.subject_id

    def _propose(self, proposer: Actor, approver: Actor, subject: SubjectId, agency: AgencyId) -> str:
        try:
            with self._gateway.transaction() as work:
                preview = flagging.propose(work, proposer, subject, agency)
        except Conflict as conflict:
            return f"not placed ({conflict.code})"
        if preview.flag is None:
            return f"not placed ({preview.placement.reason})"
        with self._gateway.transaction() as work:
            shown = flagging.preview(work, approver, preview.flag.id)
            if shown.flag is None or shown.flag.text != ALERT_TEXT[shown.flag.role]:
                return "with words that are not the procedure's"
            flagging.approve(work, approver, shown.flag.id, shown.flag.content_hash, shown.flag.version)
        return "approved, to be placed" if preview.placement.verdict is Verdict.PLACE else "approved, for the representative's hand"

    def wait_for_read_back(self) -> None:
        """Representatives place by hand what their system cannot take; the rest is read back from the record."""
        for representative in self._representatives():
            self._place_by_hand(representative)
        flags = self._flags()
        self._tell.wait("alerts read back, or receipted", len(flags), lambda: sum(f.state in _SETTLED_FLAGS for f in self._flags()), self._patience * ALERTS_LIMIT_S)
        states = Counter(flag.state.value for flag in self._flags())
        self._tell.step("alerts: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())))
        self._check_placed_once()

    def _place_by_hand(self, representative: Actor) -> None:
        with self._gateway.transaction() as work:
            for task in tasks.open_tasks(work, representative):
                if task.kind is TaskKind.PLACE_FLAG_BY_HAND:
                    flagging.record_receipt(work, representative, task.id, "Placed where only staff see it.", True)

    def _check_placed_once(self) -> None:
        """The stand-ins' ledgers are the witness: every alert that stands was created once, and what was created and does not stand was
        taken away again."""
        flags = {f.identifier: f for f in self._flags() if f.state in _WRITTEN_BY_US}
        made = Counter(_plain(entry["key"]) for entry in self._entries("flag.create"))
        gone = {_plain(entry["key"]) for entry in self._entries("flag.update")}
        taken_back = {identifier for identifier, f in flags.items() if f.state is FlagState.WITHDRAWN}
        right = made.keys() == flags.keys() and set(made.values()) <= {1} and taken_back == gone & taken_back
        self._tell.check(right, f"agencies' ledgers: {len(made)} alerts created, each once", "the agencies' ledgers do not agree with what we hold")
        if taken_back:
            self._tell.step(f"{len(taken_back)} alert taken back: the agency's own views showed that something had changed; a person has the task")

    def _entries(self, what: str) -> list[dict[str, str]]:
        """What the agencies' ledgers say, but for the probes on their own test people."""
        systems = [system for agreement in self._gateway.agreements.all() for system in agreement.systems]
        tested = {person.record_id for system in systems if system.register for person in system.register.canaries.values()}
        entries = [entry for played in self._stage.neighbourhood.played.values() for entry in played.entries(what)]
        return [entry for entry in entries if entry["subject"] not in tested]

    def _flags(self) -> list[Flag]:
        found: list[Flag] = []
        for representative in self._representatives():
            with self._gateway.transaction() as work:
                found += flagging.of_list(work, representative, self._list())
        return found

    # -------------------------------------------------------------------------------------------------------- actions

    def assign(self) -> None:
        """The meeting's actions go to the agencies' own systems."""
        read = self._gateway.read_actions((self._script / "actions.csv").read_bytes())
        new = [NewAction(a.case_number, a.agency_id, a.text, a.owner, a.due_on) for a in read.actions]
        with self._gateway.transaction() as work:
            done = actions.assign(work, self._coordinator, self._list(), new, self._gateway.holidays)
        self._tell.check(len(done) == len(new) > 0, f"{len(done)} actions assigned", "not every action could be assigned")
        arrived = (ActionState.WITH_AGENCY, ActionState.WITH_REPRESENTATIVE)
        self._tell.wait("actions with their agencies", len(done), lambda: sum(a.state in arrived for a in self._actions()), self._patience * ACTIONS_LIMIT_S)

    def complete(self) -> None:
        """Agencies' people finish their work in their own systems, one of them because it is no longer possible."""
        first = True
        for played in self._stage.neighbourhood.played.values():
            for item in work_items(played):
                item.finish("not_possible" if first else "completed", f"{_CHANGED}: she has moved" if first else "Done as asked.")
                first = False
        for action in self._actions():
            if action.state is ActionState.WITH_REPRESENTATIVE:
                representative = self._cast.one(UserRole.REPRESENTATIVE, action.agency_id)
                with self._gateway.transaction() as work:
                    actions.complete(work, representative, action.id, "completed", "Done, told by the team.", action.version)

    def wait_until_closed(self) -> None:
        """Completions come back by poll, notice and page; each closes its action once, and the coordinator's system is told once."""
        ends, count = ACTION_MACHINE.ends(), len(self._actions())
        self._tell.wait("actions closed by the agencies' own answers", count, lambda: sum(a.state in ends for a in self._actions()), self._patience * ACTIONS_LIMIT_S)
        self._tell.wait("completions told to the coordinator's system", count, lambda: len(self._told()), self._patience * ACTIONS_LIMIT_S)
        told = self._told()
        self._tell.check(len(set(told)) == len(told), "each completion was told once", "a completion was told more than once")

    def _told(self) -> list[str]:
        return [entry["key"] for entry in self._entries("completion")]

    def _actions(self) -> Sequence[Action]:
        with self._gateway.transaction() as work:
            return actions.of_list(work, self._coordinator, self._list())

    # ------------------------------------------------------------------------------------------------------- the end

    def reconcile(self) -> None:
        """Expected against observed, and the audit's chain."""
        with self._gateway.transaction() as work:
            rows = reconcile.compare(work, self._cast.one(UserRole.SYSTEM_ADMINISTRATOR))
        apart = [row for row in rows if not row.agrees]
        self._tell.check(not apart, f"reconciled: {len(rows)} rows, none differs", f"{len(apart)} of {len(rows)} rows differ")
        chain = self._gateway.verify_audit()
        self._tell.check(chain.whole, f"audit: {chain.entries} entries, the chain is whole", "the audit's chain is broken")

    def _list(self) -> CaseListId:
        if self.list_id is None:
            raise LookupError("no list has been received")
        return self.list_id

    def _representatives(self) -> list[Actor]:
        return [actor for actor in self._cast.actors if UserRole.REPRESENTATIVE in actor.roles]

    def _approver(self, agency: AgencyId) -> Actor:
        return self._cast.one(UserRole.NAMED_LEAD, agency)


_AGREE = frozenset({Agreement.AGREES, Agreement.NEAR})


def _judged(graded: Sequence[GradedCandidate]) -> str | None:
    """What a person at the screen would say: the one record of which name and date of birth agree, if there is just one."""
    fitting = [g for g in graded if {"given_name", "family_name", "birth_date"} <= {c.field for c in comparisons(g) if c.agreement in _AGREE}]
    return fitting[0].candidate.record_id if len(fitting) == 1 else None


def _plain(identifier: str) -> str:
    """Our identifier without the prefix under which FHIR writes it."""
    return identifier.removeprefix("urn:uuid:")
