"""A world: who lives where, which agencies hold whom, which cases are on which list, what is the secret, and the trace of steps.

A world is a value made from one number. Steps carry their own labels and times, so that a world without one of its steps (``shrinking``) draws
and dates all the others as before.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from contracts.stubs.leaks import Leak
from contracts.stubs.people import AgencyPerson, Resident, exactly_held
from tests.noninterference.people import Village

TRUST, CALDER, POLICE, HOMES, OFFICE = "northmoor-nhs-trust", "calderbrook-nhs-trust", "northmoor-police", "northmoor-homes", "northmoor-marac"
SOUTH_TRUST = "southmoor-nhs-trust"
LEAKS = tuple(leak.value for leak in Leak)
NORTH, SOUTH = "northmoor", "southmoor"
PATTERNS = {TRUST: "NM{:07d}", CALDER: "C{:07d}", POLICE: "N{:07d}", HOMES: "b7d3a2c4-51e6-4f08-9a1d-00000{:07d}", SOUTH_TRUST: "SM{:07d}"}
HELD = {TRUST: 0.85, CALDER: 0.6, POLICE: 0.6, HOMES: 0.7, SOUTH_TRUST: 0.5}
"""The share of the residents whom each agency holds."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A case as the coordinator knows it: its number, and who stands in it in which part (resident ids)."""

    number: str
    people: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Secret:
    """Everything that the Marac's side knows and does beyond what everybody may know. Two of these make a pair."""

    listed: bool = True
    swapped: bool = False
    linked: str = "p"
    """``p``: the case names the perpetrator; ``y``: it names somebody else in that part."""
    notes: str = "first account"
    described: str = "exactly"
    """``exactly``; ``vaguely`` (no date of birth); ``wrongly`` (another date of birth)."""
    decided: str = "approve"
    """``approve``, ``refuse`` or ``remove`` (approved and removed again)."""
    done: bool = True
    """Whether the agencies finish the actions."""


PAIRS: Mapping[str, tuple[Secret, Secret]] = {
    "S1": (Secret(), Secret(listed=False)),
    "S2": (Secret(), Secret(swapped=True)),
    "S3": (Secret(), Secret(linked="y")),
    "S4": (Secret(notes="first account"), Secret(notes="another account of it, and longer than the first")),
    "S5": (Secret(), Secret(described="wrongly")),
    "S6": (Secret(), Secret(listed=False)),
    "S7": (Secret(), Secret(listed=False)),
    "S8": (Secret(), Secret(decided="refuse")),
    "S8r": (Secret(decided="remove"), Secret(decided="approve")),
    "S9": (Secret(), Secret(described="vaguely")),
    "S10": (Secret(), Secret(done=False)),
}
"""S1 absent or present, S2 parts swapped, S3 linked to one or another, S4 other content, S5 hits or none, S6 as S1 with a party among the staff,
S7 n or n+1 cases, S8 approved, refused or removed, S9 clear or ambiguous match, S10 action complete or not."""


@dataclass(frozen=True, slots=True)
class Step:
    """``label`` is what everything of the step is drawn from; ``after`` is when it happens, from the world's beginning."""

    kind: str
    label: str
    after: timedelta
    choice: int = 0
    """Which of several things, where the kind has a choice; any number."""


@dataclass(frozen=True)
class World:
    """See the module."""

    seed: int
    pair: str
    residents: tuple[Resident, ...]
    holdings: Mapping[str, tuple[AgencyPerson, ...]]
    secret: Listed
    other: str
    """The resident whom S3 names in the perpetrator's place."""
    public: tuple[Listed, ...]
    southern: tuple[Listed, ...]
    steps: tuple[Step, ...]
    leaks: tuple[str, ...] = ()
    """Faults of the trust's system that show alerts to others than staff; it is then not proven, and nothing may be written to it."""
    markers: bool = False
    """Whether the police offer need-to-know markers and let them be checked."""
    shared: tuple[str, ...] = ()
    """Agencies that sit at both tables."""
    party: str = ""
    """The user who is, or is close to, a person of the case; "" for nobody."""
    marks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def secrets(self) -> tuple[Secret, Secret]:
        """Left and right."""
        return PAIRS[self.pair]

    def resident(self, id_: str) -> Resident:
        """By id."""
        return next(r for r in self.residents if r.id == id_)

    def described(self) -> str:
        """A page that tells the world, for a report; invented people only."""
        lines = [f"world {self.seed}, pair {self.pair}: {self.secrets[0]}", f"   against {self.secrets[1]}"]
        lines += [f"resident {r.id}: {r.given} {r.family}, born {r.birth_date}, {r.address.lines[0]}, parents {r.parents}" for r in self.residents]
        lines += [f"{agency} holds {', '.join(f'{p.local_id}={p.resident_id}' for p in people)}" for agency, people in self.holdings.items()]
        lines += [f"secret case: {self.secret.people}; other: {self.other}", f"public cases: {self.public}", f"southern cases: {self.southern}"]
        lines += [f"leaks of the trust (then not proven) {self.leaks}"] if self.leaks else []
        lines += [f"markers {self.markers}, at both tables {self.shared}, party {self.party or 'nobody'}"]
        lines += [f"step {step.label} after {step.after}" for step in self.steps]
        return "\n".join(lines)


USERS_OF_THE_SOUTH = ("s-coordinator", "s-representative", "s-shared", "s-auditor")


