"""A failing world made small: steps, cases, people, agencies are left out one after the other, as long as it still fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.noninterference.worlds import World

Fails = Callable[[World], bool]
MOST_TRIES = 150


def shrink(world: World, fails: Fails) -> World:
    """The smallest that was found. Each part is drawn from its own label, so leaving one out leaves the others as they were."""
    tries = MOST_TRIES
    smaller = True
    while smaller and tries > 0:
        smaller = False
        for candidate in _smaller(world):
            tries -= 1
            if fails(candidate):
                world, smaller = candidate, True
                break
            if tries <= 0:
                break
    return world


def _smaller(world: World) -> Iterator[World]:
    steps = world.steps
    if len(steps) > 4:
        yield replace(world, steps=steps[: len(steps) * 2 // 3])
    for place in reversed(range(len(steps))):
        if len(steps) > 1:
            yield replace(world, steps=steps[:place] + steps[place + 1 :])
    for agency in world.holdings:
        if len(world.holdings) > 1:
            kept = {a: people for a, people in world.holdings.items() if a != agency}
            yield replace(world, holdings=kept, shared=tuple(a for a in world.shared if a != agency))
    if world.southern:
        yield replace(world, southern=(), shared=(), party="", steps=tuple(s for s in steps if not s.kind.startswith("south")))
    if world.public:
        yield replace(world, public=())
    for kept in _fewer_people(world):
        yield kept


def _fewer_people(world: World) -> Iterator[World]:
    """Without whoever stands in no case, and without children of the secret case."""
    if len(world.secret.people) > 2:
        yield replace(world, secret=replace(world.secret, people=world.secret.people[:2]))
    listed = {id_ for case in (world.secret, *world.public, *world.southern) for _, id_ in case.people} | {world.other}
    for resident in world.residents:
        if resident.id not in listed:
            holdings = {a: tuple(p for p in people if p.resident_id != resident.id) or people[:1] for a, people in world.holdings.items()}
            yield replace(world, residents=tuple(r for r in world.residents if r.id != resident.id), holdings=holdings)
