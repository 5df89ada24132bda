"""One run of the relay: the asynchronous island that serves lanes until nothing is due.

Three loops share the work. *Looking*: takes lanes that have work, keeps the leases, notices pauses and losses. *Claiming*: fetches messages for
every lane that runs low, in one statement. *Settling*: gathers results and writes them in batches. Between them each lane has up to as many
deliveries under way as its transport allows.

A lane is never served past its lease by the island's own monotonic clock: whoever was stopped for a while (SIGSTOP, a suspended machine) sends
nothing more until the lease is renewed.

Islands share the lanes out evenly. Whoever has more than its share when another comes gives lanes back, each once nothing of it is under way and
every result is written; so one destination never has two islands, nor more under way than it bears.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import TypeVar
from uuid import UUID

from outbox.lane import Lane, NoTransport
from outbox.ledger import Ledger, Sweep
from outbox.messages import Delivery, Outcome
from outbox.report import RelayReport
from outbox.schedule import Schedule
from outbox.settlement import INTERRUPTED, TRANSPORT_FAILED, Claimed, Settlement, expired, settle, unreadable
from outbox.tables import EVERYTHING
from outbox.transport import Transport, Transports

T = TypeVar("T")

_LEASE_SHARE = 0.8
"""The share of a lease that is used by our own clock; the rest is for what passes between the database's clock and ours."""
_TRIES = 10
_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Times in seconds. The defaults suit production; nothing in them changes what is delivered, only when."""

    lease_s: float = 30.0
    look_s: float = 0.25
    """How often lanes are looked at: the longest that a pause, or a message for an idle lane, goes unnoticed."""
    gather_s: float = 0.1
    gather_most: int = 100
    """Results are written together: after this time, or when there are so many."""
    linger_s: float = 1.0
    """What falls due within this time is waited for; later work is left to the next wake-up."""
    drain_s: float = 20.0
    """How long deliveries under way may take after a stop was asked for."""
    outage_s: float = 60.0
    """How long the database may be away before the run ends in its error. What was claimed is then found again as interrupted."""
    most_interruptions: int = 12
    """After so many ends of a process that had the message, it is parked: it may be what ends them."""


class Island:
    """One run; ``outbox.relay.Relay`` makes one each time."""

    def __init__(self, ledger: Ledger, transports: Transports, schedule: Schedule, settings: RelaySettings) -> None:
        self._ledger, self._transports, self._schedule, self._settings = ledger, transports, schedule, settings
        self._threads = ThreadPoolExecutor(3, thread_name_prefix="outbox")
        self._lanes: dict[str, Lane] = {}
        self._opened: list[Transport] = []
        self._served: set[str] = set()
        self._in_hand: dict[UUID, str] = {}
        """The lane of each message that is at hand, under way, or whose result is not written yet."""
        self._results: list[Settlement] = []
        self._writing = False
        self._fetching: Collection[str] = ()
        """The lanes that a claim under way is for."""
        self._deliveries: set[asyncio.Task[None]] = set()
        self._hungry, self._resulted, self._enough, self._look = (asyncio.Event() for _ in range(4))
        self._leaving = False
        self._report = RelayReport()

    async def run(self, stop: threading.Event, idle_exit: bool) -> RelayReport:
        """Serves until nothing is due (``idle_exit``) or ``stop`` is set. Raises when the database stays away."""
        loops = []
        try:
            await asyncio.gather(self._call(self._ledger.open), self._call(self._ledger.warm))
            loops = [asyncio.create_task(loop) for loop in (self._looking(stop, idle_exit), self._claiming(), self._settling())]
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            self._report.lanes = len(self._served)
            return self._report
        finally:
            for task in (*loops, *self._deliveries):
                task.cancel()
            await self._close()

    def look_now(self) -> None:
        """Something may have come."""
        self._look.set()

    # Looking

    async def _looking(self, stop: threading.Event, idle_exit: bool) -> None:
        renewed, pause_s = -inf, 0.0
        while not stop.is_set():
            await self._wait(pause_s)
            began = time.monotonic()
            renew = began - renewed >= min(1.0, self._settings.lease_s / 5)
            dry = tuple(lane.name for lane in self._lanes.values() if lane.dry)
            sweep = await self._guarded(partial(self._ledger.sweep, tuple(self._lanes), dry, renew=renew))
            renewed = began if renew else renewed
            await self._apply(sweep, began)
            pause_s = self._settings.look_s
            if idle_exit and not (self._busy or sweep.taken or sweep.ready or sweep.promised):
                if not self._lanes and not self._soon(sweep):
                    break
                pause_s = await self._leave_lanes(sweep)
        await self._drain()

    def _soon(self, sweep: Sweep) -> bool:
        self._report.next_due_s = sweep.next_due_s
        return sweep.next_due_s is not None and sweep.next_due_s <= self._settings.linger_s

    async def _leave_lanes(self, sweep: Sweep) -> float:
        """Gives up idle lanes; seconds until the next look. Lanes given up are looked at once more before the run ends: a message may have come
        for them while they were ours, and whoever was woken for it found them taken."""
        if self._lanes:
            await self._give_up(list(self._lanes.values()))
            return 0.0
        return min(sweep.next_due_s or 0.0, self._settings.look_s)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._look.wait()
        self._look.clear()

    async def _apply(self, sweep: Sweep, began: float) -> None:
        lease_over = began + self._settings.lease_s * _LEASE_SHARE
        for name in sweep.taken - self._lanes.keys():
            self._lanes[name] = self._lane(name, lease_over)
        if sweep.held is not None:
            self._keep_leases(sweep.held | sweep.taken, lease_over)
        for claimed in sweep.abandoned:
            self._result(claimed, Delivery(Outcome.UNSURE, reason=INTERRUPTED))
        for claimed in sweep.expired:
            if claimed.message.id not in self._in_hand:
                self._in_hand[claimed.message.id] = claimed.message.lane
                self._result(claimed, expired(claimed.message))
        for name in sweep.ready & self._lanes.keys():
            self._lanes[name].dry = False
        self._share_out(sweep.spare)
        await self._pause(sweep.paused)
        await self._put_back_idle_stock()
        for lane in self._lanes.values():
            self._serve(lane)
        self._hungry.set()

    def _keep_leases(self, held: frozenset[str], lease_over: float) -> None:
        for lane in list(self._lanes.values()):
            if lane.name in held:
                lane.lease_over = lease_over
            else:  # another island has it; what is under way ends, and counts if it is not fenced
                lane.paused = True
                self._forget(lane)
                del self._lanes[lane.name]

    def _share_out(self, spare: int) -> None:
        """Chooses what to give back: first what was chosen before, then what rests, then what will soonest be free."""
        for n, lane in enumerate(sorted(self._lanes.values(), key=lambda lane: (not lane.leaving, lane.busy, lane.pace_s))):
            lane.leaving = n < spare

    async def _pause(self, paused: frozenset[str]) -> None:
        """Sends nothing more in lanes that are paused or to be given back, and gives them up once nothing of theirs is in hand."""
        for lane in self._lanes.values():
            lane.paused = lane.leaving or lane.name in paused or EVERYTHING in paused
        still = [lane for lane in self._lanes.values() if lane.paused]
        if ids := [one for lane in still for one in self._forget(lane)]:
            await self._guarded(partial(self._ledger.release, ids))
        in_hand = {*self._fetching, *self._in_hand.values()}
        if done := [lane for lane in still if lane.name not in in_hand]:
            await self._give_up(done)

    async def _give_up(self, lanes: Sequence[Lane]) -> None:
        """For other islands, or for nobody. Each has its connections closed before, so that a destination never sees those of two islands."""
        for lane in lanes:
            del self._lanes[lane.name]
            await self._shut(lane.transport)
        await self._guarded(partial(self._ledger.give_up, [lane.name for lane in lanes]))

    async def _put_back_idle_stock(self) -> None:
        """What lies at hand while a slow destination is busy could not be withdrawn."""
        if idle := [one for lane in self._lanes.values() if lane.stuck for one in self._forget(lane)]:
            await self._guarded(partial(self._ledger.release, idle))

    def _forget(self, lane: Lane) -> list[UUID]:
        """Drops what is at hand and not begun."""
        ids = [claimed.message.id for claimed, _ in lane.waiting]
        lane.waiting.clear()
        self._drop(ids)
        return ids

    def _drop(self, ids: Iterable[UUID]) -> None:
        for one in ids:
            self._in_hand.pop(one, None)

    def _lane(self, name: str, lease_over: float) -> Lane:
        try:
            transport = self._transports.open(name)
        except Exception:  # noqa: BLE001 (one lane that cannot be opened must not stop the others)
            transport = NoTransport()
        self._opened.append(transport)
        self._served.add(name)
        return Lane(name, transport, max(1, self._transports.concurrency(name)), lease_over)

    def _look_if_idle(self) -> None:
        if not self._busy or any(lane.vacant for lane in self._lanes.values()):
            self._look.set()

    @property
    def _busy(self) -> bool:
        return self._writing or bool(self._fetching or self._results) or any(lane.busy or lane.hungry for lane in self._lanes.values())

    # Claiming and delivering

    async def _claiming(self) -> None:
        while True:
            await self._hungry.wait()
            lanes = self._lanes.values()
            await asyncio.sleep(min((lane.patience_s for lane in lanes if lane.hungry), default=0.0))
            self._hungry.clear()
            wanted = {lane.name: lane.room for lane in lanes if lane.room > 0} if any(lane.hungry for lane in lanes) else {}
            if wanted and not self._leaving and len(self._results) < _MOST_AT_ONCE:
                self._fetching = wanted
                began = time.monotonic()
                await self._stock(wanted, await self._claim(wanted), began)
                self._fetching = ()
                self._look_if_idle()

    async def _claim(self, wanted: Mapping[str, int]) -> list[Claimed]:
        try:
            return await self._call(partial(self._ledger.claim, wanted))
        except Exception:  # noqa: BLE001 (what was claimed without our knowing is put back, once the database answers)
            await self._guarded(lambda: self._ledger.release_all_but(tuple(self._in_hand)))
            return []

    async def _stock(self, wanted: Mapping[str, int], claimed: Sequence[Claimed], began: float) -> None:
        found = dict.fromkeys(wanted, 0)
        homeless = []
        for one in claimed:
            found[one.message.lane] += 1
            lane = self._lanes.get(one.message.lane)
            if lane and not lane.paused and not self._leaving:
                self._in_hand[one.message.id] = lane.name
                lane.stock(one, began)
            else:
                homeless.append(one.message.id)
        for name in wanted.keys() & self._lanes.keys():
            self._lanes[name].dry = found[name] < wanted[name]
            self._serve(self._lanes[name])
        if homeless:  # the lane was lost or paused, or a stop was asked for, while the claim was under way
            await self._guarded(partial(self._ledger.release, homeless))

    def _serve(self, lane: Lane) -> None:
        while (following := lane.next()) is not None:
            claimed, may_leave = following
            if not may_leave:
                self._result(claimed, expired(claimed.message))
            elif not claimed.readable:
                self._result(claimed, unreadable())
            else:
                lane.under_way += 1
                task = asyncio.create_task(self._deliver(lane, claimed))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)
        if lane.hungry:
            self._hungry.set()

    async def _deliver(self, lane: Lane, claimed: Claimed) -> None:
        began, left_at = time.monotonic(), datetime.now(UTC)
        try:
            delivery = await lane.transport.deliver(claimed.message)
        except asyncio.CancelledError:
            delivery = Delivery(Outcome.UNSURE, reason=INTERRUPTED)
        except Exception:  # noqa: BLE001 (a fault of a transport is not known to have been without effect)
            delivery = Delivery(Outcome.UNSURE, reason=TRANSPORT_FAILED)
        lane.under_way -= 1
        lane.delivered_in(time.monotonic() - began)
        self._serve(lane)
        self._result(claimed, delivery, left_at)
        if lane.vacant:  # whoever waits for it waits no longer than this result takes to be written
            self._enough.set()

    # Settling

    def _result(self, claimed: Claimed, delivery: Delivery, left_at: datetime | None = None) -> None:
        self._results.append(settle(claimed, delivery, self._schedule, left_at, self._settings.most_interruptions))
        self._resulted.set()
        if len(self._results) >= self._settings.gather_most or not any(lane.busy for lane in self._lanes.values()):
            self._enough.set()

    async def _settling(self) -> None:
        while True:
            await self._resulted.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.gather_s):
                    await self._enough.wait()
            self._resulted.clear()
            self._enough.clear()
            while self._results:
                await self._write(self._results[:_MOST_AT_ONCE])

    async def _write(self, batch: Sequence[Settlement]) -> None:
        del self._results[: len(batch)]
        self._writing = True
        self._report.count(await self._guarded(partial(self._ledger.settle, batch)))
        self._drop(s.result.message.id for s in batch)
        for name in {s.result.message.lane for s in batch if s.claimed.order_key} & self._lanes.keys():
            self._lanes[name].dry = False  # the next of its kind may leave now
        self._writing = False
        self._hungry.set()
        self._look_if_idle()

    # Ending

    async def _drain(self) -> None:
        """Puts back what was not begun, waits for what was, and writes what came of it."""
        self._leaving = True
        while self._fetching:
            await asyncio.sleep(0.005)
        ids = [one for lane in self._lanes.values() for one in self._forget(lane)]
        if ids:
            await self._guarded(partial(self._ledger.release, ids))
        if self._deliveries:
            _, late = await asyncio.wait(self._deliveries, timeout=self._settings.drain_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        while self._results or self._writing:
            await asyncio.sleep(0.005)

    async def _close(self) -> None:
        for transport in tuple(self._opened):
            await self._shut(transport)
        with suppress(Exception):
            await self._call(partial(self._ledger.close, tuple(self._lanes)))
        self._threads.shutdown(wait=False)

    async def _shut(self, transport: Transport) -> None:
        self._opened.remove(transport)
        with suppress(Exception):
            await transport.close()

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _guarded(self, work: Callable[[], T]) -> T:
        """Runs work that may be repeated; while the database is away it is tried again, for as long as an outage may last."""
        until, tries = time.monotonic() + self._settings.outage_s, 0
        while True:
            try:
                return await self._call(work)
            except Exception:
                tries += await self._answers()
                if tries >= _TRIES or time.monotonic() > until:
                    raise
                await asyncio.sleep(0.25)

    async def _answers(self) -> bool:
        try:
            await self._call(self._ledger.check)
        except Exception:  # noqa: BLE001 (that it does not answer is the answer)
            return False
        return True
