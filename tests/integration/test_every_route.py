"""Every page and operation as every role, with ids of every state, of nothing and of another Marac, and with words that no person types.

Nothing may end in an error of the server: what is wrong is refused in words. And to those who may not know, what is there must look like
what is not.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway.api.app import build_api
from gateway.api.auth import TokenChecker
from gateway.bootstrap import Gateway, load_gateway, make_demonstration_key, settings_from
from gateway.cli.site import API, _refusal
from gateway.domain.actions import ActionState
from gateway.domain.actors import Actor, UserRole
from gateway.domain.flags import FlagState
from gateway.domain.identifiers import MaracId, UserId
from gateway.domain.lookup import Decision, LookupOutcome
from gateway.domain.tasks import TaskKind
from gateway.store.sessions import SqlSessions
from gateway.store.unit_of_work import SqlWork
from gateway.web.app import build_web
from gateway.web.headers import Guard
from gateway.web.session import Session
from gateway.web.sign_in import OidcSettings
from tests.architecture.test_routes import routes_of
from tests.integration import cabinet
from tests.integration.cabinet import FAMILY, MARAC, NEIGHBOURS, NOW, OTHER_MARAC, SYSTEM, TRUST, case_list, note
from tests.noninterference.wires import Heard, ask

ISSUER, AUDIENCE = "http://127.0.0.1:9", "case-gateway"
NOWHERE = UUID("00000000-0000-4000-8000-000000000000")
LAST_DAY = "9999-12-31"
STRANGE = "\0 \u202e<b>'\";--%00"
"""Words that a database, a page or a terminal could stumble over."""


@dataclass(frozen=True)
class Things:
    """Ids by the name that they have in addresses and bodies, of every state."""

    ids: dict[str, list[UUID]]
    lists: tuple[UUID, UUID]
    """One of each Marac."""
    systems: frozenset[UUID]
    """Tasks about an agency's own system."""

    def of(self, name: str) -> Sequence[UUID | str]:
        return [*self.ids.get(name, []), NOWHERE]


@dataclass
class Visited:
    """The site in this process."""

    app: Any
    gateway: Gateway
    things: Things
    sessions: SqlSessions[Session]
    signing: ECKey
    web: list[APIRoute]
    api: list[APIRoute]
    cookies: dict[Actor, str] = field(default_factory=dict)
    tokens: dict[Actor, str] = field(default_factory=dict)

    async def ask(self, actor: Actor, method: str, path: str, body: object = None) -> Heard:
        """One request, as a browser or a program of this person sends it."""
        return await ask(self.app, method, f"http://gateway.test{path}", self._shown(actor, path, body), _content(path, body))

    def _shown(self, actor: Actor, path: str, body: object) -> dict[str, str]:
        if path.startswith(API):
            if actor not in self.tokens:
                self.tokens[actor] = jwt.encode({"alg": "ES256", "kid": "tests"}, _claims(actor), self.signing)
            return {"authorization": f"Bearer {self.tokens[actor]}", "idempotency-key": uuid4().hex, "content-type": "application/json"}
        if actor not in self.cookies:
            self.cookies[actor] = self.sessions.begin(Session(actor, "somebody", "csrf", self.gateway.clock(), self.gateway.clock()))
        return {"cookie": f"session={self.cookies[actor]}", "content-type": "application/x-www-form-urlencoded"}


def _claims(actor: Actor) -> dict[str, object]:
    return {
        "iss": ISSUER, "aud": AUDIENCE, "sub": actor.user_id, "exp": 4_102_444_800, "roles": sorted(actor.roles), "maracs": sorted(actor.marac_ids),
        **({"agency": actor.agency_id} if actor.agency_id else {}),
    }  # fmt: skip


def _content(path: str, body: object) -> bytes:
    if body is None:
        return b""
    if path.startswith(API):
        return json.dumps(body).encode()
    assert isinstance(body, dict)
    return urlencode({"csrf": "csrf", **body}).encode()


def everybody() -> Iterator[Actor]:
    """Every role at the table of one Marac, and at that of the other."""
    for marac in (MARAC, OTHER_MARAC):
        for role in UserRole:
            own = role in (UserRole.COORDINATOR, UserRole.CHAIR, UserRole.SYSTEM_ADMINISTRATOR, UserRole.AUDITOR)
            yield Actor(UserId(f"{marac}-{role}"), frozenset({role}), None if own else TRUST, frozenset({MaracId(marac)}))
    yield Actor(UserId("no-role"), frozenset(), TRUST, frozenset({MARAC}))


