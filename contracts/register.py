"""The register of outputs: what each record system shows, and to whom. The question is never "whose record?" but "who can see this?".

An output stands in the agreement as ``[[systems.<name>.shows]]``. Those that the gateway can look at (``at``) are looked at before and
after every alert; those that it cannot are listed so that people know of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts.tables import Table
from gateway.domain.identifiers import SystemKey


class Audience(StrEnum):
    """Who looks at an output. All but ``STAFF`` count as seen by the perpetrator: a coercive partner looks over the shoulder."""

    SUBJECT = "subject"
    PROXY = "proxy"
    HOUSEHOLD = "household"
    JOINT_TENANT = "joint_tenant"
    SUBSCRIBER = "subscriber"
    """Another organisation or application that gets copies: a feed, an export, a transfer."""
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a system. ``at`` is its address with ``{record_id}``; "" where the gateway cannot look at it."""

    system: SystemKey
    name: str
    to: Audience
    at: str = ""


def read_outputs(system: SystemKey, table: Table) -> tuple[Output, ...]:
    """The outputs of one system, from its table in the agreement."""
    outputs = []
    for entry in table.tables("shows"):
        to = entry.one_of("to", Audience)
        name = entry.text("name", says="name the output, as the agency's people call it")
        at = entry.text("at", r"/[^\s,?#]*\{record_id\}[^\s,?#]*", "write the path, with {record_id} where the record's number goes", "")
        entry.close()
        outputs.append(Output(system, name, to or Audience.SUBJECT, at))
    return tuple(outputs)


def looked_at(outputs: Sequence[Output]) -> Mapping[str, str]:
    """The outputs to look at from outside, as options of the connector (``subject_view_00`` ...)."""
    addresses = [output.at for output in outputs if output.at and output.to is not Audience.STAFF]
    return {f"subject_view_{place:02d}": address for place, address in enumerate(addresses)}


def unseen(outputs: Sequence[Output]) -> Sequence[Output]:
    """Outputs that others than staff get and the gateway cannot look at."""
    return [output for output in outputs if not output.at and output.to is not Audience.STAFF]


