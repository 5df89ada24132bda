"""A trust that speaks only HL7 v2: demographics queries over MLLP. It can take neither a hidden alert nor work; people do that there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from adapters.connectors import Destination, Incapable, Reply
from adapters.egress import Egress, Permit
from adapters.faults import Fault, Permanent, Transient
from adapters.mllp import Address, Mllp, Verdict
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind
from gateway.domain.receipts import FlagReport
from gateway.domain.releases import FlagCheckRelease, FlagRelease, FlagRemovalRelease, LookupRelease
from mappings.answers import about_the_person, merge
from mappings.hl7v2.ack import answers, build_accept, wants_accept
from mappings.hl7v2.er7 import CHARACTER_SETS, Unreadable, read
from mappings.hl7v2.pdq import Page, Query, build_query, control_id, read_response
from mappings.hl7v2.profile import Profile
from mappings.hl7v2.questions import Question, plan

MOST_PAGES = 5
"""Of one question; a person is not found by reading more records than these."""

Clock = Callable[[], datetime]


def connect(destination: Destination) -> Hl7v2Connector:
    """The connector of a system of kind ``hl7v2``; its endpoint is ``mllp://host:port`` or ``mllps://host:port``."""
    return Hl7v2Connector(destination)


class Hl7v2Connector(Incapable):
    """Looks people up. Everything else goes to the trust's representative."""

    def __init__(self, destination: Destination, clock: Clock = lambda: datetime.now(UTC)) -> None:
        system = destination.system
        self._profile = Profile.of(system.options)
        self._mllp = Mllp(Address.of(destination), system.limits)
        self._egress = Egress.of(system, CHARACTER_SETS.get(self._profile.character_set, "ascii"))
        self._clock = clock

    async def look_up(self, release: LookupRelease, unsure: bool) -> Reply[Answer]:
        """Asks every question of the plan, and those of its second round when the first found nobody."""
        questions = plan(release, self._profile)
        asking = _Asking(self._mllp, self._profile, release, self._clock(), self._egress.permit(release))
        try:
            told = [await asking.ask(question) for question in questions.first]
            if told and all(answer.kind is AnswerKind.NOBODY for answer in told):
                told += [await asking.ask_again(question) for question in questions.second]
        except Fault as fault:
            fault.digest = asking.digest
            raise
        return Reply(merge(told, questions.complete), asking.digest)

    async def place_flag(self, release: FlagRelease, unsure: bool) -> Reply[FlagReport]:
        """Refused: no message of the standard places an alert that only staff can see (ADT is copied to subscribers)."""
        raise Permanent(Code.SYSTEM_CANNOT_HIDE)

    async def check_flag(self, release: FlagCheckRelease, unsure: bool) -> Reply[FlagReport]:
        """Refused, as ``place_flag``."""
        raise Permanent(Code.SYSTEM_CANNOT_HIDE)

    async def end_flag(self, release: FlagRemovalRelease, unsure: bool) -> Reply[FlagReport]:
        """Refused, as ``place_flag``."""
        raise Permanent(Code.SYSTEM_CANNOT_HIDE)

    async def close(self) -> None:
        """Closes the connections."""
        await self._mllp.close()


class _Asking:
    """The questions about one person, numbered, and the digest of all that was sent."""

    def __init__(self, mllp: Mllp, profile: Profile, release: LookupRelease, at: datetime, permit: Permit) -> None:
        self._mllp, self._profile, self._release, self._at, self._permit = mllp, profile, release, at, permit
        self._sent = hashlib.sha256()
        self._asked = 0

    @property
    def digest(self) -> bytes:
        return self._sent.digest() if self._asked else b""

    async def ask(self, question: Question) -> Answer:
        """All pages of one question. Raises ``Transient`` when asking later may help."""
        tag = self._next_id(0)
        pages: list[Answer] = []
        pointer = ""
        for number in range(MOST_PAGES):
            query = Query(question, tag, self._next_id(number) if number else tag, pointer)
            page = await self._page(query)
            pages.append(page.answer)
            pointer = page.pointer
            if not pointer or page.answer.kind is AnswerKind.FAILED:
                break
        self._asked += 1
        if pointer and pages[-1].kind is not AnswerKind.FAILED:
            pages.append(Answer(AnswerKind.TOO_MANY, (), Code.ANSWER_INCOMPLETE))
        return about_the_person(merge(pages), self._release)

    async def ask_again(self, question: Question) -> Answer:
        """A wider question after nobody was found. Whoever it is refused for, or found too many with, may be there: that is told."""
        answer = await self.ask(question)
        if answer.kind is AnswerKind.FAILED and answer.reason == Code.AGENCY_REFUSED:
            return Answer(AnswerKind.MAYBE_HIDDEN, (), Code.NOT_ALL_ASKED)
        return answer

    def _next_id(self, page: int) -> str:
        return control_id(self._release.lookup_id, self._at, self._asked, page)

    async def _page(self, query: Query) -> Page:
        try:
            exchange = _PdqExchange(query, self._at, self._profile)
        except Unreadable:
            return Page(Answer(AnswerKind.TOO_MANY, (), Code.NOT_ALL_ASKED))
        self._sent.update(exchange.payload)
        await self._mllp.ask(exchange, self._permit)
        page = exchange.page
        if page.passing:
            raise Transient(Code.AGENCY_FAULT)
        return page


class _PdqExchange:
    """One query and its reply, in original or enhanced mode."""

    def __init__(self, query: Query, at: datetime, profile: Profile) -> None:
        self.payload = build_query(query, at, profile)
        self.page = Page(Answer.failed(Code.NOT_ANSWERED))
        self._query, self._at, self._profile = query, at, profile
        self._receipt: bytes | None = None

    def judge(self, frame: bytes) -> Verdict:
        """Ours is what answers our control id and can be read; an accept acknowledgement is waited past."""
        try:
            reply = read(frame, self._profile.assumed_character_set)
            answered, accepted_only = answers(reply)
            if answered != self._query.control_id:
                return Verdict.FOREIGN
            if accepted_only:
                return Verdict.WAIT
            self.page = read_response(reply, self._query, self._profile)
        except Unreadable:
            return Verdict.FOREIGN
        if wants_accept(reply):
            self._receipt = build_accept(reply, f"A{self._query.control_id[1:]}", self._at, self._profile)
        return Verdict.ANSWER

    def receipt(self) -> bytes | None:
        """The accept acknowledgement of a reply that wants one."""
        return self._receipt