@pytest.fixture(scope="module")
def visited(databases: Any, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visited]:
    place = tmp_path_factory.mktemp("visited")
    make_demonstration_key(place / "keys")
    url = databases.make(migrated_template)
    told = {"DATABASE_URL": url, "REDIS_URL": "memory://", "MARAC_ENV": "demo", "MARAC_KEY_FILE": str(place / "keys")}
    gateway = load_gateway(settings_from(told), clock=lambda: NOW)
    key = ECKey.generate_key("P-256", parameters={"kid": "tests"})
    oidc = OidcSettings(ISSUER, "web", "not used", "http://gateway.test")
    sessions = SqlSessions(gateway.engine, gateway.vault, Session)
    web, api = build_web(gateway, oidc, sessions, "x" * 32), build_api(gateway, TokenChecker(ISSUER, AUDIENCE, lambda: {"keys": [key.as_dict(private=False)]}))
    app = Guard(Starlette(routes=[Mount(API, api), Mount("/", web)]), _refusal)
    yield Visited(app, gateway, _things(gateway), sessions, key, list(routes_of(web)), list(routes_of(api)))
    gateway.close()
    databases.drop(url)


ABOUT = {
    TaskKind.SETTLE_MATCH: "lookup", TaskKind.ANSWER_BY_HAND: "lookup", TaskKind.BOTH_ROLES: "entry", TaskKind.HELD_ON_LIST: "entry",
    TaskKind.DO_ACTION: "action", TaskKind.COMPLETION_DIFFERS: "action", TaskKind.DIFFERENCE_FOUND: "action", TaskKind.PEOPLE_LEFT_OUT: "issue",
    TaskKind.MESSAGE_STUCK: "system", TaskKind.PROBE_FAILED: "system", TaskKind.PROVE_AGAIN: "system", TaskKind.WRITING_STOPPED: "system",
    **dict.fromkeys((
        TaskKind.PLACE_FLAG_BY_HAND, TaskKind.REMOVE_FLAG_BY_HAND, TaskKind.CHECK_UNSURE_FLAG, TaskKind.FLAG_SEEN_BY_SUBJECT,
        TaskKind.FLAG_ON_WRONG_RECORD, TaskKind.FLAG_CHANGED, TaskKind.REVIEW_FLAG, TaskKind.RECORD_CHANGED,
    ), "flag"),
}  # fmt: skip
"""What a task of each kind is about."""


def _things(gateway: Gateway) -> Things:
    """A list with one of everything in every state, and a list of the other Marac."""
    paper, other = case_list(FAMILY, NEIGHBOURS), case_list(NEIGHBOURS, marac=OTHER_MARAC)
    subjects = paper.subjects
    offered = (cabinet.candidate("R-1"), cabinet.candidate("R-2", restricted=True))
    decision = Decision("R-1", UserId("somebody"), NOW, "looked", "digest")
    lookups = [
        cabinet.lookup(subjects[0], outcome=outcome, system=f"{TRUST}/{n}", graded=offered if n % 2 else (), decision=decision if outcome == "KNOWN" else None, answered_at=NOW)
        for n, outcome in enumerate(LookupOutcome)
    ]  # fmt: skip
    flags = [cabinet.flag(subjects[0], f"R-{n}", state=state, approved_by=UserId("second") if n > 1 else None, approved_at=NOW, review_on=NOW.date()) for n, state in enumerate(FlagState)]
    actions = [cabinet.action(paper.cases[0], state=state) for state in ActionState]
    about = {"lookup": lookups[0].id, "flag": flags[5].id, "entry": subjects[0].id, "action": actions[0].id, "issue": f"{paper.id}/2", "system": SYSTEM}
    tasks = [cabinet.task(str(about[thing]), kind) for kind, thing in ABOUT.items()]
    with gateway.transaction() as work:
        _add(work, paper, other, lookups, flags, actions, tasks)
    ids: dict[str, list[Any]] = {
        "list_id": [paper.id, other.id], "subject_id": [s.id for s in subjects], "lookup_id": [k.id for k in lookups], "flag_id": [f.id for f in flags],
        "action_id": [a.id for a in actions], "task_id": [t.id for t in tasks], "message_id": [],
    }  # fmt: skip
    return Things(ids, (paper.id, other.id), frozenset(t.id for t in tasks if t.about == SYSTEM))


