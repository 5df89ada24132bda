"""The chained audit: append only, each entry linked to the one before by a keyed hash.

Entries are gathered during a transaction and written together at its end, because the chain is serial: whoever appends holds its head until
the commit. The hash is keyed, so that nobody without the key can write the chain anew; the head has a keyed hash of its own, so that a chain
that lost its tail does not verify. A whole database put back to an earlier day verifies: that is for checkpoints kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, text

from gateway.domain.events import AuditEvent, EventKind
from gateway.domain.identifiers import AgencyId
from gateway.store.crypto import Vault
from gateway.store.tables import audit_events
from outbox.bulk import Blobs, Texts

Facts = dict[str, str | int | bool]
_START = bytes(32)
_PAGE = 5_000
_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder(Facts).decode

_HEAD = text("SELECT h.seq, h.hash, h.seal, (SELECT max(seq) FROM audit_events) AS last FROM audit_head h WHERE id = 1")
_TAKE_HEAD = text("SELECT seq, hash, seal FROM audit_head WHERE id = 1 FOR UPDATE")
_MAKE_HEAD = text("INSERT INTO audit_head (id, seq, hash, seal) VALUES (1, 0, :hash, :seal) ON CONFLICT DO NOTHING")
_APPEND = text("""
    WITH moved AS (UPDATE audit_head SET seq = :seq, hash = :last, seal = :seal WHERE id = 1)
    INSERT INTO audit_events (seq, at, kind, actor, about, agency_id, sealed, hash)
    SELECT :before + e.place, :at, e.kind, e.actor, e.about, e.agency_id, e.sealed, e.hash
    FROM unnest(CAST(:kind AS text[]), CAST(:actor AS text[]), CAST(:about AS text[]), CAST(:agency_id AS text[]),
                CAST(:sealed AS bytea[]), CAST(:hash AS bytea[]))
         WITH ORDINALITY AS e (kind, actor, about, agency_id, sealed, hash, place)
""")


@dataclass(frozen=True, slots=True)
class ChainReport:
    """``entries`` read; ``broken_at`` the first entry that does not fit (the next one expected, if the end is missing); "" = whole."""

    entries: int
    broken_at: int | None = None
    fault: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing was changed, removed, added or cut off."""
        return not self.fault


class SqlAudit:
    """The audit of one transaction."""

    def __init__(self, connection: Connection, vault: Vault, now: datetime) -> None:
        self._connection, self._vault, self._now = connection, vault, now
        self._waiting: list[AuditEvent] = []

    def record(self, *events: AuditEvent) -> None:
        """Takes events; ``flush`` writes them, at the latest at the end of the transaction."""
        self._waiting.extend(events)

    def about(self, thing: str) -> Sequence[tuple[datetime, AuditEvent]]:
        """Everything recorded about a thing, oldest first."""
        self.flush()
        found = select(audit_events).where(audit_events.c.about == thing).order_by(audit_events.c.seq)
        return [(row.at, _event(row, self._vault)) for row in self._connection.execute(found)]

    def flush(self) -> None:
        """Appends what waits, in one batch."""
        if self._waiting:
            events, self._waiting = self._waiting, []
            _append(self._connection, self._vault, self._now, events)


def read_chain(connection: Connection, vault: Vault, after: int = 0) -> Iterator[tuple[int, datetime, AuditEvent]]:
    """Every entry after a number, in order."""
    for row in _rows(connection, after):
        yield row.seq, row.at, _event(row, vault)


def verify(connection: Connection, vault: Vault) -> ChainReport:
    """Reads the whole chain up to its head. What is appended meanwhile lies behind that head and is left for the next time."""
    head = connection.execute(_HEAD).one_or_none()
    previous, count = _START, 0
    for row in _rows(connection, 0, until=head.seq if head else None):
        if row.seq != count + 1:
            return ChainReport(count, count + 1, "MISSING")
        previous = _link(vault, previous, _values(row))
        if previous != row.hash:
            return ChainReport(count, row.seq, "CHANGED")
        count = row.seq
    fault = _head_fault(vault, head, previous, count)
    return ChainReport(count, count + 1 if fault else None, fault)


def _head_fault(vault: Vault, head: Row[Any] | None, last: bytes, count: int) -> str:
    if head is None:
        return "HEAD_MISSING" if count else ""
    if _head_seal(vault, head.seq, head.hash) != head.seal:
        return "HEAD_CHANGED"
    if (head.seq, head.hash) != (count, last):
        return "CUT_OFF"
    return "ADDED" if (head.last or 0) > count else ""


def _append(connection: Connection, vault: Vault, now: datetime, events: Sequence[AuditEvent]) -> None:
    before, previous = _take_head(connection, vault)
    sealed, hashes = Blobs(), Blobs()
    for seq, event in enumerate(events, before + 1):
        sealed.append(vault.seal(_encode(event.facts), _context(seq)))
        previous = _link(vault, previous, (seq, now, event.kind.value, event.actor, event.about, event.agency_id, sealed[-1]))
        hashes.append(previous)
    columns = {
        "kind": Texts(event.kind.value for event in events),
        "actor": Texts(event.actor for event in events),
        "about": Texts(event.about for event in events),
        "agency_id": Texts(event.agency_id for event in events),
        "sealed": sealed,
        "hash": hashes,
    }
    seq = before + len(events)
    head = {"seq": seq, "last": previous, "seal": _head_seal(vault, seq, previous)}
    connection.execute(_APPEND, columns | head | {"before": before, "at": now})


def _take_head(connection: Connection, vault: Vault) -> tuple[int, bytes]:
    head = connection.execute(_TAKE_HEAD).one_or_none()
    if head is None:
        connection.execute(_MAKE_HEAD, {"hash": _START, "seal": _head_seal(vault, 0, _START)})
        head = connection.execute(_TAKE_HEAD).one()
    return head.seq, head.hash


def _rows(connection: Connection, after: int, until: int | None = None) -> Iterator[Row[Any]]:
    query = select(audit_events).order_by(audit_events.c.seq).limit(_PAGE)
    if until is not None:
        query = query.where(audit_events.c.seq <= until)
    while page := connection.execute(query.where(audit_events.c.seq > after)).all():
        yield from page
        after = page[-1].seq


def _values(row: Row[Any]) -> tuple[object, ...]:
    return row.seq, row.at, row.kind, row.actor, row.about, row.agency_id, row.sealed


def _link(vault: Vault, previous: bytes, values: tuple[object, ...]) -> bytes:
    return vault.chain(_encode((previous, *values)))


def _head_seal(vault: Vault, seq: int, last: bytes) -> bytes:
    return vault.chain(_encode(("head", seq, last)))


def _event(row: Row[Any], vault: Vault) -> AuditEvent:
    facts = _decode(vault.open(row.sealed, _context(row.seq)))
    agency = AgencyId(row.agency_id) if row.agency_id else None
    return AuditEvent(EventKind(row.kind), row.actor, row.about, agency, facts)


def _context(seq: int) -> bytes:
    return f"audit_events.sealed:{seq}".encode()
