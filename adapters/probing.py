"""The disclosure probe: an alert is put on the records of an agency's own test people, and everything that anybody else gets to see of them
is compared, byte for byte, before, while it stands, and after it was removed (safety 4.2).

``probe`` is the order of things; ``Eyes`` look, ``Hands`` place and remove. Over HTTP the eyes see what the register names, as the gateway
or with a test person's own right; the hands are the system's connector, so that what is proved is what is used.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from adapters.connectors import Connector
from adapters.faults import Fault, Permanent
from adapters.http import HttpReply, HttpSystem
from adapters.subject_side import stands_in, text_of
from gateway.domain.error_codes import Code
from gateway.domain.proofs import Observation, Seen
from gateway.domain.receipts import FlagFinding
from gateway.domain.register import RECORD, Answer, Canary, Entry, Output, Register, Viewer
from gateway.domain.releases import FlagRelease
from gateway.policy import disclosure
from gateway.policy.proving import ALERTED, Captures, observe

MOST_PAGES = 20
_UNTOLD = frozenset({"date"})
"""Headers that say nothing about the record. Everything else is compared."""

Sleep = Callable[[float], Awaitable[object]]


class NotPossible(Exception):
    """Nothing could be looked at before anything was written: no probe was made."""


@dataclass(frozen=True, slots=True)
class View:
    """One address of one output for one test person."""

    entry: Entry
    canary: Canary
    place: int

    @property
    def at(self) -> str:
        """The address, with ``{record_id}``."""
        return self.entry.at[self.place]


class Eyes(Protocol):
    """Looks at an output as it is now: status, headers and body as bytes; None where it cannot be had or is not shown to be the record's."""

    async def look(self, view: View) -> bytes | None: ...


class Hands(Protocol):
    """Places an alert on a test person's record, and removes it: "" when that is done and seen to be done, else the code of what went wrong."""

    async def place(self, canary: Canary) -> str: ...

    async def remove(self, canary: Canary) -> str: ...


def views_of(register: Register) -> tuple[View, ...]:
    """Everything that a machine can look at, for every test person."""
    entries = register.answered(Answer.LOOKED_AT)
    return tuple(View(entry, canary, place) for canary in register.canaries for entry in entries for place in range(len(entry.at)))


async def probe(register: Register, eyes: Eyes, hands: Hands, at_once: int = 10, sleep: Sleep = asyncio.sleep) -> tuple[Observation, ...]:
    """Everything that was found. Raises ``NotPossible`` before anything is written where nothing can be looked at."""
    views, alerted = views_of(register), [canary for canary in register.canaries if canary in ALERTED]
    before = await _take(views, eyes, at_once)
    if not alerted or not any(before):
        raise NotPossible
    again = await _take(views, eyes, at_once)
    placed = {canary: await hands.place(canary) for canary in alerted}
    await sleep(register.settle_s)
    during = await _take(views, eyes, at_once)
    removed = {canary: await hands.remove(canary) for canary in alerted}
    await sleep(register.settle_s)
    after = await _take(views, eyes, at_once)
    seen = [observe(Captures(v.entry, v.canary, v.place, tuple(taken))) for v, *taken in zip(views, before, again, during, after, strict=True)]
    return (*seen, *_done(placed, Seen.NOT_PLACED), *_done(removed, Seen.NOT_REMOVED))


async def _take(views: Sequence[View], eyes: Eyes, at_once: int) -> list[bytes | None]:
    places = asyncio.Semaphore(at_once)

    async def one(view: View) -> bytes | None:
        async with places:
            return await eyes.look(view)

    return list(await asyncio.gather(*map(one, views)))


def _done(told: Mapping[Canary, str], otherwise: Seen) -> list[Observation]:
    """What the hands could not do; what they did shows in the staff's view."""
    return [Observation(Output.STAFF_VIEW, canary, 0, otherwise, (), code) for canary, code in told.items() if code]


# ---------------------------------------------------------------------------------------------------------- over HTTP


