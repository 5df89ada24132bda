"""The island's bookkeeping in PostgreSQL: which lanes and messages it holds, and what became of them.

Everything here is synchronous and runs in threads of the island. Each kind of work has its own connection, opened anew after a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine, Row

from outbox import statements as q
from outbox.bulk import Blobs, Ids, Texts
from outbox.messages import Delivery, Message, MessageState, Outcome, Result
from outbox.settlement import HANDLER_FAILED, Claimed, Settlement
from outbox.transport import Cipher, Handler
from outbox.writer import body_context

T = TypeVar("T")
_SEQ = itemgetter(11)
"""Of ``statements.READ``."""

_SHORTEST_IDLE_S, _LONGEST_IDLE_S = 2.0, 10.0
"""How long a transaction may rest between two statements, whatever the lease: a handler at work is not idle for seconds."""


class Line:
    """One connection, used by one piece of work at a time. After a fault its session is ended, and the next piece opens another."""

    def __init__(self, engine: Engine, idle_s: float, opened: Callable[[Connection], None] = lambda _: None) -> None:
        self._engine, self._idle_s, self._opened = engine, idle_s, opened
        self._connection: Connection | None = None

    def transaction(self, work: Callable[[Connection], T]) -> T:
        """Runs the work in a transaction of its own."""
        try:
            connection = self.open()
            with connection.begin():
                return work(connection)
        except BaseException:
            self.end()
            raise

    def open(self) -> Connection:
        """The connection, opened if there is none."""
        if self._connection is None:
            self._connection = self._engine.connect()
            with self._connection.begin():
                self._connection.execute(q.BY_KEY)
                self._connection.execute(q.NOT_IDLE, {"milliseconds": str(round(self._idle_s * 1000))})
                self._opened(self._connection)
        return self._connection

    def give_back(self) -> None:
        """Returns the connection to the pool, as it came from there."""
        if self._connection is not None:
            self.transaction(_as_usual)
            self._connection.close()
            self._connection = None

    def end(self) -> None:
        """Ends the session, whatever its state."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()
            with suppress(Exception):
                connection.close()


def _as_usual(connection: Connection) -> None:
    connection.execute(q.LET_GO)
    for setting in q.AS_USUAL:
        connection.execute(setting)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a look around found. ``lost`` lanes were taken over by another island."""

    taken: frozenset[str]
    ready: frozenset[str]
    paused: frozenset[str]
    held: frozenset[str] | None
    abandoned: Sequence[Claimed]
    expired: Sequence[Claimed]
    next_due_s: float | None = None
    """Seconds until something not paused falls due; asked only when no lane is held, at the same moment as what is due already."""
    spare: int = 0
    """How many of my lanes are beyond my share: others will serve them."""
    promised: bool = False
    """Whether somebody has lanes to spare, and I have fewer than my share."""


class MarkRow(NamedTuple):
    """One row of ``statements.SETTLE``."""

    id: UUID
    token: int | None
    state: str
    outcome: str
    reason: str
    digest: bytes
    delay: float
    unsure: bool
    counted: int
    interrupted: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled; ``fenced`` counts results that came too late, because another island has the message or it has ended."""

    settled: tuple[Settlement, ...] = ()
    fenced: int = 0
    parked: int = 0

    @classmethod
    def of(cls, parts: Iterable[Settled]) -> Settled:
        """Several as one."""
        every = list(parts)
        return cls(tuple(s for part in every for s in part.settled), sum(p.fenced for p in every), sum(p.parked for p in every))


