"""Asking a FHIR server whether it knows somebody: every question put, every page read, and one answer made of it."""

from __future__ import annotations

from dataclasses import replace

from adapters.connectors import Reply
from adapters.faults import Permanent, Transient
from adapters.health.fhir_server import FhirServer, put
from adapters.http import HttpReply, Talk
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, AnswerKind, Candidate
from gateway.domain.releases import LookupRelease
from mappings.answers import about_the_person, merge
from mappings.fhir_r4 import outcome as outcomes
from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4.patient import read_match, read_open, read_pages
from mappings.fhir_r4.profile import Profile
from mappings.fhir_r4.searches import Question, Questions, build_episode_search, plan, plan_again
from mappings.strict_json import Unreadable

MOST_CANDIDATES_FOLLOWED = 6
"""Candidates whose episodes of care are asked for after a $match; of the others it stays unknown whether they are open to services."""


class Lookups:
    """Look-ups at one server."""

    def __init__(self, server: FhirServer, profile: Profile) -> None:
        self._server, self._profile = server, profile

    async def look_up(self, release: LookupRelease) -> Reply[Answer]:
        """One person. Nothing that fails half-way is ever "nobody"."""
        talk = self._server.system.talk(release)
        answer = await self._ask_all(talk, questions := plan(release, self._profile))
        if _found_nobody(answer) and (more := plan_again(release, self._profile)).asked:
            answer = await self._ask_all(talk, replace(more, complete=questions.complete and more.complete))
        answer = about_the_person(answer, release)
        if self._profile.open_to_service:
            answer = await self._with_open(talk, answer)
        return Reply(answer, talk.digest)

    async def _ask_all(self, talk: Talk, questions: Questions) -> Answer:
        return merge([await self._ask(talk, question) for question in questions.asked], questions.complete)

    async def _ask(self, talk: Talk, question: Question) -> Answer:
        reply = await put(talk, question)
        if reply.status != 200:
            return _refused(reply, talk)
        try:
            return await self._read(talk, question, reply)
        except Unreadable as fault:
            if fault.code is Code.REPLY_UNREADABLE:  # may be a passing page of some machine in between
                raise Transient(fault.code, digest=talk.digest) from None
            return Answer.failed(fault.code)

    async def _read(self, talk: Talk, question: Question, reply: HttpReply) -> Answer:
        found = r4.read_search(reply.body, self._server.system.limits.max_reply_bytes)
        if isinstance(found, r4.OperationOutcome):
            return _told(found, talk)
        if question.is_match:
            return read_match(found, self._profile)
        pages, whole = await self._server.follow(talk, found)
        return read_pages(pages, self._profile, whole=whole)

    async def _with_open(self, talk: Talk, answer: Answer) -> Answer:
        """$match has no _revinclude: the episodes of each candidate that it alone offered are asked for apart."""
        silent = [candidate for candidate in answer.candidates if candidate.open_to_service is None][:MOST_CANDIDATES_FOLLOWED]
        told = {candidate.record_id: await self._with_open_candidate(talk, candidate) for candidate in silent}
        return replace(answer, candidates=tuple(told.get(candidate.record_id, candidate) for candidate in answer.candidates))

    async def _with_open_candidate(self, talk: Talk, candidate: Candidate) -> Candidate:
        try:
            pages = await self._server.search(talk, build_episode_search(candidate.record_id))
        except Permanent:
            return candidate
        if any(not isinstance(entry.resource, r4.EpisodeOfCare) for page in pages for entry in page.entry):
            return candidate  # something else than was asked for says nothing
        is_open = any(read_open(page, candidate.record_id, self._profile) for page in pages)
        return replace(candidate, open_to_service=is_open)


def _found_nobody(answer: Answer) -> bool:
    """Also where not everything could be asked, which is never the answer "nobody"."""
    return answer.kind is AnswerKind.NOBODY or (answer.reason == Code.NOT_ALL_ASKED and not answer.candidates)


def _refused(reply: HttpReply, talk: Talk) -> Answer:
    """What a status other than 200 says. A 404 of the FHIR service itself may mean that somebody is hidden; of anything else, nothing."""
    if 200 <= reply.status < 300:
        return Answer.failed(Code.REPLY_UNEXPECTED)
    told = r4.read_outcome(reply.body)
    if told is None:
        return Answer.failed(Code.AGENCY_REFUSED)
    if reply.status == 404:
        return Answer(AnswerKind.MAYBE_HIDDEN, (), Code.RECORD_MAYBE_HIDDEN)
    return _told(told, talk)


def _told(outcome: r4.OperationOutcome, talk: Talk) -> Answer:
    if outcomes.passes(outcome):
        raise Transient(Code.AGENCY_BUSY, digest=talk.digest)
    return outcomes.as_answer(outcome)