def _add(work: SqlWork, paper: Any, other: Any, lookups: Any, flags: Any, actions: Any, tasks: Any) -> None:
    work.case_lists.add(paper, b"one", [cabinet.PROBLEM], note())
    work.case_lists.add(other, b"other", [], note())
    work.lookups.add(lookups, [note()])
    for flag in flags:
        work.flags.add(flag, note())
    work.actions.add(actions, [note()])
    for task in tasks:
        work.tasks.open(task, note())


_PARAM = re.compile(r"\{(\w+)\}")
Asked = tuple[Actor, str, str, object]


def filled(route: APIRoute, things: Things) -> list[str]:
    """The route's addresses: the first id of each other kind, and of the last kind named every one, that of nothing last."""
    names = _PARAM.findall(route.path)
    words: dict[str, Sequence[object]] = {"agency": [TRUST, "%00"], "kind": ["csv", "xlsx", "doc"], "path": ["x"]}
    last = names[-1] if names else ""
    fixed = {name: str(things.of(name)[0]) for name in names}
    values = words.get(last) or things.of(last) if names else [""]
    return [_PARAM.sub(lambda m, v=value: str(v) if m[1] == last else fixed[m[1]], route.path) for value in values]  # type: ignore[misc]


def by_everybody(route: APIRoute, prefix: str, method: str, things: Things, body: object = None) -> Iterator[Asked]:
    """Every role asks for the first id, those who may most for each, and a stranger for nothing."""
    paths = filled(route, things)
    for path in paths:
        for actor in everybody():
            here = MARAC in actor.marac_ids
            if (here and (path == paths[0] or actor.roles & MAY_MOST)) or (path == paths[-1] and actor.roles & MAY_MOST):
                yield actor, method, f"{prefix}{path}", body


MAY_MOST = frozenset({UserRole.REPRESENTATIVE, UserRole.COORDINATOR})


def failed(visited: Visited, asked: Sequence[Asked]) -> list[str]:
    """Those requests that ended in an error of the server."""

    async def all_of_them() -> list[str]:
        return [f"{method} {path} as {actor.user_id}: {wrong}" for actor, method, path, body in asked if (wrong := await one(actor, method, path, body))]

    async def one(actor: Actor, method: str, path: str, body: object) -> str:
        try:
            status = (await visited.ask(actor, method, path, body)).status
        except Exception as error:  # noqa: BLE001  the server's own last resort raises it again, for its log
            return f"{type(error).__name__}: {error}"[:200]
        return str(status) if status >= 500 else ""

    return asyncio.run(all_of_them())


def test_no_page_and_no_operation_that_reads_fails(visited: Visited) -> None:
    asked = [
        one for prefix, routes in (("", visited.web), (API, visited.api)) for route in routes if "GET" in route.methods and "sign-in" not in route.path
        for one in by_everybody(route, prefix, "GET", visited.things)
    ]  # fmt: skip
    assert len(asked) > 300
    assert failed(visited, asked) == []


FORMS: dict[str, str] = {
    "version": "1", "receipt": "done", "done": "true", "reason": STRANGE, "content_hash": "0" * 64, "basis_date": LAST_DAY, "case_number": STRANGE,
    "agency": STRANGE, "text": STRANGE, "owner": STRANGE, "due_on": LAST_DAY, "outcome": "completed", "detail": STRANGE, "record": "this:" + STRANGE,
    "note": STRANGE, "known": "true", "is_open": "true", "lane": STRANGE, "message": str(NOWHERE), "system": STRANGE, "output": "portal",
    "thing": STRANGE, "marac": STRANGE,
}  # fmt: skip


def test_no_form_fails_whatever_is_typed(visited: Visited) -> None:
    more = {"lookup_id": str(visited.things.of("lookup_id")[0]), "subject_id": str(visited.things.of("subject_id")[0])}
    asked = [
        one for route in visited.web if "POST" in route.methods and not route.path.startswith("/sign")
        for one in by_everybody(route, "", "POST", visited.things, FORMS | more)
    ]  # fmt: skip
    assert len(asked) > 300
    assert failed(visited, asked) == []