class HttpEyes:
    """``systems`` by who looks: the gateway, and each test person for whom there is a right to look."""

    def __init__(self, register: Register, gateway: HttpSystem, subjects: Mapping[Canary, HttpSystem], releases: Mapping[Canary, FlagRelease]) -> None:
        self._register, self._gateway, self._subjects, self._releases = register, gateway, subjects, releases

    async def look(self, view: View) -> bytes | None:
        """The address and, where it is a search, every further page of it."""
        system = self._gateway if view.entry.seen_as is Viewer.GATEWAY else self._subjects.get(view.canary)
        record_id = self._register.canaries[view.canary].record_id
        if system is None:
            return None
        captures, path = [], view.at.replace(RECORD, record_id)
        for _ in range(MOST_PAGES):
            reply = await self._ask(system, path, view.canary)
            if reply is None or not stands_in(view.entry.holds.replace(RECORD, record_id), text_of(reply)):
                return None
            captures.append(_capture(reply))
            path = _next_page(reply, system)
            if not path:
                return b"\n".join(captures)
        return None

    async def _ask(self, system: HttpSystem, path: str, canary: Canary) -> HttpReply | None:
        try:
            return await system.talk(self._releases[canary]).ask("GET", path, {"Accept": "*/*"})
        except Fault:
            return None

    async def release(self) -> str:
        """The release that the system tells of itself; what the register has written down where it tells none. Raises ``Permanent``."""
        at, key = self._register.version_at
        if not at:
            return self._register.version
        reply = await self._gateway.talk().ask("GET", at, {"Accept": "application/json"})
        told: Any = _json(reply)
        for part in key.split("."):
            told = told.get(part) if isinstance(told, dict) else None
        if not isinstance(told, str) or not told:
            raise Permanent(Code.REPLY_UNEXPECTED)
        return told

    async def close(self) -> None:
        """Closes the connections."""
        for system in (self._gateway, *self._subjects.values()):
            await system.close()


def _capture(reply: HttpReply) -> bytes:
    headers = sorted(f"{name.lower()}: {value}" for name, value in reply.headers.items() if name.lower() not in _UNTOLD)
    return "\n".join([str(reply.status), *headers, ""]).encode() + reply.body


def _json(reply: HttpReply) -> Any:
    try:
        return json.loads(reply.body)
    except (ValueError, UnicodeDecodeError):
        return None


def _next_page(reply: HttpReply, system: HttpSystem) -> str:
    """The path of a searchset's next page; "" where there is none, or it leads elsewhere."""
    told = _json(reply) if "json" in reply.headers.get("Content-Type", "") else None
    links = told.get("link", []) if isinstance(told, dict) else []
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == "next" and str(link.get("url", "")).startswith(system.origin + "/"):
            return str(link["url"]).removeprefix(system.origin)
    return ""


class ConnectorHands:
    """The hands that alerts are placed with every day. ``releases`` are those of the test people, each with an identifier of this probe."""

    def __init__(self, connector: Connector, releases: Mapping[Canary, FlagRelease]) -> None:
        self._connector, self._releases = connector, releases
        self._remote: dict[Canary, str | None] = {}

    async def place(self, canary: Canary) -> str:
        """Places and reads back; the connector's own finding counts too."""
        try:
            report = (await self._connector.place_flag(self._releases[canary], False)).value
        except Fault as fault:
            return fault.reason.value
        self._remote[canary] = report.remote_id
        return "" if report.finding is FlagFinding.PLACED else report.reason or report.finding.name

    async def remove(self, canary: Canary) -> str:
        """Ends it as an error; what is not there needs no ending."""
        try:
            report = (await self._connector.end_flag(disclosure.release_canary_removal(self._releases[canary], self._remote.get(canary)), False)).value
        except Fault as fault:
            return fault.reason.value
        return "" if report.finding in (FlagFinding.ENDED, FlagFinding.NOT_THERE) else report.reason or report.finding.name
