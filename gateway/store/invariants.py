"""Queries that must return nothing. Whatever they find is a fault of ours, or work that nobody would otherwise notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Invariant:
    """``sentence`` says what always holds; ``query`` finds the opaque ids of what breaks it."""

    name: str
    sentence: str
    query: str


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken invariant, with the ids of up to a hundred things that break it."""

    invariant: Invariant
    count: int
    things: tuple[str, ...]


# The queries are put together from constants of this module alone.
_MESSAGE_WAITS = "EXISTS (SELECT FROM outbox_messages m WHERE m.about = CAST(x.id AS text) AND m.state IN ('pending', 'dead'))"
_TASK_OPEN = "EXISTS (SELECT FROM person_tasks t WHERE t.about = CAST(x.id AS text) AND t.closed_at IS NULL)"

INVARIANTS = (
    Invariant(
        "MESSAGE_OVERDUE",
        "No message has been due for over an hour, unless its lane is paused.",
        """SELECT x.id FROM outbox_messages x WHERE x.state = 'pending' AND x.due_at < now() - interval '1 hour'
           AND NOT EXISTS (SELECT FROM outbox_pauses p WHERE p.lane IN (x.lane, '*'))""",
    ),
    Invariant(
        "MESSAGE_PAST_ITS_TIME",
        "No message waits an hour after the time from which it may not leave.",
        "SELECT x.id FROM outbox_messages x WHERE x.state = 'pending' AND x.not_after < now() - interval '1 hour'",
    ),
    Invariant(
        "PERSON_WITHOUT_STATE",
        "Every person of a current list has a state at one agency at least.",
        """SELECT x.id FROM subjects x WHERE x.withdrawn_at IS NULL AND NOT EXISTS (SELECT FROM lookups l WHERE l.subject_id = x.id)""",
    ),
    Invariant(
        "QUESTION_FORGOTTEN",
        "A look-up that awaits its answer has a message under way, or one that waits for a person.",
        f"SELECT x.id FROM lookups x WHERE x.reason IN ('AWAITED', 'ASKED_AGAIN') AND NOT {_MESSAGE_WAITS}",  # noqa: S608
    ),
    Invariant(
        "FLAG_FORGOTTEN",
        "An alert on its way has a message under way, or a task for a person.",
        f"""SELECT x.id FROM flags x WHERE x.state IN ('approved', 'placing', 'withdrawing', 'ending', 'unsure', 'with_representative')
            AND NOT {_MESSAGE_WAITS} AND NOT {_TASK_OPEN}""",  # noqa: S608
    ),
    Invariant(
        "FLAG_WITHOUT_SECOND_PERSON",
        "No alert left its proposal without the approval of another person.",
        "SELECT x.id FROM flags x WHERE x.state NOT IN ('proposed', 'refused') AND x.approver_key IS NULL",
    ),
    Invariant(
        "REVIEW_FORGOTTEN",
        "An alert past its review date has a task for a person, or is being ended.",
        f"SELECT x.id FROM flags x WHERE x.state IN ('placed', 'recorded') AND x.review_on < current_date AND NOT {_TASK_OPEN}",  # noqa: S608
    ),
    Invariant(
        "ACTION_FORGOTTEN",
        "An action on its way to an agency has a message under way, or a task for a person.",
        f"SELECT x.id FROM actions x WHERE x.state IN ('assigned', 'sending') AND NOT {_MESSAGE_WAITS} AND NOT {_TASK_OPEN}",  # noqa: S608
    ),
    Invariant(
        "SENT_WITHOUT_AUDIT",
        "No message about a thing without an audit event about it.",
        """SELECT x.id FROM outbox_messages x WHERE x.about <> ''
           AND NOT EXISTS (SELECT FROM audit_events a WHERE a.about = x.about)""",
    ),
    Invariant(
        "DELIVERED_WITHOUT_ATTEMPT",
        "No message is delivered without an attempt that says so.",
        """SELECT x.id FROM outbox_messages x WHERE x.state = 'delivered'
           AND NOT EXISTS (SELECT FROM outbox_attempts a WHERE a.message_id = x.id AND a.outcome = 'delivered')""",
    ),
    Invariant(
        "AUDIT_INCOMPLETE",
        "The audit has as many entries as its head says.",
        "SELECT h.seq AS id FROM audit_head h WHERE h.seq <> (SELECT count(*) FROM audit_events)",
    ),
)


def breaches(connection: Connection) -> Sequence[Breach]:
    """Every broken invariant; empty when all hold."""
    found = [(invariant, _things(connection, invariant)) for invariant in INVARIANTS]
    return [Breach(invariant, len(things), tuple(things[:100])) for invariant, things in found if things]


def _things(connection: Connection, invariant: Invariant) -> list[str]:
    return [str(thing) for thing in connection.execute(text(invariant.query)).scalars()]
