"""From an agreement to a transport: the connector of each kind of system, and what the relay sees of it."""

from __future__ import annotations

import importlib
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import partial
from pathlib import PurePath
from typing import Any, cast

from adapters import brake
from adapters.brake import Stopped
from adapters.connectors import Connector, Destination, Reply
from adapters.egress import REFUSALS
from adapters.faults import Fault, Held, Permanent, Transient, Unsure
from adapters.neutral import check_identity
from gateway.domain.agreements import RecordSystem, SystemKind
from gateway.domain.error_codes import Code
from gateway.domain.errors import GatewayError
from gateway.domain.identifiers import AgencyId
from gateway.domain.releases import MessageKind, Release
from gateway.policy.disclosure import withheld_by
from gateway.services.arrivals import Reply as Report
from gateway.services.arrivals import Returned
from gateway.services.ports import AgreementBook
from gateway.services.stopping import STOPPED_KINDS
from mappings.envelopes import open_release
from outbox.messages import Delivery, Message, Outcome
from outbox.transport import Transport

CONNECTORS: Mapping[SystemKind, str] = {
    SystemKind.FHIR_R4: "adapters.health.fhir",
    SystemKind.HL7V2: "adapters.health.hl7v2",
    SystemKind.POLICE: "adapters.police",
    SystemKind.HOUSING: "adapters.housing",
    SystemKind.CASE_SYSTEM: "adapters.case_system",
}
"""The module of each kind; it offers ``connect(destination) -> Connector``. Loaded when a lane of its kind is first opened."""

_METHODS: Mapping[MessageKind, str] = {
    MessageKind.LOOKUP: "look_up",
    MessageKind.FLAG_PLACE: "place_flag",
    MessageKind.FLAG_CHECK: "check_flag",
    MessageKind.FLAG_END: "end_flag",
    MessageKind.ACTION_SEND: "send_action",
    MessageKind.ACTION_POLL: "poll_actions",
    MessageKind.COMPLETION_TELL: "tell_completion",
}
_LOOKING_AFTER = frozenset({MessageKind.FLAG_CHECK, MessageKind.FLAG_END})
_WRITES = frozenset({MessageKind.FLAG_PLACE, MessageKind.FLAG_END, MessageKind.ACTION_SEND, MessageKind.COMPLETION_TELL})

_log = logging.getLogger("adapters")

Gate = Callable[[MessageKind, Release], Code | None]
"""Asked once more before anything leaves: the reason why it may not, if there is one."""

Resolve = Callable[[str], str]
"""``resolve("env:NAME")`` gives the value that a reference stands for; raises ``LookupError`` when there is none."""


Connect = Callable[[Destination], Connector]
"""Makes the connector of a destination (``connector_for``); runs that must be repeatable give their own way to the agency."""


def connector_for(destination: Destination) -> Connector:
    """The connector of a destination, by the kind of its system."""
    module = importlib.import_module(CONNECTORS[destination.system.kind])
    return cast(Connector, module.connect(destination))


class AgencyTransport:
    """One lane: opens the release, lets the connector do it, gives back what came. Faults become outcomes."""

    def __init__(self, connector: Connector, gate: Gate, stopped: Stopped | None = None) -> None:
        self._connector = connector
        self._gate = gate
        self._stopped = stopped

    async def deliver(self, message: Message) -> Delivery:
        """Never raises for a fault of the destination, nor for one of the connector."""
        try:
            return await self._exchange(message)
        except Transient as fault:
            return Delivery(Outcome.RETRY, reason=fault.reason, retry_after_s=fault.retry_after_s, digest=fault.digest)
        except Unsure as fault:
            return Delivery(Outcome.UNSURE, reason=fault.reason, digest=fault.digest)
        except Held as fault:
            return Delivery(Outcome.HELD, reason=fault.reason)
        except Fault as fault:
            if fault.reason in REFUSALS:
                _log.error("the gate stopped a message: %s for %s", fault.reason, message.lane)
            return Delivery(Outcome.REFUSED, reason=fault.reason, digest=fault.digest)
        except GatewayError as error:
            return Delivery(Outcome.REFUSED, reason=error.code)
        except Exception as error:  # noqa: BLE001  one message must not end the lane for all others; the code says so, the log where
            _log.error("connector failed: %s", _place_of(error))
            outcome = Outcome.UNSURE if message.kind in _WRITES else Outcome.RETRY
            return Delivery(outcome, reason=Code.CONNECTOR_FAILED)

    async def _exchange(self, message: Message) -> Delivery:
        if message.kind not in _METHODS:
            raise Permanent(Code.KIND_NOT_SUPPORTED)
        kind, release = MessageKind(message.kind), open_release(message.body)
        if release.system != message.lane:
            raise Permanent(Code.ENVELOPE_UNREADABLE)
        if withheld := self._gate(kind, release):
            raise Permanent(withheld)
        method: Callable[[Release, bool], Any] = getattr(self._connector, _METHODS[kind])
        with brake.applied(self._stopped if kind in STOPPED_KINDS else None):
            reply = cast("Reply[Report]", await method(release, message.unsure))
        return Delivery(Outcome.DELIVERED, Returned(release, reply.value), digest=reply.digest)

    async def close(self) -> None:
        """Closes the connector and its connections."""
        await self._connector.close()


