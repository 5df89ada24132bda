"""Periodic work by due times in the database: a job's effects and its next due time are one transaction.

So two sweeps at once do it once, a killed one leaves it due, and nothing is held in a scheduler's memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

from gateway.bootstrap import Gateway
from gateway.services import actions, flagging, probing, proving, reconcile
from gateway.store import sessions
from gateway.store.unit_of_work import SqlWork
from gateway.telemetry import know, log

_log = log("gateway.worker")

RETRY_AFTER = timedelta(seconds=30)
SESSIONS_KEPT = timedelta(hours=8)
"""After the last sign of life; longer than any session may last."""
ANSWERS_KEPT = timedelta(days=7)
"""How long a request sent twice is recognised by its Idempotency-Key."""

_KNOW = text("INSERT INTO jobs (name, due_at) VALUES (:name, now()) ON CONFLICT DO NOTHING")
_TAKE = text("""
    UPDATE jobs SET due_at = now() + :every, done_at = now()
    WHERE name = (SELECT name FROM jobs WHERE name = :name AND due_at <= now() AND NOT paused FOR UPDATE SKIP LOCKED)
    RETURNING name
""")
_LAST = text("SELECT done_at FROM jobs WHERE name = :name")
_PUT_OFF = text("UPDATE jobs SET due_at = now() + :later WHERE name = :name")


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` does the work in the given transaction and returns how many things it began."""

    name: str
    every: timedelta
    run: Callable[[SqlWork], int]


def jobs_of(gateway: Gateway) -> tuple[Job, ...]:
    """The periodic work of this gateway. Business dates are reckoned by the use cases; here is only how often to look."""
    return (
        Job("polls", gateway.settings.poll_every, actions.start_polls),
        Job("expired-alerts", timedelta(hours=6), flagging.end_expired),
        Job("reconciliation", timedelta(hours=24), reconcile.start),
        Job("proofs", timedelta(hours=24), lambda work: _watch_proofs(gateway, work)),
        Job("forgetting", timedelta(hours=1), _forget),
    )


def _watch_proofs(gateway: Gateway, work: SqlWork) -> int:
    """Asks every system that is written to for its release, and tells whoever must probe again."""
    for agreement in gateway.agreements.all():
        for system in filter(proving.is_written_to, agreement.systems):
            probing.tell_release(work, system.key, gateway.prober.release(system))
    return probing.watch(work)


def _forget(work: SqlWork) -> int:
    """Removes sign-ins that are over and answers that nobody will ask for again."""
    return sessions.purge(work.connection, work.now() - SESSIONS_KEPT) + work.answers.purge(work.now() - ANSWERS_KEPT)


def learn(engine: Engine, names: Sequence[str]) -> None:
    """Makes sure that the database knows work of these names; new work is due at once."""
    with engine.begin() as connection:
        connection.execute(_KNOW, [{"name": name} for name in names])


def take(connection: Connection, name: str, every: timedelta) -> bool:
    """Whether the work of this name is due and is now ours; its next due time is set in the same transaction."""
    return connection.execute(_TAKE, {"name": name, "every": every}).first() is not None


def last_done(engine: Engine, name: str) -> datetime | None:
    """When the work of this name was done last; None if it never was."""
    with engine.connect() as connection:
        found: datetime | None = connection.execute(_LAST, {"name": name}).scalar()
    return found


def run_due(gateway: Gateway, jobs: tuple[Job, ...]) -> Mapping[str, int]:
    """Does what is due. A job that fails is put off, told, and does not keep the others from running."""
    names = [job.name for job in jobs]
    know(names)
    learn(gateway.engine, names)
    done: dict[str, int] = {}
    for job in jobs:
        try:
            with gateway.transaction() as work:
                if take(work.connection, job.name, job.every):
                    done[job.name] = job.run(work)
        except Exception:  # noqa: BLE001  whatever ails one job, the next must run; the log says class, code and place
            _log.error("a periodic job failed", job=job.name, exc_info=True)
            with gateway.engine.begin() as connection:
                connection.execute(_PUT_OFF, {"name": job.name, "later": min(RETRY_AFTER, job.every)})
    return done