def make_world(seed: int) -> World:
    """The world of a number."""
    rng = random.Random(f"world {seed}")
    village = Village(rng, rng.choice((1, 2, 2, 2, 3, 3, 4, 6)), look_alikes=rng.random() < 1 / 3)
    pair = rng.choice(tuple(PAIRS))
    agencies = [TRUST] if pair in _FAR_ENOUGH or rng.random() < 0.92 else []
    agencies += [a for a, share in ((CALDER, 0.5), (POLICE, 0.6), (HOMES, 0.45)) if rng.random() < share]
    agencies = agencies or [POLICE]
    south = rng.random() < 0.6
    secret, other = _secret_case(rng, village)
    taken = {id_ for _, id_ in secret.people}
    free = [r for r in village.residents if not r.parents and r.id not in taken]
    public = () if pair == "S1" and rng.random() < 0.5 else _cases(rng, free, "PB", 1 if pair == "S7" else 0)
    named = [r for r in village.residents if not r.parents]
    southern = _cases(rng, named, "SO", 1) if south else ()
    shared = tuple(a for a in agencies if south and rng.random() < 0.5)
    world = World(
        seed=seed, pair=pair, residents=tuple(village.residents), holdings={a: _held(rng, a, village, taken) for a in [*agencies, *([SOUTH_TRUST] if south else [])]},
        leaks=tuple(rng.sample(LEAKS, rng.randint(1, 4))) if rng.random() < 0.1 else (), secret=secret, other=other, public=public, southern=southern, steps=(), markers=rng.random() < 0.4, shared=shared,
        party=rng.choice(USERS_OF_THE_SOUTH) if south and (pair == "S6" or rng.random() < 0.2) else "",
    )  # fmt: skip
    return replace(world, steps=_trace(rng, world))


def _secret_case(rng: random.Random, village: Village) -> tuple[Listed, str]:
    """A couple, parted or not, with their children; the other is a neighbour, a relative or a look-alike."""
    adults = [r for r in village.residents if not r.parents]
    children = [r for r in village.residents if r.parents]
    couple = village.parents_of(rng.choice(children))[:2] if children and rng.random() < 0.8 else []
    if len(couple) < 2:
        couple = rng.sample(adults, 2)
    victim, perpetrator = rng.sample(couple, 2)
    people = [("victim", victim.id), ("perpetrator", perpetrator.id)]
    people += [("child", child.id) for child in village.children_of(victim)[:2]]
    others = [r.id for r in adults if r.id not in (victim.id, perpetrator.id)]
    return Listed("NM-77", tuple(people)), rng.choice(others) if others else perpetrator.id


def _cases(rng: random.Random, free: list[Resident], prefix: str, at_least: int) -> tuple[Listed, ...]:
    pool = free[:]
    rng.shuffle(pool)
    count = max(at_least, rng.choice((0, 1, 1, 2, 3)))
    return tuple(
        Listed(f"{prefix}-{n}", (("victim", pool.pop().id), ("perpetrator", pool.pop().id))) for n in range(1, count + 1) if len(pool) >= 2
    )


def _held(rng: random.Random, agency: str, village: Village, parties: set[str]) -> tuple[AgencyPerson, ...]:
    people = [r for r in village.residents if rng.random() < (0.93 if r.id in parties else HELD[agency])]
    if not people:
        people = village.residents[:1]
    numbers = rng.sample(range(10_000, 99_999), len(people))
    return tuple(
        exactly_held(r, PATTERNS[agency].format(n), open_to_services=rng.random() < 0.75) for r, n in zip(people, numbers, strict=True)
    )


_COURSE = ("import", "search", "match", "report", "propose", "approve", "write", "assign", "deliver", "finish", "poll", "check", "remove", "deliver", "close", "deliver")
"""The order of the Marac's side. A trace has the beginning of it, up to some step, and others in between."""
_FAR_ENOUGH = {"S2": 7, "S4": 9, "S8": 7, "S8r": 14, "S10": 11}
"""How much of the course a pair needs, so that its secret makes any difference at all."""
_LATER = ("reissue", "resend", "partial", "crash", "retry", "expire", "reconcile", "pause", "ask-again", "open")
_ORDINARY = ("staff-opens", "telephone", "staff-opens", "publish", "staff-flag-edit", "record-merged", "record-parted")
_SOUTHERN = ("south-import", "south-search", "south-match", "south-propose", "south-import")


def _trace(rng: random.Random, world: World) -> tuple[Step, ...]:
    kinds = list(_COURSE[: rng.randint(_FAR_ENOUGH.get(world.pair, 5), len(_COURSE))])
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        kinds.insert(rng.randint(2, len(kinds)), rng.choice(_LATER))
    for _ in range(rng.choice((0, 1, 2, 3))):
        kinds.insert(rng.randint(0, len(kinds)), rng.choice(_ORDINARY))
    if world.southern:
        at = rng.randint(0, len(kinds))
        for kind in _SOUTHERN[: rng.randint(1, len(_SOUTHERN))]:
            kinds.insert(at, kind)
            at = rng.randint(at + 1, len(kinds))
    moment, steps = timedelta(), []
    for place, kind in enumerate(kinds):
        moment += timedelta(days=400) if kind == "expire" else timedelta(minutes=rng.choice((3, 7, 45)))
        steps.append(Step(kind, f"{place} {kind}", moment, rng.randrange(1_000)))
    return tuple(steps)