class Withholding:
    """The transport of a lane that may not be used: refuses everything with one code (or asks to be tried again)."""

    def __init__(self, reason: Code, outcome: Outcome = Outcome.REFUSED) -> None:
        self._delivery = Delivery(outcome, reason=reason)

    async def deliver(self, message: Message) -> Delivery:
        """Nothing leaves."""
        return self._delivery

    async def close(self) -> None:
        """Nothing to close."""


class Registry:
    """Gives the relay the transport of a lane, under the agreement in force at that moment."""

    def __init__(
        self, agreements: AgreementBook, resolve: Resolve, today: Callable[[], date], connect: Connect = connector_for,
        stopped: Callable[[str], Awaitable[bool]] | None = None,
    ) -> None:
        """``stopped`` tells of a lane whether writing to it is stopped at this moment."""
        self._connect = connect
        self._stopped = stopped
        self._agreements = agreements
        self._resolve = resolve
        self._today = today
        self._tokens: dict[str, dict[str, Any]] = {}

    def open(self, lane: str) -> Transport:
        """A transport for one run of the relay. Without an agreement, or without the secrets, one that sends nothing."""
        try:
            return AgencyTransport(self._connect(self.destination(lane)), self.withheld, partial(self._stopped, lane) if self._stopped else None)
        except Permanent as fault:
            return Withholding(fault.reason)
        except Transient as fault:
            return Withholding(fault.reason, Outcome.RETRY)

    def load_connectors(self) -> None:
        """Loads the module of every kind of system that the agreements have."""
        for kind in sorted({system.kind for agreement in self._agreements.all() for system in agreement.systems}):
            importlib.import_module(CONNECTORS[kind])

    def concurrency(self, lane: str) -> int:
        """How many messages of the lane may be under way; 1 where no agreement says."""
        system = self._system(lane)
        return max(1, system.limits.concurrency) if system else 1

    def withheld(self, kind: MessageKind, release: Release) -> Code | None:
        """Whether the agreement, as it is now, still lets this leave. What stands on a record may be looked after, and taken away,
        for as long as the agency has an agreement at all."""
        agreement = self._agreements.of(release.agency_id)
        if agreement is not None and kind in _LOOKING_AFTER:
            return None
        return withheld_by(agreement, release.purpose, self._today())

    def _system(self, lane: str) -> RecordSystem | None:
        agreement = self._agreements.of(AgencyId(lane.partition("/")[0]))
        return next((s for s in agreement.systems if s.key == lane), None) if agreement else None

    def destination(self, lane: str) -> Destination:
        """The record system with its references resolved. Raises ``Permanent`` or ``Transient`` where that is not possible."""
        system = self._system(lane)
        if system is None:
            raise Permanent(Code.AGREEMENT_MISSING)
        try:
            credentials = {name: self._resolve(reference) for name, reference in system.credentials.items()}
            check_identity(credentials)
            return Destination(system, self._resolve(system.endpoint), credentials, self._tokens.setdefault(lane, {}))
        except LookupError:
            raise Transient(Code.CREDENTIALS_MISSING) from None


def _place_of(error: BaseException) -> str:
    """Kind and place of an error, without its message, which may quote a value."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {PurePath(frame.filename).name}:{frame.lineno}"
