"""What goes wrong with some records: one persona per failure, each named for what happens.

A lookup mishap happens whenever the true answer holds the record; a writing mishap when something is written on it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from contracts.stubs.fhir_trust.trust import Trust
from contracts.stubs.fhir_trust.wire import FHIR_JSON, Refusal, Resource, outcome, reply
from contracts.stubs.people import AgencyPerson

Honest = Callable[[Sequence[AgencyPerson]], Response]
"""Makes the answer that holds these people."""

LOGIN_PAGE = """<!doctype html><html lang="en"><head><title>Sign in</title></head><body><h1>Sign in</h1>
<form method="post" action="/login"><label>User <input name="user"></label><label>Password <input type="password" name="word"></label>
<button>Sign in</button></form></body></html>"""


@dataclass(slots=True)
class Lookup:
    """One question about to be answered: by whom it was asked, who was truly found, and the first found with a persona."""

    trust: Trust
    request: Request
    found: Sequence[AgencyPerson]
    honest: Honest
    person: AgencyPerson
    times: int
    """How often this record has been met before in a lookup."""


@dataclass(slots=True)
class Mishaps:
    """Remembers what has happened to whom, because some things happen once or twice only."""

    trust: Trust
    _times: dict[str, int] = field(default_factory=dict)

    async def answer(self, request: Request, found: Sequence[AgencyPerson], honest: Honest) -> Response:
        """The answer to a question for which ``found`` is the truth."""
        for person in found:
            if mishap := _LOOKUP.get(person.persona or ""):
                times = self._times.get(person.local_id, 0)
                self._times[person.local_id] = times + 1
                if spoilt := await mishap(Lookup(self.trust, request, found, honest, person, times)):
                    return spoilt
        return honest(found)

    def first_time(self, what: str, thing: str) -> bool:
        """True once for each pair."""
        seen = self._times.get(f"{what} {thing}", 0)
        self._times[f"{what} {thing}"] = seen + 1
        return seen == 0


async def never(request: Request) -> Response:
    """Nothing comes back for as long as the caller waits."""
    while (await request.receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)
    return Response(status_code=499)


async def _html_with_200(_lookup: Lookup) -> Response:
    return HTMLResponse(LOGIN_PAGE)


async def _truncated(lookup: Lookup) -> Response:
    whole = bytes(lookup.honest(lookup.found).body)
    return Response(whole[: len(whole) // 2], media_type=FHIR_JSON)


async def _wrong_person(lookup: Lookup) -> Response:
    people = lookup.trust.agency.people
    other = next(
        other for other in people if other.persona is None and not other.restricted and other.family != lookup.person.family
    )
    return lookup.honest([other])


async def _never_answers(lookup: Lookup) -> Response:
    return await never(lookup.request)


async def _too_many(_lookup: Lookup) -> Response:
    return reply(outcome("multiple-matches", "TOO_MANY_MATCHES", severity="information"))


async def _busy_twice(lookup: Lookup) -> Response | None:
    return reply(outcome("transient", "BUSY"), 503) if lookup.times < 2 else None


async def _rate_limited_once(lookup: Lookup) -> Response | None:
    return reply(outcome("throttled", "TOO_MANY_REQUESTS"), 429, {"Retry-After": "1"}) if lookup.times < 1 else None


async def _server_error(_lookup: Lookup) -> Response:
    return reply(outcome("exception", "INTERNAL"), 500)


async def _huge(lookup: Lookup) -> Response:
    megabytes = int(lookup.trust.agency.behaviour.get(lookup.person.local_id, {}).get("megabytes", 64))
    head = b'{"resourceType":"Bundle","type":"searchset","entry":['

    async def body() -> AsyncIterator[bytes]:
        yield head
        for _ in range(megabytes):
            yield b'{"resource":{"resourceType":"Basic"}},' * (1024 * 1024 // 38)
        yield b"{}]}"

    return StreamingResponse(body(), media_type=FHIR_JSON)


_LOOKUP: dict[str, Callable[[Lookup], Awaitable[Response | None]]] = {
    "html_with_200": _html_with_200,
    "truncated": _truncated,
    "wrong_person": _wrong_person,
    "never_answers": _never_answers,
    "too_many": _too_many,
    "busy_twice": _busy_twice,
    "rate_limited_once": _rate_limited_once,
    "server_error": _server_error,
    "huge": _huge,
}


# --- writing on a record -----------------------------------------------------------------------------------------------


def stored_instead(trust: Trust, person: AgencyPerson, resource: Resource) -> Resource | None:
    """What is really kept of a Flag for this record; None where nothing is. The answer shows what was sent."""
    if person.persona == "flag_answers_but_stores_nothing":
        return None
    if person.persona == "flag_lands_on_another_patient":
        other = next(other for other in trust.agency.people if other.persona is None and other.family != person.family)
        return {**resource, "subject": {"reference": f"Patient/{other.local_id}"}}
    if person.persona == "flag_text_altered":
        code = resource["code"]
        return {**resource, "code": {**code, "text": code.get("text", "").upper()[:40]}}
    return resource


def refuse_write(person: AgencyPerson) -> None:
    """Refuses a Flag on a record that is locked."""
    if person.persona == "flag_refused":
        raise Refusal(422, "business-rule", "RECORD_LOCKED")
