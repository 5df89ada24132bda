"""One FHIR R4 server as the connector speaks to it: searches by POST with their pages, reads by id, and what a refusal means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from adapters.faults import Fault, Permanent, Transient
from adapters.http import HttpReply, HttpSystem, Talk
from gateway.domain.error_codes import Code
from mappings.fhir_r4 import outcome as outcomes
from mappings.fhir_r4 import resources as r4
from mappings.fhir_r4.codes import FHIR_JSON
from mappings.fhir_r4.searches import Question
from mappings.strict_json import Unreadable

ACCEPT = {"Accept": FHIR_JSON}
MOST_PAGES = 5
_IDENTIFYING = frozenset({
    "identifier", "family", "given", "name", "phonetic", "birthdate", "death-date", "gender", "telecom", "phone", "email", "address",
    "address-city", "address-postalcode", "address-postcode", "address-state", "general-practitioner", "_id", "patient", "subject", "link",
    "_content", "_text", "_filter",
})  # fmt: skip
"""Search parameters that may hold something about a person; a link with one of them would carry it in an address."""


def unless_there(token: str) -> dict[str, str]:
    """The header of a create that does nothing where one with this identifier exists (R4 3.1.0.8.1)."""
    return {"If-None-Exist": urlencode({"identifier": token}, safe=":/|")}


async def put(talk: Talk, question: Question) -> HttpReply:
    """Asks one question."""
    return await talk.ask("POST", question.path, {**ACCEPT, "Content-Type": question.content_type}, question.body)


def read(reply: HttpReply, kind: type[r4.Resource] | None = None, *, digest: bytes = b"") -> Any:
    """The body as a searchset (or one resource of the ``kind``), or the OperationOutcome that came instead.

    What is no JSON at all may be a passing page of some machine in between: ``Transient``. Any other shape: ``Permanent``.
    """
    try:
        return r4.read_one(reply.body, kind) if kind else r4.read_search(reply.body)
    except Unreadable as fault:
        passing = fault.code is Code.REPLY_UNREADABLE
        raise Transient(fault.code, digest=digest) if passing else Permanent(fault.code, digest=digest) from None


def refusal(reply: HttpReply, digest: bytes) -> Fault:
    """The fault that a refusal means, from its status and its OperationOutcome."""
    told = r4.read_outcome(reply.body)
    if told and outcomes.passes(told):
        return Transient(Code.AGENCY_BUSY, digest=digest)
    return Permanent(Code.RECORD_NOT_FOUND if reply.status in (404, 410) else Code.AGENCY_REFUSED, digest=digest)


class FhirServer:
    """Searches and reads whose failure is a fault. Look-ups, where a refusal can be an answer, use ``put`` and ``follow``."""

    def __init__(self, system: HttpSystem) -> None:
        self.system = system

    async def search(self, talk: Talk, question: Question) -> list[r4.Bundle]:
        """All pages of a search; ``Permanent(ANSWER_INCOMPLETE)`` when there are more than may be followed."""
        reply = await put(talk, question)
        if reply.status != 200:
            raise refusal(reply, talk.digest)
        found = read(reply, digest=talk.digest)
        if isinstance(found, r4.OperationOutcome):
            raise refusal(reply, talk.digest)
        pages, whole = await self.follow(talk, found)
        if not whole:
            raise Permanent(Code.ANSWER_INCOMPLETE, digest=talk.digest)
        return pages

    async def follow(self, talk: Talk, first: r4.Bundle) -> tuple[list[r4.Bundle], bool]:
        """The pages from the first on, and whether these are all. A link is followed only to the same place, and only when it names
        nobody; it is followed a few times and never in a circle."""
        pages, seen = [first], set[str]()
        while link := pages[-1].next_page():
            if len(pages) >= MOST_PAGES or link in seen or not self._may_follow(link):
                return pages, False
            seen.add(link)
            reply = await talk.ask("GET", self._path_of(link), ACCEPT)
            found = read(reply, digest=talk.digest) if reply.status == 200 else None
            if not isinstance(found, r4.Bundle):
                return pages, False
            pages.append(found)
        return pages, True

    async def read(self, talk: Talk, kind: type[r4.Resource], resource_id: str) -> tuple[Any, HttpReply] | None:
        """One resource by its id, with the reply that held it; None when it is not there (any more)."""
        reply = await talk.ask("GET", f"{kind.__name__}/{quote(resource_id, safe='')}", ACCEPT)
        if reply.status in (404, 410):
            return None
        if reply.status != 200:
            raise refusal(reply, talk.digest)
        found = read(reply, kind, digest=talk.digest)
        if isinstance(found, r4.OperationOutcome):
            raise refusal(reply, talk.digest)
        if found.id != resource_id:
            raise Permanent(Code.REPLY_OTHER_RECORD, digest=talk.digest)
        return found, reply

    def _may_follow(self, link: str) -> bool:
        parts = urlsplit(link)
        if parts.netloc and f"{parts.scheme}://{parts.netloc}" != self.system.origin:
            return False
        names = {name.partition(":")[0] for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        return not names & _IDENTIFYING

    def _path_of(self, link: str) -> str:
        parts = urlsplit(link)
        if not parts.netloc and not link.startswith("/"):
            return link
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path


def only(found: Sequence[r4.Bundle], kind: type[r4.Resource]) -> list[Any]:
    """The resources of one kind in these pages; anything else but an OperationOutcome is ``Permanent(REPLY_UNEXPECTED)``."""
    held = [entry.resource for page in found for entry in page.entry if not isinstance(entry.resource, r4.OperationOutcome)]
    if not all(isinstance(one, kind) for one in held):
        raise Permanent(Code.REPLY_UNEXPECTED)
    return held