BODIES: dict[str, list[Any]] = {
    "/alerts": [{"subject_id": str(NOWHERE), "agency": STRANGE}, {"subject_id": str(NOWHERE), "agency": TRUST}],
    "/alerts/{flag_id}/approval": [{"content_hash": "0" * 64, "version": 10**30}, {"content_hash": "hash of what was shown".ljust(64), "version": 1}],
    "/alerts/{flag_id}/refusal": [{"reason": STRANGE, "version": 1}],
    "/alerts/{flag_id}/renewal": [{"basis_date": LAST_DAY}, {"basis_date": "0001-01-01"}],
    "/alerts/{flag_id}/end": [{"reason": STRANGE}],
    "/case-lists/{list_id}/actions": [[{"case_number": "NM-1", "agency": TRUST, "text": STRANGE, "owner": STRANGE, "due_on": LAST_DAY}]],
    "/case-lists/{list_id}/cases/close": [{"case_number": STRANGE}],
    "/look-ups/{lookup_id}/decision": [{"record_id": STRANGE, "note": STRANGE, "version": 1}, {"record_id": "R-2", "note": STRANGE, "version": 1}],
    "/look-ups/{lookup_id}/answer": [{"known": False, "note": STRANGE, "version": 1}],
    "/look-ups/{lookup_id}/open-to-service": [{"open_to_service": True, "note": STRANGE, "version": 1}],
    "/actions/{action_id}/completion": [{"outcome": "completed", "detail": STRANGE, "version": 1}],
    "/tasks/{task_id}/receipt": [{"receipt": STRANGE, "version": 1}, {"receipt": "done", "done": False, "version": 1}],
    "/queue/pause": [{"lane": STRANGE}], "/queue/resume": [{"lane": STRANGE}],
    "/writing/stop": [{"system": STRANGE}], "/writing/restart": [{"system": STRANGE}],
    "/writing/signatures": [{"system": STRANGE, "output": "portal"}],
    "/systems/merges": [{"system": STRANGE, "records": [STRANGE]}],
    "/audit/search": [{"about": STRANGE}],
}  # fmt: skip


def test_no_operation_that_writes_fails_whatever_is_sent(visited: Visited) -> None:
    asked = [
        one for route in visited.api if "POST" in route.methods for body in [*BODIES.get(route.path, []), {"x": STRANGE}]
        for one in by_everybody(route, API, "POST", visited.things, body)
    ]  # fmt: skip
    assert len(asked) > 300
    assert failed(visited, asked) == []


def strangers() -> list[Actor]:
    """Of the other table who may most and who runs the gateway, and of this one's agency whoever has no role."""
    return [a for a in everybody() if not a.roles or (OTHER_MARAC in a.marac_ids and a.roles & (MAY_MOST | {UserRole.SYSTEM_ADMINISTRATOR}))]


def test_to_strangers_what_is_there_looks_like_what_is_not(visited: Visited) -> None:
    """To the byte, by every address and for every state. What they may do about an agency's own system, or their own list, is theirs."""
    own = {str(visited.things.lists[1]), *map(str, visited.things.systems)}
    asked = [
        (prefix, method, filled(route, visited.things), body)
        for prefix, routes in (("", visited.web), (API, visited.api)) for route in routes for method in sorted(route.methods - {"HEAD"})
        for body in (BODIES.get(route.path, [None]) if prefix else [FORMS if method == "POST" else None])
        if set(_PARAM.findall(route.path)) & visited.things.ids.keys()
    ]  # fmt: skip

    async def told() -> list[str]:
        found = []
        for prefix, method, paths, body in asked:
            for actor in strangers():
                nothing = (await visited.ask(actor, method, prefix + paths[-1], body)).as_bytes()
                there = [path for path in paths[:-1] if not own & set(path.split("/"))]
                found += [f"{method} {prefix}{path} as {actor.user_id}" for path in there if (await visited.ask(actor, method, prefix + path, body)).as_bytes() != nothing]
        return found

    assert asyncio.run(told()) == []
