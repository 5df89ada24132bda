"""Whether the time of an answer tells "not there" from "not yours" (safety channel C26): the method of dudect, on the whole API in process.

    .venv/bin/python -m tests.benchmarks.timing [--samples 20000] [--only report]

For each of twelve endpoints requests of the two classes are sent in random order, the slowest twentieth is cropped, and Welch's t is taken.
|t| below 4.5 is no sign of a difference. Beside it stand: the same for two ids that are both not there (A/A, sent among the others), with
2 ms planted in one class (it must be found), and the smallest difference that this run could have seen.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from gateway.api.app import build_api
from gateway.api.auth import TokenChecker
from gateway.bootstrap import load_gateway, make_demonstration_key, migrate, settings_from
from gateway.embedded.folder import DataFolder
from gateway.embedded.servers import Servers
from tests.integration import cabinet
from tests.integration.cabinet import FAMILY, NEIGHBOURS, TRUST, case_list

THRESHOLD = 4.5
CROPPED = 0.05
ISSUER = "https://id.example"


@dataclass(frozen=True)
class Endpoint:
    """One operation on a thing; ``role`` is that of the caller, who is of another Marac than the thing."""

    name: str
    method: str
    path: str
    thing: str
    body: object = None
    role: str = "representative"


ENDPOINTS = (
    Endpoint("report", "GET", "/case-lists/{id}/report", "list"),
    Endpoint("possible matches", "GET", "/case-lists/{id}/possible-matches", "list"),
    Endpoint("alerts of a list", "GET", "/case-lists/{id}/alerts", "list"),
    Endpoint("actions of a list", "GET", "/case-lists/{id}/actions", "list"),
    Endpoint("findings of a list", "GET", "/case-lists/{id}/problems", "list", role="coordinator"),
    Endpoint("look-up", "GET", "/look-ups/{id}", "lookup"),
    Endpoint("ask again", "POST", "/look-ups/{id}/ask-again", "lookup"),
    Endpoint("alert", "GET", "/alerts/{id}", "flag"),
    Endpoint("approve", "POST", "/alerts/{id}/approval", "flag", {"content_hash": "0" * 64, "version": 1}, "named_lead"),
    Endpoint("end", "POST", "/alerts/{id}/end", "flag", {"reason": "no longer needed"}),
    Endpoint("completion", "POST", "/actions/{id}/completion", "action", {"outcome": "completed", "detail": "done", "version": 1}),
    Endpoint("receipt", "POST", "/tasks/{id}/receipt", "task", {"receipt": "done", "version": 1}),
)
Send = Callable[[UUID], int]


class Caller:
    """The API in process, asked by somebody of another Marac and another agency."""

    def __init__(self, app: Callable[..., object], token: Callable[[str], str]) -> None:
        self._app, self._token = app, token

    async def ask(self, endpoint: Endpoint, thing: UUID) -> int:
        """The status of the answer."""
        body = json.dumps(endpoint.body or {}).encode() if endpoint.method == "POST" else b""
        headers = [(b"authorization", f"Bearer {self._token(endpoint.role)}".encode()), (b"idempotency-key", uuid4().hex.encode())]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())] if body else []
        path = endpoint.path.format(id=thing)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": endpoint.method, "path": path, "raw_path": path.encode(),
            "query_string": b"", "root_path": "", "scheme": "http", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
        }  # fmt: skip
        status = 0

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, object]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(str(message["status"]))

        await self._app(scope, receive, send)  # type: ignore[misc]
        return status


@contextmanager
def site(servers: Servers, place: Path) -> Iterator[tuple[Caller, dict[str, UUID]]]:
    """The API on a database of its own with one list and a thing of each kind, none of them the caller's."""
    assert servers.postgres is not None
    url = servers.postgres.create_database(f"timing_{uuid4().hex[:8]}")
    migrate(url)
    make_demonstration_key(place / "key")
    told = {"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0", "MARAC_ENV": "demo", "MARAC_KEY_FILE": str(place / "key")}
    gateway = load_gateway(settings_from(told))
    key = ECKey.generate_key("P-256", auto_kid=True)
    api = build_api(gateway, TokenChecker(ISSUER, gateway.settings.api_audience, lambda: KeySet([key]).as_dict()))
    tokens = {role: _token(key, role) for role in {endpoint.role for endpoint in ENDPOINTS}}
    paper = case_list(FAMILY, NEIGHBOURS)
    subject, case = paper.cases[0].subjects[0], paper.cases[0]
    lookup, flag, action = cabinet.lookup(subject), cabinet.flag(subject), cabinet.action(case)
    task = cabinet.task(flag.id)
    with gateway.transaction() as work:
        note = partial(cabinet.note, "timing")
        work.case_lists.add(paper, b"timing", [], note())
        work.lookups.add([lookup], [note()])
        work.flags.add(flag, note())
        work.actions.add([action], [note()])
        work.tasks.open(task, note())
    try:
        yield Caller(api, tokens.__getitem__), {"list": paper.id, "lookup": lookup.id, "flag": flag.id, "action": action.id, "task": task.id}
    finally:
        gateway.close()


