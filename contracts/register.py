"""The register of outputs: what each record system shows, and to whom. The question is never "whose record?" but "who can see this?".

An output stands in the agreement as ``[[systems.<name>.shows]]``. Those that the gateway can look at (``at``) are looked at before and
after every alert, and each must hold what says that it is this record's (``holds``). Where others get an output that nobody can look at
from outside, the gateway writes no alert: people place it, unless they have looked for themselves (``proved = "by hand"``).
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


class Proof(StrEnum):
    """How it is known of an output that the gateway cannot look at that it shows no alert."""

    BY_HAND = "by hand"
    """People of the agency looked, and look again when the system is changed."""


RECORD = "{record_id}"


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a system. ``at`` is its address with ``{record_id}``; "" where the gateway cannot look at it. ``holds`` is the text
    that it holds for this record and for no sign-in page; ``proved`` says who made sure, where it is not the gateway."""

    system: SystemKey
    name: str
    to: Audience
    at: str = ""
    holds: str = RECORD
    proved: Proof | None = None


def read_outputs(system: SystemKey, table: Table) -> tuple[Output, ...]:
    """The outputs of one system, from its table in the agreement."""
    outputs = []
    for entry in table.tables("shows"):
        to = entry.one_of("to", Audience)
        name = entry.text("name", says="name the output, as the agency's people call it")
        at = entry.text("at", r"/[^\s,?#]*\{record_id\}[^\s,?#]*", "write the path, with {record_id} where the record's number goes", "")
        holds = entry.text("holds", r"[^\s].{2,}", "write a text that the output holds for this record only, such as {record_id}", RECORD)
        proved = entry.one_of("proved", Proof) if "proved" in entry.content else None
        entry.close()
        outputs.append(Output(system, name, to or Audience.SUBJECT, at, holds, proved))
    return tuple(outputs)


def looked_at(outputs: Sequence[Output]) -> Mapping[str, str]:
    """The outputs to look at from outside, as options of the connector (``subject_view_00``, ``subject_holds_00`` ...)."""
    seen = [output for output in outputs if output.at and output.to is not Audience.STAFF]
    addresses = {f"subject_view_{place:02d}": output.at for place, output in enumerate(seen)}
    controls = {f"subject_holds_{place:02d}": output.holds for place, output in enumerate(seen) if output.holds != RECORD}
    return addresses | controls


def unseen(outputs: Sequence[Output]) -> Sequence[Output]:
    """Outputs that others than staff get, the gateway cannot look at, and nobody else made sure of."""
    return [output for output in outputs if not output.at and not output.proved and output.to is not Audience.STAFF]