class Ledger:
    """One island's books. ``token`` is its fencing token; while the island lives, its session holds the advisory lock of that number."""

    def __init__(self, engine: Engine, cipher: Cipher, handler: Handler, lease_s: float) -> None:
        self._engine, self._cipher, self._handler, self._lease_s = engine, cipher, handler, lease_s
        idle_s = min(max(lease_s, _SHORTEST_IDLE_S), _LONGEST_IDLE_S)
        self._pulse, self._claims, self._settling = Line(engine, idle_s, self._hold), Line(engine, idle_s), Line(engine, idle_s)
        self.token = 0

    def open(self) -> None:
        """Takes a token, and holds it."""
        self._pulse.transaction(lambda _: None)

    def warm(self) -> None:
        """Opens the other connections, so that the first claim and the first result need not wait for them."""
        self._claims.open()
        self._settling.open()

    def close(self, lanes: Iterable[str]) -> None:
        """Gives up lanes and the connections. Raises when it cannot; then the sessions are ended, and others find out by themselves."""
        lines = (self._pulse, self._claims, self._settling)
        try:
            self.give_up(lanes)
            for line in lines:
                line.give_back()
        finally:
            for line in lines:
                line.end()

    def sweep(self, mine: Iterable[str], dry: Sequence[str] = (), *, renew: bool) -> Sweep:
        """Takes free lanes that have work, up to my share, and looks which dry ones of mine have some again. With ``renew``, leases are prolonged. Expired messages are found
        then, and before a run ends."""
        return self._pulse.transaction(lambda c: self._sweep(c, list(mine), list(dry), renew))

    def claim(self, wanted: Mapping[str, int]) -> list[Claimed]:
        """Claims up to so many messages per lane, in one statement; only from lanes that are still mine and not paused."""
        values = {"token": self.token, "lanes": list(wanted), "counts": list(wanted.values())}
        rows = self._claims.transaction(lambda c: c.execute(q.CLAIM, values).all())
        return self._read(sorted(rows, key=_SEQ))

    def release(self, ids: Sequence[UUID]) -> None:
        """Puts back what was claimed and not begun."""
        self._claims.transaction(lambda c: c.execute(q.RELEASE, {"token": self.token, "ids": Ids(ids)}))

    def release_all_but(self, ids: Sequence[UUID]) -> None:
        """After a claim whose outcome is not known: puts back whatever is claimed under my token and not in my hands."""
        self._claims.transaction(lambda c: c.execute(q.RELEASE_ALL_BUT, {"token": self.token, "ids": Ids(ids)}))

    def give_up(self, lanes: Iterable[str]) -> None:
        """Frees lanes for other islands."""
        self._pulse.transaction(lambda c: c.execute(q.GIVE_UP, {"token": self.token, "lanes": list(lanes)}))

    def settle(self, batch: Sequence[Settlement]) -> Settled:
        """Marks messages and hands their results over, in one transaction. If the handler fails, one by one; what fails alone is parked."""
        try:
            return self._settle(batch)
        except Exception:  # noqa: BLE001 (whatever the handler raises, no message may be lost by it)
            self.check()
            return Settled.of(self._settle_alone(settlement) for settlement in batch)

    def check(self) -> None:
        """Raises when the database does not answer: then nothing is wrong with a message or its handler."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")

    def _settle_alone(self, settlement: Settlement) -> Settled:
        for _ in range(2):
            try:
                return self._settle([settlement])
            except Exception:  # noqa: BLE001 (as above; a second try, because others may have been faster)
                self.check()
        return self._park(settlement)

    def _settle(self, batch: Sequence[Settlement]) -> Settled:
        return self._settling.transaction(lambda c: self._mark_and_hand_over(c, batch))

    def _mark_and_hand_over(self, connection: Connection, batch: Sequence[Settlement]) -> Settled:
        marked = _mark(connection, [_row(s) for s in batch])
        kept = [s for s in batch if s.result.message.id in marked]
        if results := [s.result for s in kept if s.claimed.readable and s.result.delivery.outcome is not Outcome.HELD]:
            self._handler(connection, results)
        return Settled(tuple(kept), len(batch) - len(kept))

    def _park(self, settlement: Settlement) -> Settled:
        """The reply is lost with the handler's failure, so a replay must look before it writes."""
        row = _row(settlement)._replace(state=MessageState.DEAD.value, reason=HANDLER_FAILED, unsure=True)
        marked = self._settling.transaction(lambda c: self._mark_and_tell(c, row, settlement.result))
        return Settled(parked=len(marked), fenced=1 - len(marked))

    def _mark_and_tell(self, connection: Connection, row: MarkRow, result: Result) -> frozenset[UUID]:
        """The handler hears that the message ended without a reply that could be kept: most often it was the reply that it failed on.
        Where it fails on that too, the message is parked all the same."""
        marked = _mark(connection, [row])
        lost = replace(
            result, message=replace(result.message, unsure=True), delivery=Delivery(Outcome.UNSURE, reason=HANDLER_FAILED), final=True
        )
        if marked:
            with suppress(Exception), connection.begin_nested():
                self._handler(connection, [lost])
        return marked

    def _hold(self, connection: Connection) -> None:
        self.token = self.token or connection.execute(q.NEW_TOKEN).scalar_one()
        connection.execute(q.HOLD, {"token": self.token})

    def _sweep(self, connection: Connection, mine: list[str], dry: list[str], renew: bool) -> Sweep:
        values = {"token": self.token, "lease": self._lease_s}
        held = frozenset(connection.execute(q.RENEW, values).scalars()) if renew else None
        paused = frozenset(connection.execute(q.PAUSED_LANES).scalars())
        lanes, spare, promised = connection.execute(q.TAKE, values).one()
        taken = list(lanes)
        ready = connection.execute(q.READY, {"lanes": dry}).scalars() if dry else ()
        taken += (held or frozenset()).difference(mine, taken)  # taken before, though the answer was lost
        abandoned = connection.execute(q.ABANDONED, values | {"lanes": taken}).all() if taken else ()
        expired = connection.execute(q.OVERDUE).all() if renew or not mine else ()
        due = None if mine or taken else connection.execute(q.NEXT_DUE).scalar()
        return Sweep(frozenset(taken), frozenset(ready), paused, held, self._read(abandoned), self._read(expired), due, spare, promised)

    def _read(self, rows: Iterable[Row[Any]]) -> list[Claimed]:
        return [_claimed(row, self._open_body(row)) for row in rows]

    def _open_body(self, row: Row[Any]) -> bytes | None:
        try:
            return self._cipher.open(row[3], body_context(row[0]))
        except Exception:  # noqa: BLE001 (one body that cannot be opened must not stop the others)
            return None


