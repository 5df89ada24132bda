"""The connector to a FHIR R4 (4.0.1) record system: look-ups, alerts and work items, over HTTP with OAuth."""

from __future__ import annotations

from adapters.connectors import Connector, Destination, Incapable, Reply
from adapters.egress import Egress
from adapters.faults import Permanent
from adapters.health.fhir_flags import Flags
from adapters.health.fhir_lookups import Lookups
from adapters.health.fhir_server import FhirServer
from adapters.health.fhir_tasks import WorkItems
from adapters.http import AiohttpWire, HttpSystem, Wire
from adapters.oauth import authority_of
from adapters.subject_side import SubjectSide
from adapters.tls import context_of
from gateway.domain.agreements import Capability
from gateway.domain.error_codes import Code
from gateway.domain.lookup import Answer
from gateway.domain.receipts import FlagReport, PollReport, WorkItemReport
from gateway.domain.releases import ActionRelease, FlagCheckRelease, FlagRelease, FlagRemovalRelease, LookupRelease, PollRelease
from mappings.fhir_r4.profile import Profile


def connect(destination: Destination, wire: Wire | None = None) -> Connector:
    """The connector of one lane. ``wire`` stands in for the network in tests of rare faults."""
    return FhirConnector(destination, wire or AiohttpWire(context_of(destination.credentials)))


class FhirConnector(Incapable):
    """What the agreement's capabilities name, and nothing else."""

    def __init__(self, destination: Destination, wire: Wire) -> None:
        self._system = HttpSystem(destination.endpoint, destination.system.limits, wire, egress=Egress.of(destination.system))
        self._system.authority = authority_of(destination, self._system, usual_path="/oauth/token")
        self._capabilities = destination.system.capabilities
        profile, server = Profile.of(destination.system), FhirServer(self._system)
        conditional = Capability.CONDITIONAL_CREATE in self._capabilities
        self._lookups = Lookups(server, profile)
        self._flags = Flags(server, profile, SubjectSide(destination.system.options), conditional=conditional)
        self._work_items = WorkItems(server, profile, conditional=conditional)

    async def look_up(self, release: LookupRelease, unsure: bool) -> Reply[Answer]:
        """By $match where offered, else by search. A look-up has no effect, so ``unsure`` changes nothing."""
        self._need(Capability.SEARCH, Capability.MATCH)
        return await self._lookups.look_up(release)

    async def place_flag(self, release: FlagRelease, unsure: bool) -> Reply[FlagReport]:
        """Only where the server can hide it and lets us look from the subject's side."""
        self._need(Capability.HIDDEN_FLAG)
        self._need(Capability.SUBJECT_VIEW)
        return await self._flags.place(release, unsure)

    async def check_flag(self, release: FlagCheckRelease, unsure: bool) -> Reply[FlagReport]:
        """Reads it again and looks at the subject's views."""
        return await self._flags.check(release)

    async def end_flag(self, release: FlagRemovalRelease, unsure: bool) -> Reply[FlagReport]:
        """Ends ours; always looks first."""
        return await self._flags.end(release)

    async def send_action(self, release: ActionRelease, unsure: bool) -> Reply[WorkItemReport]:
        """As a Task in nobody's compartment."""
        self._need(Capability.WORK_ITEMS)
        return await self._work_items.send(release, unsure)

    async def poll_actions(self, release: PollRelease, unsure: bool) -> Reply[PollReport]:
        """What became of our Tasks."""
        self._need(Capability.WORK_ITEM_POLL, Capability.WORK_ITEMS)
        return await self._work_items.poll(release)

    async def close(self) -> None:
        """Closes the connections."""
        await self._system.close()

    def _need(self, *any_of: Capability) -> None:
        if not self._capabilities & set(any_of):
            raise Permanent(Code.KIND_NOT_SUPPORTED)
