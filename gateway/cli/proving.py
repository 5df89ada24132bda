"""``marac-gateway agency probe | proofs | sign`` and ``marac-gateway writing``: is it proved that alerts stay hidden, and the stop switch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.agency import app as agency
from gateway.cli.output import out, print_facts, print_rows
from gateway.cli.session import As, Incomplete, Json, actor_named, opened, read_bytes, telling
from gateway.domain.errors import Code, Conflict
from gateway.domain.identifiers import AgencyId, SystemKey
from gateway.domain.proofs import EVERYWHERE, Proof
from gateway.domain.register import Output
from gateway.services import probing, proving, record_changes, stopping
from gateway.services.probing import SystemProof

writing = typer.Typer(help="The stop switch: one person stops writing, two restart it.", no_args_is_help=True)
System = Annotated[str, typer.Argument(help="The system: <agency>/<system>.")]


@agency.command("probe")
@telling
def probe(agency_id: Annotated[str, typer.Argument(metavar="AGENCY", help="The agency, by its id.")], user: As, as_json: Json = False) -> None:
    """Prove that alerts stay hidden at each of an agency's systems that is written to: on its test people, output by output, before an
    alert, while it stands, and after it was removed. Exit 1 unless every system is proven; one that fails is stopped at once."""
    with opened() as gateway:
        actor = actor_named(gateway, user)
        systems = _written_to(gateway.agreements.of(AgencyId(agency_id)))
        proofs = [gateway.prober.probe(actor, key) for key in systems]
        with gateway.transaction() as work:
            shown = [found for found in probing.overview(work, actor) if found.system.key in systems]
    print_rows([_row(found) for found in shown], as_json=as_json, title="Proof")
    if not as_json:
        print_rows(_failures(shown), as_json=False, title="What others than staff could tell", empty="Nothing that others than staff get changed.")
    if not all(proof.state.lets_write for proof in proofs):
        raise Incomplete


def _written_to(agreement: object) -> list[SystemKey]:
    """Raises ``Conflict(LOOKUP_ONLY)`` where the gateway writes nothing."""
    systems = [system.key for system in getattr(agreement, "systems", ()) if proving.is_written_to(system)]
    if not systems:
        raise Conflict(Code.LOOKUP_ONLY)
    return systems


@agency.command("proofs")
@telling
def proofs(user: As, as_json: Json = False) -> None:
    """Every system: is it proven, until when, what waits for a signature, is it stopped."""
    with opened() as gateway, gateway.transaction() as work:
        shown = probing.overview(work, actor_named(gateway, user))
    print_rows([_row(found) for found in shown], as_json=as_json, title="Proofs", empty="No system.")


@agency.command("sign")
@telling
def sign(
    system: System, output: Annotated[Output, typer.Argument(help="The output that you looked at.")], user: As, as_json: Json = False
) -> None:
    """Sign that you looked at an output that only people can look at, with an alert and without it, and that it shows no alert. A second
    person signs too; both end after thirty days, or with another release of the system."""
    with opened() as gateway, gateway.transaction() as work:
        check = probing.sign(work, actor_named(gateway, user), SystemKey(system), output)
    facts = {"system": check.system, "output": check.output, "signed_by": check.signed_by, "second": check.second_by or "waits for another person", "until": check.expires_on}
    print_facts(facts, as_json=as_json)


@agency.command("merges")
@telling
def merges(
    system: System, file: Annotated[Path, typer.Argument(help="HL7 v2 messages (A40, A24, A37 and their like), one after another; - for standard input.")],
    user: As, as_json: Json = False,
) -> None:  # fmt: skip
    """Take an agency's word that records were merged or taken apart: alerts on any of them are frozen, and its people have a task. Nothing
    is moved. Exit 1 where a message could not be read."""
    with opened() as gateway:
        records, unreadable = gateway.read_merges(read_bytes(file))
        with gateway.transaction() as work:
            frozen = record_changes.take_merge(work, actor_named(gateway, user), SystemKey(system), records)
    print_facts({"records": len(records), "alerts_frozen": frozen, "unreadable_messages": unreadable}, as_json=as_json)
    if unreadable:
        raise Incomplete


@writing.command("stop")
@telling
def stop(user: As, system: Annotated[str, typer.Argument(help="<agency>/<system>; all of them where none is named.")] = EVERYWHERE) -> None:
    """Stop writing to one system, or to all, at once. People are still looked up; what stands can still be taken away; nothing is lost."""
    with opened() as gateway, gateway.transaction() as work:
        stopping.stop(work, actor_named(gateway, user), SystemKey(system))
    out.print("Stopped. Two people restart it: each runs  writing restart.")


@writing.command("restart")
@telling
def restart(user: As, system: Annotated[str, typer.Argument(help="As it was stopped.")] = EVERYWHERE) -> None:
    """Ask for the restart, or confirm what another person asked for. Exit 1 while it still waits for that other person."""
    with opened() as gateway, gateway.transaction() as work:
        waits = stopping.restart(work, actor_named(gateway, user), SystemKey(system))
    if waits is not None:
        out.print("Asked for. Nothing is written until another person confirms it.")
        raise Incomplete
    out.print("Writing goes on.")


@writing.command("stops")
@telling
def stops(user: As, as_json: Json = False) -> None:
    """What is stopped now, by whom and why. Exit 1 if anything is."""
    with opened() as gateway, gateway.transaction() as work:
        found = stopping.in_force(work, actor_named(gateway, user))
    rows = [
        {"system": "all" if s.system == EVERYWHERE else s.system, "why": s.reason, "stopped_by": s.stopped_by, "since": s.stopped_at, "restart_asked_by": s.restart_by or ""}
        for s in found
    ]  # fmt: skip
    print_rows(rows, as_json=as_json, title="Stopped", empty="Nothing is stopped.")
    if found:
        raise Incomplete


def _row(found: SystemProof) -> dict[str, object]:
    return {
        "system": found.system.key,
        "state": _state(found.proof) if found.written_to else "look-up only",
        "until": found.proof.until or "",
        "lacks": ", ".join(found.proof.lacks) if found.written_to else "",
        "to_sign": ", ".join(found.proof.to_sign) if found.written_to else "",
        "looked_at": len(found.probe.observations) if found.probe else 0,
        "stopped": found.stop.reason if found.stop else "",
    }


def _state(proof: Proof) -> str:
    return proof.state.value.replace("_", " ")


def _failures(shown: Iterable[SystemProof]) -> list[dict[str, object]]:
    return [
        {"system": found.system.key, "output": one.output, "test_person": one.canary, "found": one.seen, "code": one.code}
        for found in shown
        if found.probe
        for one in found.probe.failures
    ]