def _claimed(row: Row[Any], body: bytes | None) -> Claimed:
    """By place, not by name: ten times cheaper (``statements.READ``)."""
    message_id, lane, kind, _, created_at, attempts, unsure, not_after, order_key, interruptions, token, _, expires_in = row
    message = Message(message_id, lane, kind, body or b"", created_at, attempts, unsure, not_after)
    return Claimed(message, token, order_key, interruptions, expires_in, body is not None)


def _row(settlement: Settlement) -> MarkRow:
    delivery, claimed = settlement.result.delivery, settlement.claimed
    return MarkRow(
        claimed.message.id, claimed.token, settlement.state.value, delivery.outcome.value, delivery.reason, delivery.digest,
        settlement.delay.total_seconds(), settlement.unsure, int(settlement.counted), int(settlement.interrupted),
    )  # fmt: skip


_PACKED: dict[str, type[list[Any]]] = {"id": Ids, "digest": Blobs, "state": Texts, "outcome": Texts, "reason": Texts}


def _mark(connection: Connection, rows: Sequence[MarkRow]) -> frozenset[UUID]:
    columns: dict[str, list[Any]] = dict(zip(MarkRow._fields, map(list, zip(*rows, strict=True)), strict=True))
    packed = {name: kind(columns[name]) for name, kind in _PACKED.items()}
    return frozenset(connection.execute(q.SETTLE, columns | packed).scalars())
