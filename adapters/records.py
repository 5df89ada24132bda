"""What connectors over JSON have in common: the way in, and records that were offered read once more by their number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from adapters.connectors import Destination
from adapters.egress import Egress
from adapters.faults import Transient
from adapters.http import AiohttpWire, HttpReply, HttpSystem, Talk, Wire
from adapters.oauth import authority_of
from adapters.tls import context_of
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer, Candidate
from gateway.domain.releases import LookupRelease

JSON: Mapping[str, str] = {"Content-Type": "application/json", "Accept": "application/json"}
READ: Mapping[str, str] = {"Accept": "application/json"}
MOST_CONFIRMED = 10
"""Among more records than these no one is certain, and a person looks anyway."""


def http_system(destination: Destination, wire: Wire | None = None) -> HttpSystem:
    """The system at the destination's endpoint, with its way in; must be made within a running event loop. ``wire`` stands in for the
    network where exchanges must be repeatable."""
    wire = wire or AiohttpWire(context_of(destination.credentials))
    system = HttpSystem(destination.endpoint, destination.system.limits, wire, egress=Egress.of(destination.system))
    system.authority = authority_of(destination, system, "/oauth2/token")
    return system


class RecordTalk(Talk):
    """A conversation in which 301 is an answer: the record was merged, and where it went is in the body (it is never followed)."""

    def _checked(self, reply: HttpReply, effect: bool) -> HttpReply:
        return reply if reply.status == 301 else super()._checked(reply, effect)


def readable(answer: Answer, talk: Talk) -> Answer:
    """The answer, unless the body was no JSON: that may be a passing page of some machine in between. Raises ``Transient`` then."""
    if answer.reason == Code.REPLY_UNREADABLE:
        raise Transient(Code.REPLY_UNREADABLE, digest=talk.digest)
    return answer


@dataclass(frozen=True, slots=True)
class RecordInterface:
    """How records of one kind of system are read: ``path`` is the address before the number; the readers are mappings."""

    path: str
    read_person: Callable[[bytes, LookupRelease], Candidate | None]
    read_merged: Callable[[bytes, str], str | None]


async def confirmed(talk: Talk, answer: Answer, release: LookupRelease, interface: RecordInterface, extent: str) -> Answer:
    """The answer with each record read by its number: merged ones name their survivor, hidden ones are marked.

    ``extent`` (option ``confirm_records``): ``several`` reads when more than one was offered, ``all`` always, ``no`` never.
    """
    wanted = {"all": 1, "no": MOST_CONFIRMED + 1}.get(extent, 2)
    if not wanted <= len(answer.candidates) <= MOST_CONFIRMED:
        return answer
    read = [await _read(talk, candidate, release, interface) for candidate in answer.candidates]
    candidates = tuple(candidate for candidate in read if isinstance(candidate, Candidate))
    fault = next((code for code in read if isinstance(code, Code)), None)
    return Answer.failed(fault) if fault else replace(answer, candidates=candidates)


async def _read(talk: Talk, offered: Candidate, release: LookupRelease, interface: RecordInterface) -> Candidate | Code:
    """The record as it is now, or why nothing said about it can be trusted."""
    reply = await talk.ask("GET", f"{interface.path}/{offered.record_id}", READ)
    if reply.status == 200:
        held = interface.read_person(reply.body, release)
        return held if held and held.record_id == offered.record_id else Code.REPLY_OTHER_RECORD
    if reply.status == 301:
        survivor = interface.read_merged(reply.body, offered.record_id)
        return replace(offered, superseded_by=survivor) if survivor else Code.REPLY_UNEXPECTED
    # 403 says that it is hidden, 404 may mean it.
    return replace(offered, restricted=True) if reply.status in (403, 404) else Code.AGENCY_REFUSED
