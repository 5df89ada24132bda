"""Which channels a world looked through after its secret had been reached; and those that this suite does not exercise, with the reason.

A channel counts in a world when at least one of its surfaces was read there after the two runs had begun to differ for those who may know.
``tests/noninterference/test_channels.py`` holds the list against docs/testing-statement.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from tests.noninterference.surfaces import Key
from tests.noninterference.worlds import World

Pattern = tuple[str, str]
OWN = "own program "
CHANNELS: Mapping[str, tuple[Pattern, ...]] = {
    "C01": (("O2 at *", "portal record *"), ("O2 at *", "patient-app *")),
    "C03": (("O3 at *", "*"),),
    "C05": (("O2 at northmoor-homes", "*"),),
    "C06": (("O2 at *", "referral letter *"), ("O2 at *", "appointment-letter *"), ("O2 at *", "printed summary*"), ("O2 at *", "brief-summary *"), ("O4 at *", "household letter *")),
    "C08": (("O6 at *", "feed *"), ("O6 at *", "demographics feed *")),
    "C09": (("O2 at *", OWN + "*$everything*"), ("O2 at *", OWN + "*_revinclude*"), ("O2 at *", OWN + "*_summary*")),
    "C10": (("O2 at *", OWN + "/Patient/*"), ("O2 at *", "notifications *")),
    "C11": (("O2 at *", OWN + "/Flag/*/_history*"), ("O5 at *", "subject access pack *")),
    "C12": (("O2 at *", "access log *"), ("O2 at *", "access-log *")),
    "C13": (("O5 at *", "subject*access*pack *"),),
    "C14": (("O5 at northmoor-police", "disclosure-export *"), ("O5 at northmoor-police", "custody-record *")),
    "C18": (("O9 operator", "log"),),
    "C20": (("O? *", "POST /api/v1/alerts"), ("O1 anyone", "POST *")),
    "C21": (("O9 operator", "queue server *"),),
    "C22": (("rule", "wire"),),
    "C24": (("O7 *", "POST */export"), ("O8 *", "POST */export")),
    "C25": (("rule", "files"),),
    "C27": (("O7 *", "GET *"), ("O8 *", "GET *")),
    "C28": (("O7 *", "GET /lists*"), ("O7 *", "GET /api/v1/case-lists*"), ("O8 *", "GET /lists*")),
    "C29": (("O7 s-coordinator", "receipt"),),
    "C34": (("rule", "wire"),),
    "C36": (("rule", "wire"),),
    "C37": (("O8 *", "*"),),
    "C39": (("rule", "wire"),),
    "C40": (("O2 at *", "portal record *"),),
    "C41": (("O2 at *", OWN + "/Flag*"),),
    "C42": (("O2 at *", OWN + "*$everything*"),),
    "C43": (("O2 at *", OWN + "*_summary=count*"), ("O2 at *", OWN + "*_count=1*")),
    "C44": (("O2 at *", "notifications *"), ("O2 at *", OWN + "/Subscription*")),
    "C48": (("O1 anyone", "GET /*"), ("O7 *", "GET /lists*")),
    "C49": (("rule", "wire"),),
}
"""Channel to the surfaces that look through it."""


def _steps(world: World, *kinds: str) -> bool:
    return any(step.kind in kinds for step in world.steps)


def _both_on_one_home(world: World) -> bool:
    homes = [world.resident(id_).household_id for _, id_ in world.secret.people[:2]]
    return homes[0] == homes[1]


def _look_alike(world: World) -> bool:
    names = [(r.given, r.family) for r in world.residents]
    return len(set(names)) < len(names)


BY_WORLD: Mapping[str, Callable[[World], bool]] = {
    "C02": lambda world: any(p.resident_id == world.secret.people[0][1] for people in world.holdings.values() for p in people),
    "C04": lambda world: any(role == "child" for role, _ in world.secret.people),
    "C30": lambda world: _steps(world, "record-merged"),
    "C31": lambda world: _steps(world, "record-parted"),
    "C32": lambda world: world.pair == "S9" or _look_alike(world),
    "C33": lambda world: _steps(world, "reissue"),
    "C35": _both_on_one_home,
    "C52": lambda world: all(r.nhs_number.startswith("999") for r in world.residents),
}
"""Channels that a world has by who lives in it and what happens there."""

ELSEWHERE: Mapping[str, str] = {
    "C07": "what a screen shows before and after somebody presses is looked at in a browser (tests/browser), not in bytes of an answer",
    "C15": "the gateway sends no mail (docs/decisions/0032; no module that could is let in: tests/architecture)",
    "C16": "no sender of text messages or calls exists (tests/architecture)",
    "C17": "there is no mail whose times could tell (docs/decisions/0032)",
    "C19": "the gateway has no metrics with labels of data; logs are compared instead (C18)",
    "C23": "what a browser keeps is searched in the browser's own folder (tests/browser); here only the headers that forbid keeping",
    "C26": "time cannot be compared as bytes: tests/benchmarks/timing.py",
    "C38": "the gateway offers no search for a person",
    "C45": "files are read in a child process; what is left of them is searched by the canary scan of tests/acceptance",
    "C46": "print is a browser's (tests/browser)",
    "C47": "a screen shared in a meeting is a browser's (tests/browser)",
    "C50": "no support bundle exists",
    "C51": "a session's end by time and by the next user: tests/integration/test_sign_in.py",
}
"""Channels that are not exercised here, and why."""


def channels_of(world: World, seen: Iterable[Key]) -> frozenset[str]:
    """The channels that a world looked through."""
    keys = list(seen)
    by_surface = {c for c, patterns in CHANNELS.items() if any(fnmatchcase(o, po) and fnmatchcase(s, ps) for po, ps in patterns for o, s in keys)}
    return frozenset(by_surface | {channel for channel, holds in BY_WORLD.items() if holds(world)})
