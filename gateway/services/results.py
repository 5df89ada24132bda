"""Results of deliveries, handed by the relay to the use case that asked: this is what bootstrap plugs in as the outbox's handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from gateway.domain.releases import MessageKind
from gateway.services import actions, flag_reports, lookups
from gateway.services.arrivals import Arrived, Reply
from gateway.services.ports import Work

__all__ = ["Arrived", "Reply", "handle"]

_ONE_BY_ONE: Mapping[MessageKind, Callable[[Work, Arrived], None]] = MappingProxyType(
    {
        MessageKind.FLAG_PLACE: flag_reports.record_report,
        MessageKind.FLAG_CHECK: flag_reports.record_report,
        MessageKind.FLAG_END: flag_reports.record_report,
        MessageKind.ACTION_SEND: actions.record_work_item,
        MessageKind.ACTION_POLL: actions.record_poll,
        MessageKind.COMPLETION_TELL: actions.record_told,
    }
)


def handle(work: Work, arrived: Sequence[Arrived]) -> None:
    """Record results, in the transaction that marks their messages. Late, repeated and disordered ones do no harm."""
    answers = [a for a in arrived if a.kind is MessageKind.LOOKUP]
    if answers:
        lookups.record_answers(work, answers)
    for one in arrived:
        if one.kind is not MessageKind.LOOKUP:
            _ONE_BY_ONE[one.kind](work, one)
