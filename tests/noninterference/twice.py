"""A world run twice, under its two secrets: what differed to whom, whether the secret was reached, and which channels were looked through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.noninterference import checks
from tests.noninterference.checks import Breach, Particulars
from tests.noninterference.flows import Flows
from tests.noninterference.house import House
from tests.noninterference.steps import Course
from tests.noninterference.surfaces import DECLARED, Key, Known, Readings, Watch
from tests.noninterference.worlds import Secret, World

FILES_OF_ONE_IN = 4
"""Of so many worlds one has the database's files read, which takes as long as all its pages."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A surface of an observer after a step, under the one secret and under the other; or a rule that one run broke by itself."""

    step: str
    observer: str
    surface: str
    left: tuple[bytes, ...]
    right: tuple[bytes, ...]


@dataclass
class Run:
    """One run: the readings after each step, the ids that were about then, and the rules that it broke."""

    readings: list[tuple[str, Readings]] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    breaches: list[tuple[str, Breach]] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    effects: set[str] = field(default_factory=set)


@dataclass
class Verdict:
    """What came of a world. Without ``reached`` it shows nothing, whatever was compared."""

    world: World
    differences: list[Difference]
    reached: bool
    surfaces: int
    effects: frozenset[str]
    """Kinds of what was written at agencies in either run (``flag.create``, ``marker.create``, ``work-item.create`` ...)."""
    seen: set[Key]
    """Surfaces that were read after the secret had been reached, and the rules that were held to."""


async def run(house: House, world: World, secret: Secret, shown: Sequence[Known] | None = None) -> Run:
    """One run from an empty database. ``shown`` are the ids that the other run had, to be asked for here too."""
    town = house.begin(world)
    course = Course(house, town, world, secret)
    watch, made, particulars, looked_at = Watch(course), Run(), Particulars(world, house.this_week()), set[tuple[str, bytes]]()
    sent, files = set[bytes](), world.seed % FILES_OF_ONE_IN == 0
    for place, step in enumerate(world.steps):
        house.chance.begin(world.seed, step.label, step.after)
        await course.take(step)
        house.chance.begin(world.seed, f"looking after {step.label}", step.after)
        known = shown[place] if shown else watch.known()
        made.known.append(known)
        readings = await watch.after(step.label, known, last=step is world.steps[-1])
        made.readings.append((step.label, readings))
        made.breaches += [(step.label, breach) for breach in checks.of_readings(readings, particulars, looked_at)]
        made.breaches += [(step.label, breach) for breach in checks.of_sent(town.sent, particulars)]
        made.breaches += [(step.label, breach) for breach in checks.of_places(course)]
        made.checked |= {"wire"} if town.sent else set()
        sent.update(checks.digests_of(town.sent) if files else ())
        town.sent.clear()
    made.effects = {entry.what for ledger in town.ledgers.values() for entry in ledger.entries("")}
    made.breaches += [("the end", breach) for breach in checks.of_folder(house, particulars)]
    if files:
        made.breaches += [("the end", breach) for breach in checks.of_files(house, particulars, sent)]
        made.checked.add("files")
    return made


def compare(world: World, left: Run, right: Run, flows: Flows) -> Verdict:
    """Every reading of the one run beside that of the other."""
    found, seen, reached, surfaces = list(_breaches(left, right)), set[Key](), False, 0
    for (label, a), (_, b) in zip(left.readings, right.readings, strict=True):
        for key in {**a, **b}:
            differs = a.get(key) != b.get(key)
            if key[0] == DECLARED:
                reached = reached or differs
                continue
            surfaces += 1
            if differs and not flows.allow(world.pair, *key):
                found.append(Difference(label, *key, a.get(key, ()), b.get(key, ())))
        if reached:
            seen |= {key for key in {**a, **b} if key[0] != DECLARED}
    seen |= {("rule", name) for name in left.checked | right.checked} if reached else set()
    return Verdict(world, found, reached, surfaces, frozenset(left.effects | right.effects), seen)


def _breaches(left: Run, right: Run) -> Iterator[Difference]:
    for side, one in (("left", left), ("right", right)):
        for label, breach in one.breaches:
            values = ((breach.found,), ()) if side == "left" else ((), (breach.found,))
            yield Difference(label, f"rule: {breach.rule}", breach.where, *values)


def twice(house: House, world: World, flows: Flows) -> Verdict:
    """Both runs, one after the other."""
    left_secret, right_secret = world.secrets
    left = house.loop.run_until_complete(run(house, world, left_secret))
    right = house.loop.run_until_complete(run(house, world, right_secret, left.known))
    return compare(world, left, right, flows)