def _token(key: ECKey, role: str) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "case-gateway", "sub": "u-elsewhere", "iat": now, "exp": now + 24 * 3600, "roles": [role], "maracs": ["elsewhere"]}
    assert TRUST != "elsewhere-trust"
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims | ({} if role == "coordinator" else {"agency": "elsewhere-trust"}), key)


@dataclass(frozen=True)
class Verdict:
    """Welch's t of two classes, and the difference in microseconds that would have been seen."""

    t: float
    difference_us: float
    could_see_us: float

    @property
    def same(self) -> bool:
        """Whether nothing tells the classes apart."""
        return abs(self.t) < THRESHOLD


async def timed(ask: Callable[[int], object], classes: int, samples: int, seed: int = 1) -> tuple[list[int], ...]:
    """Nanoseconds of ``ask(0)``, ``ask(1)`` ... in random order, ``samples`` of each."""
    order = list(range(classes)) * samples
    random.Random(seed).shuffle(order)
    times: tuple[list[int], ...] = tuple([] for _ in range(classes))
    for which in order[: min(40, samples)]:
        await ask(which)  # type: ignore[misc]
    gc.collect()
    gc.disable()
    try:
        for which in order:
            began = time.perf_counter_ns()
            await ask(which)  # type: ignore[misc]
            times[which].append(time.perf_counter_ns() - began)
    finally:
        gc.enable()
    return times


def judged(first: Sequence[int], second: Sequence[int]) -> Verdict:
    """Both cropped at the same time, the one that leaves out the slowest twentieth of all."""
    longest = sorted([*first, *second])[int(len(first) * 2 * (1 - CROPPED)) - 1]
    one, other = ([value for value in values if value <= longest] for values in (first, second))
    error = (statistics.variance(one) / len(one) + statistics.variance(other) / len(other)) ** 0.5
    difference = statistics.fmean(other) - statistics.fmean(one)
    return Verdict(difference / error if error else 0.0, difference / 1000, THRESHOLD * error / 1000)


async def measured(caller: Caller, endpoint: Endpoint, theirs: UUID, samples: int, planted_s: float) -> tuple[Verdict, Verdict, Verdict]:
    """Not there against not yours; not there against not there; and the first again with a delay planted in one class."""
    nobody, nobody_either = uuid4(), uuid4()
    statuses = [await caller.ask(endpoint, thing) for thing in (nobody, nobody_either, theirs)]
    assert statuses == [404] * 3, (endpoint.name, statuses)

    async def delayed(which: int) -> None:
        if which:
            time.sleep(planted_s)
        await caller.ask(endpoint, nobody)

    of_nobody, of_theirs, of_nobody_either = await timed(lambda which: caller.ask(endpoint, (nobody, theirs, nobody_either)[which]), 3, samples)
    planted = judged(*await timed(delayed, 2, max(15, samples // 10)))
    return judged(of_nobody, of_theirs), judged(of_nobody, of_nobody_either), planted


async def run(samples: int, planted_s: float = 0.002, only: str = "") -> dict[str, tuple[Verdict, Verdict, Verdict]]:
    """Every endpoint, one after the other."""
    found = {}
    with (
        tempfile.TemporaryDirectory() as place,
        Servers.start(DataFolder(Path(place) / "servers"), redis_url="redis://127.0.0.1:1/0", durable=False) as servers,
        site(servers, Path(place)) as (caller, things),
    ):
        for endpoint in ENDPOINTS:
            if only in endpoint.name:
                found[endpoint.name] = await measured(caller, endpoint, things[endpoint.thing], samples, planted_s)
                print(line(endpoint.name, found[endpoint.name]), flush=True)
    return found


def line(name: str, verdicts: tuple[Verdict, Verdict, Verdict]) -> str:
    """A row of the table."""
    plain, same, planted = verdicts
    return (
        f"| {name} | {plain.t:+.2f} ({plain.difference_us:+.1f} us) | {same.t:+.2f} | {planted.t:+.1f} | {plain.could_see_us:.1f} us | "
        f"{'same' if plain.same else 'TOLD APART'} |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print("| endpoint | t (difference) | A/A t | planted 2 ms t | could have seen | verdict |\n|---|---|---|---|---|---|")
    verdicts = asyncio.run(run(options.samples, only=options.only))
    sys.exit(0 if all(plain.same and not planted.same for plain, _, planted in verdicts.values()) else 1)
