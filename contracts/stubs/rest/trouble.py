"""How a REST system fails: by the persona of the record that is touched, or once or more on an operation when told to."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.stubs.agency import Agency
from contracts.stubs.people import AgencyPerson
from contracts.stubs.rest.problems import Problem

Respond = Callable[[], Awaitable[Response]]

@dataclass(slots=True)
class Order:
    """A failure ordered for an operation: what happens, how often, and its numbers (``seconds``)."""

    happens: str
    times: int
    behaviour: Mapping[str, Any]


class Trouble:
    """Decides for each request whether it goes well."""

    def __init__(self, agency: Agency | None) -> None:
        self._behaviour = agency.behaviour if agency else {}
        self._orders: dict[str, list[Order]] = {}
        self._attempts: Counter[str] = Counter()

    def order(self, operation: str, happens: str, times: int, behaviour: Mapping[str, Any]) -> None:
        """From now on this operation fails like this, so many times."""
        self._orders.setdefault(operation, []).append(Order(happens, times, behaviour))

    def behaviour_of(self, person: AgencyPerson) -> Mapping[str, Any]:
        """The numbers of a record's persona."""
        return self._behaviour.get(person.local_id, {})

    def takes(self, operation: str) -> Order | None:
        """The failure now due for an operation, counted as used."""
        for order in self._orders.get(operation, []):
            if order.times > 0:
                order.times -= 1
                return order
        return None

    async def around(self, request: Request, operation: str, touched: AgencyPerson | None, respond: Respond) -> Response:
        """The operation's answer, or the failure that stands in its place. ``respond`` does the work."""
        await request.body()  # kept by the request, so that waiting for the caller to leave cannot swallow it
        failing = Failing(request, respond, {})
        if order := self.takes(operation):
            return await self._fail(order.happens, replace(failing, behaviour=order.behaviour), "")
        if touched and touched.persona:
            if touched.persona in _OF_WRITES_ONLY and not operation.startswith(("put", "post")):
                return await respond()
            persona = replace(failing, behaviour=self.behaviour_of(touched))
            return await self._fail(touched.persona, persona, f"{operation} {touched.local_id}")
        return await respond()

    async def _fail(self, happens: str, failing: "Failing", counted: str) -> Response:
        """``counted``: name under which attempts are counted, for failures that pass; '' fails every time."""
        if happens in _PASSING:
            failure, times = _PASSING[happens]
            self._attempts[counted] += 1
            if counted and self._attempts[counted] > int(failing.behaviour.get("times", times)):
                return await failing.respond()
            return await failure(failing)
        lasting = _LASTING.get(happens)
        return await (lasting(failing) if lasting else failing.respond())


@dataclass(frozen=True, slots=True)
class Failing:
    """One request that is about to fail."""

    request: Request
    respond: Respond
    behaviour: Mapping[str, Any]

    async def wait(self, usual: float) -> None:
        """Waits for ``behaviour.seconds``, or until the caller has gone."""
        until = time.monotonic() + float(self.behaviour.get("seconds", usual))
        while time.monotonic() < until and not await self.request.is_disconnected():
            await asyncio.sleep(0.05)


Failure = Callable[[Failing], Awaitable[Response]]


async def _html_with_200(_failing: Failing) -> Response:
    page = "<!doctype html><title>Sign in</title><h1>Please sign in</h1><form><input name=user></form>"
    return Response(page, 200, media_type="text/html")


async def _truncated(failing: Failing) -> Response:
    whole = await failing.respond()
    body = bytes(whole.body)
    return Response(body[: len(body) // 2], whole.status_code, media_type="application/json")


async def _huge(failing: Failing) -> Response:
    whole = await failing.respond()
    padding = b" " * int(failing.behaviour.get("bytes", 64_000_000))
    return Response(bytes(whole.body)[:-1] + padding + b"}", whole.status_code, media_type="application/json")


async def _never_answers(failing: Failing) -> Response:
    """The request is never worked on; who waits long enough gets an error."""
    await failing.wait(3600)
    raise Problem(503, "unavailable")


async def _stored_though_timed_out(failing: Failing) -> Response:
    """The work is done at once, and the answer comes long after the caller has stopped waiting."""
    done = await failing.respond()
    await failing.wait(60)
    return done


async def _slow(failing: Failing) -> Response:
    await failing.wait(5)
    return await failing.respond()


async def _unavailable(_failing: Failing) -> Response:
    raise Problem(503, "unavailable", headers={"Retry-After": "1"})


async def _rate_limited(failing: Failing) -> Response:
    raise Problem(429, "too-many-requests", headers={"Retry-After": str(int(failing.behaviour.get("seconds", 1)))})


_LASTING: dict[str, Failure] = {
    "html_with_200": _html_with_200,
    "truncated": _truncated,
    "huge": _huge,
    "never_answers": _never_answers,
    "slow": _slow,
    "unavailable": _unavailable,
    "rate_limited": _rate_limited,
}
_PASSING: dict[str, tuple[Failure, int]] = {
    "busy_twice": (_unavailable, 2),
    "rate_limited_once": (_rate_limited, 1),
    "times_out_then_answers": (_never_answers, 1),
    "stored_though_timed_out": (_stored_though_timed_out, 1),
}
"""Failures that pass after so many attempts on the same operation and record."""
_OF_WRITES_ONLY = {"stored_though_timed_out"}
